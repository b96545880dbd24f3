"""`ImapSession`: one signed-in IMAP connection (RFC 3501, RFC 9051).

Nothing is assumed beyond IMAP4rev1. CONDSTORE, UIDPLUS, MOVE and SPECIAL-USE are used where
the server has them; where it lacks UIDPLUS no message is ever expunged, because a plain
EXPUNGE would also remove what other programs have marked.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from webmail.protocols.arguments import (
    check_argument,
    check_flags,
    check_header_name,
    check_uids,
)
from webmail.protocols.errors import CapabilityError, InvalidArgumentError
from webmail.protocols.imap_mailboxes import MailboxCommands
from webmail.protocols.imap_replies import (
    Record,
    body,
    copied,
    fetched_flags,
    internal_date,
    message_flags,
    number,
    quoted,
    received_at,
    searched,
    sequence_sets,
)
from webmail.protocols.types import FetchedFlags, FetchedMessage

# Bodies asked for in one command hold about this many octets at most, or one message.
_GROUP_OCTETS = 8 * 1024 * 1024


class ImapSession(MailboxCommands):
    """`with ImapSession.open(endpoint, credentials) as session:`"""

    def uids(self, first: int = 1, last: int | None = None) -> list[int]:
        """The UIDs from `first` to `last` (None: to the end), ascending."""
        check_uids([first] if last is None else [first, last])
        end = b"*" if last is None else str(last).encode("ascii")
        replies = self._connection.search(b"UID", str(first).encode("ascii") + b":" + end)
        # "n:*" names the last message also when its UID is below n (RFC 9051 section 9).
        return [u for u in searched(replies) if first <= u and (last is None or u <= last)]

    def fetch(self, uids: Sequence[int], batch: int = 50) -> Iterator[FetchedMessage]:
        """Whole messages, without setting \\Seen, in the order of `uids`.

        `batch` bounds the messages held at once; large ones are fetched one by one. A UID
        which is gone from the server is left out.
        """
        checked, step = check_uids(uids), max(1, batch)
        for start in range(0, len(checked), step):
            part = checked[start : start + step]
            facts = self._fetch(part, b"UID FLAGS INTERNALDATE RFC822.SIZE")
            for group in _groups([u for u in part if u in facts], facts):
                bodies = self._fetch(group, b"UID BODY.PEEK[]")
                for uid in group:
                    raw = body(bodies.get(uid, {}))
                    if raw is not None:
                        yield _message(uid, facts[uid], raw)

    def fetch_flags(
        self, uids: Sequence[int] | None = None, changed_since: int | None = None
    ) -> list[FetchedFlags]:
        """Flags of these messages, or of all when None, ascending by UID.

        `changed_since`: only those changed after this mod-sequence (RFC 7162 section 3.1.4);
        raises `CapabilityError` where the server keeps none.
        """
        modifiers: list[bytes] = []
        if changed_since is not None:
            if not self._keeps_mod_sequences:
                raise CapabilityError("The server keeps no mod-sequences")
            if changed_since < 0:
                raise InvalidArgumentError("A mod-sequence is not negative")
            # 0 is no mod-sequence (RFC 7162 section 7); everything has changed since 1.
            modifiers.append(b"(CHANGEDSINCE %d)" % max(1, changed_since))
        items = b"UID FLAGS MODSEQ" if self._keeps_mod_sequences else b"UID FLAGS"
        if uids is None:
            # Some servers call 1:* an error in an empty mailbox.
            has_messages = self._exists or number(self._connection.seen("EXISTS"))
            records = self._fetch_set(b"1:*", items, modifiers) if has_messages else {}
        else:
            records = self._fetch(check_uids(uids), items, modifiers)
        flags = (fetched_flags(uid, record) for uid, record in sorted(records.items()))
        return [f for f in flags if f is not None]

    def fetch_sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """UID -> octets, as the server counts them (RFC822.SIZE)."""
        records = self._fetch(check_uids(uids), b"UID RFC822.SIZE")
        return {uid: _size(record) for uid, record in records.items() if b"RFC822.SIZE" in record}

    def store_flags(
        self, uids: Sequence[int], add: Iterable[str] = (), remove: Iterable[str] = ()
    ) -> None:
        """Set and clear flags. Raises `CommandRefusedError`, `InvalidArgumentError`."""
        checked = check_uids(uids)
        changes = [(b"+FLAGS.SILENT", check_flags(add)), (b"-FLAGS.SILENT", check_flags(remove))]
        self._check_writable()
        for operation, flags in changes:
            if flags:
                words = b"(" + " ".join(flags).encode("ascii") + b")"
                for uid_set in sequence_sets(checked):
                    self._connection.run("STORE", uid_set, operation, words, uid=True)

    def copy(self, uids: Sequence[int], target: str) -> dict[int, int]:
        """Copy; old UID -> new UID where the server tells (RFC 4315)."""
        return self._transfer("COPY", uids, target)

    def move(self, uids: Sequence[int], target: str) -> dict[int, int]:
        """Move; old UID -> new UID where the server tells.

        With MOVE (RFC 6851) in one step. Otherwise copied, then removed as `expunge` does:
        without UIDPLUS the originals stay, marked \\Deleted.
        """
        self._check_writable()
        if "MOVE" in self.capabilities:
            return self._transfer("MOVE", uids, target)
        new_of_old = self._transfer("COPY", uids, target)
        self.expunge(uids)
        return new_of_old

    def expunge(self, uids: Sequence[int]) -> None:
        """Remove these messages for good, and no others.

        Without UIDPLUS they are marked \\Deleted only.
        """
        checked = check_uids(uids)
        self.store_flags(checked, add=("\\Deleted",))
        if "UIDPLUS" in self.capabilities:
            for uid_set in sequence_sets(checked):
                self._connection.run("EXPUNGE", uid_set, uid=True)

    def append(
        self,
        mailbox: str,
        raw: bytes,
        flags: Iterable[str] = (),
        received_at: datetime | None = None,
    ) -> int | None:
        """Put a message into a mailbox; its UID where the server tells (RFC 4315).

        A naive `received_at` is taken as UTC. Raises `MailboxMissingError`,
        `CommandRefusedError` (quota_exceeded).
        """
        arguments = [
            self._wire_name(mailbox),
            b"(" + " ".join(check_flags(flags)).encode("ascii") + b")",
        ]
        if b"\0" in raw:
            raise InvalidArgumentError("The message holds a NUL, which a literal cannot")
        if received_at is not None:
            arguments.append(internal_date(received_at))
        self._connection.take("APPENDUID")
        self._connection.append(*arguments, message=raw)
        replies = self._connection.take("APPENDUID")
        words = replies[-1].split() if replies and isinstance(replies[-1], bytes) else []
        return int(words[1]) if len(words) == 2 and words[1].isdigit() else None

    def search_header(self, name: str, value: str) -> list[int]:
        """The UIDs of the messages whose header field holds `value` as part of it."""
        check_header_name(name)
        check_argument(value, "search word")
        field = quoted(name.encode("ascii"))
        if value.isascii():
            replies = self._connection.search(b"HEADER", field, quoted(value.encode("ascii")))
        else:
            replies = self._connection.search(
                b"CHARSET", b"UTF-8", b"HEADER", field, value.encode()
            )
        return searched(replies)

    def noop(self) -> None:
        """Ask for news and keep the connection alive."""
        self._connection.run("NOOP")

    def _transfer(self, command: str, uids: Sequence[int], target: str) -> dict[int, int]:
        name = self._wire_name(target)
        self._connection.take("COPYUID")
        for uid_set in sequence_sets(check_uids(uids)):
            self._connection.run(command, uid_set, name, uid=True)
        return copied(self._connection.take("COPYUID"))

    def _fetch(
        self, uids: Sequence[int], items: bytes, modifiers: Sequence[bytes] = ()
    ) -> dict[int, Record]:
        wanted = set(uids)
        records: dict[int, Record] = {}
        for uid_set in sequence_sets(wanted):
            records.update(self._fetch_set(uid_set, items, modifiers))
        return {uid: record for uid, record in records.items() if uid in wanted}

    def _fetch_set(
        self, uid_set: bytes, items: bytes, modifiers: Sequence[bytes]
    ) -> dict[int, Record]:
        records: dict[int, Record] = {}
        arguments = (uid_set, b"(" + items + b")", *modifiers)
        for uid, record in self._connection.fetch(*arguments):
            records.setdefault(uid, {}).update(record)
        return records


def _size(record: Record) -> int:
    size = record.get(b"RFC822.SIZE")
    return size if isinstance(size, int) else 0


def _groups(uids: Iterable[int], facts: Mapping[int, Record]) -> Iterator[list[int]]:
    group: list[int] = []
    octets = 0
    for uid in uids:
        size = _size(facts[uid])
        if group and octets + size > _GROUP_OCTETS:
            yield group
            group, octets = [], 0
        group.append(uid)
        octets += size
    if group:
        yield group


def _message(uid: int, facts: Record, raw: bytes) -> FetchedMessage:
    return FetchedMessage(
        uid=uid,
        flags=message_flags(facts.get(b"FLAGS")),
        received_at=received_at(facts.get(b"INTERNALDATE"), raw),
        size=_size(facts) or len(raw),
        raw=raw,
    )
