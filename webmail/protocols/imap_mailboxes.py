"""The half of an IMAP session which deals with mailboxes."""

from collections.abc import Callable
from typing import Self

from webmail.protocols.arguments import check_mailbox_name
from webmail.protocols.errors import CommandRefusedError, ProtocolError
from webmail.protocols.imap_connection import ImapConnection
from webmail.protocols.imap_replies import (
    decode_name,
    encode_name,
    listed,
    number,
    quoted,
    status_items,
)
from webmail.protocols.roles import Listed, assign_roles
from webmail.protocols.types import Credentials, Endpoint, MailboxInfo, MailboxStatus

_UNSELECTABLE = frozenset({"\\noselect", "\\nonexistent"})


class MailboxCommands:
    """A signed-in IMAP session; `with` leaves it by LOGOUT.

    Every method may raise any `MailServerError`. After `UnreachableError` or `TlsError` the
    session is closed, after the others it may go on while `is_open`.
    """

    def __init__(self, connection: ImapConnection) -> None:
        self._connection = connection
        self.capabilities: frozenset[str] = connection.capabilities
        """In upper case, as they are after the sign-in."""
        self._raw_names: dict[str, bytes] = {}
        self._exists = 0
        self._is_readonly = False

    @classmethod
    def open(cls, endpoint: Endpoint, credentials: Credentials) -> Self:
        """Connect and sign in.

        Raises `UnreachableError`, `TlsError`, `AuthenticationError`, `CapabilityError`,
        `ThrottledError`, `ProtocolError`, `InvalidArgumentError`.
        """
        return cls(ImapConnection(endpoint, credentials))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def is_open(self) -> bool:
        return self._connection.is_open

    def on_traffic(self, action: Callable[[], None]) -> None:
        """Call `action` while octets come or go; what it raises ends the connection."""
        self._connection.on_traffic(action)

    def list_mailboxes(self) -> list[MailboxInfo]:
        """All mailboxes with their roles; LIST asks for special uses where it can (RFC 6154)."""
        arguments = [b'""', b'"*"']
        if {"SPECIAL-USE", "LIST-EXTENDED"} <= self.capabilities:
            arguments += [b"RETURN", b"(SPECIAL-USE)"]
        found: dict[str, Listed] = {}
        for flags, delimiter, raw in listed(self._connection.run("LIST", *arguments)):
            name = decode_name(raw)
            if encode_name(name) != raw:
                self._raw_names[name] = raw
            if name not in found:
                found[name] = Listed(name, delimiter, flags)
        roles = assign_roles(list(found.values()))
        return [
            MailboxInfo(
                name=box.name,
                delimiter=box.delimiter,
                flags=box.flags,
                role=roles.get(box.name, ""),
                is_selectable=not box.flags & _UNSELECTABLE,
            )
            for box in found.values()
        ]

    def status(self, name: str) -> MailboxStatus:
        """STATUS without selecting; `unseen` is the number of unread messages."""
        wanted = b"MESSAGES UIDNEXT UIDVALIDITY UNSEEN"
        if self._keeps_mod_sequences:
            wanted += b" HIGHESTMODSEQ"
        items = status_items(
            self._connection.run("STATUS", self._wire_name(name), b"(" + wanted + b")")
        )
        return MailboxStatus(
            name=name,
            uid_validity=items.get("UIDVALIDITY", 0),
            uid_next=items.get("UIDNEXT", 0),
            exists=items.get("MESSAGES", 0),
            unseen=items.get("UNSEEN"),
            highest_mod_seq=items.get("HIGHESTMODSEQ") or None,
        )

    def select(self, name: str, readonly: bool = False) -> MailboxStatus:
        """SELECT, or EXAMINE when `readonly`; `unseen` is None here.

        A server which grants reading only is taken at its word: writing then fails with
        `CommandRefusedError` (read_only).
        """
        connection = self._connection
        target = self._wire_name(name)
        for said in ("EXISTS", "UIDVALIDITY", "UIDNEXT", "HIGHESTMODSEQ", "READ-ONLY"):
            connection.take(said)
        # imaplib takes a change to read-only for a lost connection unless it was wished for.
        connection.enter("AUTH", is_readonly=True)
        parameters = [b"(CONDSTORE)"] if self._keeps_mod_sequences else []
        connection.run("EXAMINE" if readonly else "SELECT", target, *parameters)
        connection.enter("SELECTED", is_readonly=True)
        exists = number(connection.seen("EXISTS"))
        if exists is None:
            raise ProtocolError("The server did not say how many messages the folder holds")
        self._exists = exists
        self._is_readonly = readonly or bool(connection.seen("READ-ONLY"))
        return MailboxStatus(
            name=name,
            uid_validity=number(connection.seen("UIDVALIDITY")) or 0,
            uid_next=number(connection.seen("UIDNEXT")) or 0,
            exists=exists,
            unseen=None,
            highest_mod_seq=number(connection.seen("HIGHESTMODSEQ")) or None,
        )

    def create(self, name: str) -> None:
        """Raises `CommandRefusedError` (mailbox_exists, permission_denied)."""
        self._connection.run("CREATE", self._wire_name(name))

    def rename(self, old: str, new: str) -> None:
        self._connection.run("RENAME", self._wire_name(old), self._wire_name(new))
        self._raw_names.pop(old, None)

    def delete(self, name: str) -> None:
        """Raises `MailboxMissingError`."""
        self._connection.run("DELETE", self._wire_name(name))
        self._raw_names.pop(name, None)

    def close(self) -> None:
        self._connection.close()

    def _check_writable(self) -> None:
        # Dovecot answers OK to a STORE in a read-only mailbox, and does nothing.
        if self._is_readonly:
            raise CommandRefusedError("The folder can only be read", code="read_only")

    @property
    def _keeps_mod_sequences(self) -> bool:
        return bool({"CONDSTORE", "QRESYNC"} & self.capabilities)

    def _wire_name(self, name: str) -> bytes:
        check_mailbox_name(name)
        return quoted(self._raw_names.get(name) or encode_name(name))
