"""The tables ``[[mail_server]]`` and ``[[mail_account]]`` of a provisioning file."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model

from groupware.provision import KEEP, Key, Row, Section
from oauthservers.models import AuthorizationServer
from webmail import sync
from webmail.models import MailAccount, MailServer
from webmail.models.server import Security

Protocol = MailServer.Protocol


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


class MailAccountSection(Section):
    """Makes personal mail accounts equal to the file. A changed account is received soon."""

    table = "mail_account"
    order = 60
    identified_by = ("owner", "address")
    keys = (
        Key("owner", required=True),
        Key("address", required=True),
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
        "address",
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
        """Compare and save one account; an account is known by its owner and address."""
        owner = row.reference("owner", get_user_model().objects.all(), "user", by="username")
        found = MailAccount.objects.filter(owner=owner, address__iexact=row["address"])
        account = found.select_related("incoming_server").first() or MailAccount(owner=owner)
        fields: dict[str, Any] = {name: row[name] for name in self._same}
        fields |= {
            "is_enabled": row["use"],
            "leaves_on_server": row["leave_on_server"],
            "incoming_server": row.reference(
                "incoming_server", MailServer.objects.incoming(), "mail_server"
            ),
            "outgoing_server": row.reference(
                "outgoing_server", MailServer.objects.outgoing(), "mail_server"
            ),
        }
        for name in ("receive_password", "send_password"):
            if name in row.values:
                fields[name] = row[name]
        if row.save(account, fields, {"is_enabled": "use", "leaves_on_server": "leave_on_server"}):
            sync.resume(account)
