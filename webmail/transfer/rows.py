"""One row of a file, cell by cell: what it names, and what it would change in the account."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from webmail.models import AccountMember, MailAccount, MailServer
from webmail.transfer.columns import BY_NAME, NO, YES, FileColumn
from webmail.transfer.surroundings import Members, Surroundings

if TYPE_CHECKING:
    from webmail.transfer.planning import PlannedRow

Protocol = MailServer.Protocol
Send = MailAccount.SendAuthentication
_DIRECT = tuple(column for column in BY_NAME.values() if column.attribute)
_LONGEST_DAYS = 36_500


class RowReader:
    """Reads one row into ``row``: its account with the new values, what changes, and every problem."""

    def __init__(self, row: PlannedRow, cells: dict[str, str], around: Surroundings) -> None:
        self.row = row
        self.cells = cells
        self.around = around
        self.present: MailAccount | None = None
        self.has_key = False

    def key(self) -> tuple[int | None, str] | None:
        """Owner and address that say which account is meant; None when they do not."""
        kind, name = self.cells.get("kind", "").lower(), self.cells.get("owner", "")
        if kind and kind not in MailAccount.Kind.values:
            self._not_a_choice(BY_NAME["kind"], kind)
        address = self.cells["address"]
        if not address:
            self.row.wrong("address", _("The mail address is missing."))
        elif not _is_address(address):
            self.row.wrong("address", _("%(value)s is not a mail address.") % {"value": address})
        owner = self._owner(kind, name)
        return None if self.row.problems else (owner, address.casefold())

    def _owner(self, kind: str, name: str) -> int | None:
        if kind == MailAccount.Kind.SHARED:
            if name:
                self.row.wrong(
                    "owner", _("A shared account has members and no owner."), _("an empty cell")
                )
            return None
        if not name:
            if kind == MailAccount.Kind.PERSONAL:
                self.row.wrong("owner", _("A personal account needs the user name of its owner."))
            return None
        person = self.around.people.get(name.casefold())
        if person is None:
            self.row.wrong("owner", _("Nobody has the user name %(value)s.") % {"value": name})
            return None
        if not person.is_active:
            self.row.wrong("owner", _("%(value)s may no longer sign in.") % {"value": name})
        return int(person.pk)

    def read(self, key: tuple[int | None, str] | None) -> None:
        """Compare every cell with the account that is there, or make a new one.

        Without a key nothing comes of the row, but what else is wrong in it is named all the same.
        """
        self.has_key = key is not None
        self.present = self.around.accounts.get(key) if key else None
        kind = MailAccount.Kind.PERSONAL if self.cells.get("owner") else MailAccount.Kind.SHARED
        self.row.account = self.present or MailAccount(
            kind=kind, owner_id=key[0] if key else None, address=self.cells["address"]
        )
        self._servers()
        for column in _DIRECT:
            if column.name in self.cells:
                self._direct(column)
        self._days()
        self._members()
        self._settle_sending()

    def _direct(self, column: FileColumn) -> None:
        text = self.cells[column.name]
        value: Any = text
        if column.is_secret or column.choices or column.is_flag:
            if not text:
                return
            if column.is_flag:
                value = _flag(text)
                if value is None:
                    self.row.wrong(
                        column.name, _("%(value)s is neither yes nor no.") % {"value": text}
                    )
                    return
            elif column.choices:
                value = text.lower()
                if value not in column.choices:
                    self._not_a_choice(column, text)
                    return
        elif not self._text_fits(column, text):
            return
        self._set(column.name, column.attribute, value, column.is_secret)

    def _text_fits(self, column: FileColumn, text: str) -> bool:
        if len(text) > column.longest:
            self.row.wrong(
                column.name,
                _("Longer than %(limit)d characters.") % {"limit": column.longest},
            )
        elif not text.isprintable():
            self.row.wrong(column.name, _("A line break or a control character is in it."))
        elif column.name == "authorized_as" and text and not _is_address(text):
            self.row.wrong(column.name, _("%(value)s is not a mail address.") % {"value": text})
        else:
            return True
        return False

    def _not_a_choice(self, column: FileColumn, text: str) -> None:
        words = {"value": text, "choices": ", ".join(column.choices)}
        self.row.wrong(column.name, _("%(value)s is none of: %(choices)s.") % words)

    def _servers(self) -> None:
        incoming = self.cells.get("incoming_server", "")
        if incoming:
            self._server("incoming_server", incoming, Protocol.IMAP, Protocol.POP3)
        elif self.present is None and self.has_key:
            self.row.wrong(
                "incoming_server",
                _("A new account needs an incoming mail server."),
                self.around.keys_of(Protocol.IMAP, Protocol.POP3),
            )
        outgoing = self.cells.get("outgoing_server")
        if outgoing:
            self._server("outgoing_server", outgoing, Protocol.SMTP)
        elif outgoing == "":
            self._set("outgoing_server", "outgoing_server_id", None)

    def _server(self, column: str, key: str, *protocols: str) -> None:
        server = self.around.servers.get(key.lower())
        present = getattr(self.row.account, f"{column}_id")
        is_its_own = server is not None and server.pk == present
        if server is None or (server.is_individual and not is_its_own):
            reason = _("No mail server has the key %(value)s.")
        elif server.protocol not in protocols:
            reason = _("%(value)s is not a server for this direction.")
        elif not server.is_enabled and not is_its_own:
            reason = _("The server %(value)s is switched off and can no longer be chosen.")
        else:
            self._set(column, f"{column}_id", server.pk)
            return
        self.row.wrong(column, reason % {"value": key}, self.around.keys_of(*protocols))

    def _days(self) -> None:
        text = self.cells.get("delete_after_days", "")
        if not text:
            return
        is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(_LONGEST_DAYS))
        if not (is_number and int(text) <= _LONGEST_DAYS):
            reason = _("%(value)s is not a number of days.") % {"value": text}
            self.row.wrong("delete_after_days", reason)
            return
        self._set("delete_after_days", "delete_after_days", int(text))

    def _settle_sending(self) -> None:
        """No server, no sending; a server that came without a word of how: as receiving."""
        account, asked = self.row.account, self.cells.get("send_authentication", "")
        if self.row.problems or account is None:
            return
        if account.outgoing_server_id is None:
            self._set("send_authentication", "send_authentication", Send.OFF.value)
        elif account.send_authentication == Send.OFF and self.present is not None and not asked:
            value = Send.SAME_AS_RECEIVING.value
            self._set("send_authentication", "send_authentication", value)

    def _members(self) -> None:
        text, account = self.cells.get("members"), self.row.account
        if text is None or account is None or account.kind == MailAccount.Kind.PERSONAL:
            if text:
                self.row.wrong(
                    "members", _("Only a shared account has members."), _("an empty cell")
                )
            return
        members: Members = {}
        for word in text.replace(";", " ").replace(",", " ").split():
            who, _equals, role = word.partition("=")
            sort, _colon, name = who.partition(":")
            if not _is_member(self.around, sort, name, role):
                self.row.wrong(
                    "members",
                    _("%(value)s names no person or department with a right.") % {"value": word},
                )
                return
            if sort == "user":
                name = self.around.people[name.casefold()].username
            members[sort, name] = role
        before = self.around.members.get(account.pk, {}) if account.pk else {}
        if members != before:
            self.row.members = members
            self._note("members", written(before), written(members))

    def _set(self, column: str, attribute: str, value: Any, is_secret: bool = False) -> None:
        account = self.row.account
        if account is None:
            return
        before = "" if is_secret else getattr(account, attribute)
        if account.keeps(attribute, value) if is_secret else before == value:
            return
        if account is self.present:  # what is there stays to be compared with
            account = self.row.account = copy(account)
        setattr(account, attribute, value)
        self.row.columns.add(attribute)
        shown = (
            ("", "•••")
            if is_secret
            else (self._shown(attribute, before), self._shown(attribute, value))
        )
        self._note(column, *shown)

    def _shown(self, attribute: str, value: Any) -> str:
        if isinstance(value, bool):
            return "yes" if value else "no"
        if attribute.endswith("_server_id"):
            server = self.around.servers_by_pk.get(value)
            return server.key if server else ""
        return "" if value is None else str(value)

    def _note(self, column: str, before: str, after: str) -> None:
        self.row.changes.append((column, before, after))


def _is_member(around: Surroundings, sort: str, name: str, role: str) -> bool:
    known = {"user": name.casefold() in around.people, "unit": name in around.units}
    return known.get(sort, False) and role in AccountMember.Role.values


def written(members: Members) -> str:
    """Members as a file writes them."""
    return " ".join(f"{sort}:{name}={role}" for (sort, name), role in sorted(members.items()))


def _flag(text: str) -> bool | None:
    if text.lower() in YES:
        return True
    return False if text.lower() in NO else None


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= 320
