"""The tables ``[[mail_server]]`` and ``[[mail_account]]`` of a provisioning file."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model

from groupware.organisation.models import Unit
from groupware.provision import KEEP, Key, Row, Section, SkipRowError
from oauthservers.models import AuthorizationServer
from webmail import sync
from webmail.models import AccountMember, MailAccount, MailServer
from webmail.models.server import Security

Protocol = MailServer.Protocol
Kind = MailAccount.Kind
Member = tuple[Any, Any]  # a person or a department, the other is None


class MailServerSection(Section):
    """Makes registered mail servers equal to the file."""

    table = "mail_server"
    order = 30
    keys = (
        Key("key", required=True),
        Key("name", required=True),
        Key("protocol", required=True, choices=tuple(Protocol.values)),
        Key("host", required=True),
        Key("port", int, required=True),
        Key("security", default="tls", choices=tuple(Security.values)),
        Key("ca_file", is_file=True, default=""),
        Key("verify_certificate", bool, default=True),
        Key("verify_name", bool, default=True),
        Key("allow_common_name", bool, default=False),
        Key("authorization_server", default=""),
        Key("use", bool, default=True),
    )
    _same = (
        "name",
        "protocol",
        "host",
        "port",
        "security",
        "verify_certificate",
        "verify_name",
        "allow_common_name",
    )

    def apply(self, row: Row) -> None:
        """Compare and save one server."""
        server = MailServer.objects.filter(key=row["key"]).first() or MailServer(key=row["key"])
        fields: dict[str, Any] = {name: row[name] for name in self._same}
        fields["ca_certificates"] = row["ca_file"]
        fields["is_enabled"] = row["use"]
        fields["authorization_server"] = row.reference(
            "authorization_server", AuthorizationServer.objects.all(), "authorization_server"
        )
        row.save(server, fields, {"ca_certificates": "ca_file", "is_enabled": "use"})


_MEMBER_KEYS = {
    role.value: (f"{role.value}s", f"{role.value}_units") for role in AccountMember.Role
}


class MailAccountSection(Section):
    """Makes mail accounts equal to the file, with the members of shared ones. A changed account is received soon."""

    table = "mail_account"
    order = 60
    identified_by = ("owner", "address")
    keys = (
        Key("kind", default=Kind.PERSONAL, choices=tuple(Kind.values)),
        Key("owner", default=""),
        Key("address", required=True),
        Key("authorized_as", default=""),
        *(Key(name, list) for names in _MEMBER_KEYS.values() for name in names),
        Key("name", default=""),
        Key("display_name", default=""),
        Key("use", bool, default=True),
        Key("incoming_server", required=True),
        Key("outgoing_server", default=""),
        Key(
            "receive_authentication",
            default="oauth2",
            choices=tuple(MailAccount.ReceiveAuthentication.values),
        ),
        Key("receive_username", default=""),
        Key("receive_password", is_secret=True, default=KEEP),
        Key(
            "send_authentication",
            default="same_as_receiving",
            choices=tuple(MailAccount.SendAuthentication.values),
        ),
        Key("send_username", default=""),
        Key("send_password", is_secret=True, default=KEEP),
        Key("leave_on_server", bool, default=True),
        Key("delete_after_days", int, default=0),
        Key("sent_copy", default="automatic", choices=tuple(MailAccount.SentCopy.values)),
    )
    _same = (
        "kind",
        "address",
        "authorized_as",
        "name",
        "display_name",
        "receive_authentication",
        "receive_username",
        "send_authentication",
        "send_username",
        "delete_after_days",
        "sent_copy",
    )

    def apply(self, row: Row) -> None:
        """Compare and save one account; an account is known by its owner and address, a shared one by its address."""
        owner = self._owner(row)
        found = MailAccount.objects.kept().filter(owner=owner, address__iexact=row["address"])
        account = found.select_related("incoming_server").first() or MailAccount(owner=owner)
        fields: dict[str, Any] = {name: row[name] for name in self._same}
        fields |= {
            "is_enabled": row["use"],
            "leaves_on_server": row["leave_on_server"],
            "incoming_server": row.reference(
                "incoming_server", MailServer.objects.registered().incoming(), "mail_server"
            ),
            "outgoing_server": row.reference(
                "outgoing_server", MailServer.objects.registered().outgoing(), "mail_server"
            ),
        }
        for name in ("receive_password", "send_password"):
            if name in row.values:
                fields[name] = row[name]
        wanted = self._members(row)
        if row.save(account, fields, {"is_enabled": "use", "leaves_on_server": "leave_on_server"}):
            sync.resume(account)
        if wanted is not None:
            _make_equal(row, account, wanted)

    def _owner(self, row: Row) -> Any:
        owner = row.reference("owner", get_user_model().objects.all(), "user", by="username")
        if row["kind"] == Kind.PERSONAL and owner is None:
            row.problem("missing.", "owner", 'Add owner, or kind = "shared".')
        elif row["kind"] == Kind.SHARED and owner is not None:
            row.problem("a shared account has no owner.", "owner", "Remove it, and name managers.")
        else:
            return owner
        raise SkipRowError

    def _members(self, row: Row) -> dict[Member, str] | None:
        """Who may do what; None when the file does not speak of members. The last right of a name counts."""
        given = [name for names in _MEMBER_KEYS.values() for name in names if name in row.values]
        if not given:
            return None
        if row["kind"] != Kind.SHARED:
            row.problem("only shared accounts have members.", given[0], 'Add kind = "shared".')
            raise SkipRowError
        people, wanted = get_user_model().objects.all(), {}
        for role, (users, units) in _MEMBER_KEYS.items():
            for name in row.get(users, []):
                wanted[row.named(name, users, people, "user", by="username"), None] = role
            for name in row.get(units, []):
                wanted[None, row.named(name, units, Unit.objects.all(), "unit")] = role
        return wanted


def _make_equal(row: Row, account: MailAccount, wanted: dict[Member, str]) -> None:
    """Add, change and remove members until they are those of the file."""
    members = {(one.user, one.unit): one for one in account.members.select_related("user", "unit")}
    is_changed = {key: one.role for key, one in members.items()} != wanted
    for key, member in members.items():
        if key not in wanted:
            member.delete()
    for (user, unit), role in wanted.items():
        account.members.update_or_create(user=user, unit=unit, defaults={"role": role})
    if is_changed:
        row.changed(False, ["members"])
