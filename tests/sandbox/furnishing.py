"""Shared mail accounts of the running installation, made once.

`python -m tests.sandbox.furnishing` in the environment of the product, after provisioning and while
the sandbox answers.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

import django


@dataclass(frozen=True)
class Furniture:
    """A shared account. Without `authorized_as` the application opens it, and it works at once."""

    address: str
    name: str
    place: str
    unit: str
    manager: str
    authorized_as: str = ""


SHARED = (
    Furniture(
        "support@contoso.example",
        "Contoso support",
        "contoso",
        "sales",
        "alice",
        "alice@contoso.example",
    ),
    Furniture(
        "invoices@contoso.example", "Contoso invoices", "contoso-application", "sales", "maria"
    ),
    Furniture("soumu@example.jp", "総務部", "example-jp-application", "tokyo", "haruka"),
    Furniture("info@lab.example", "Laboratory", "lab", "laboratory", "olga", "olga@lab.example"),
)


def furnish() -> int:
    """Makes what is missing; how many accounts were made."""
    return sum(_make(piece) for piece in SHARED)


def _make(piece: Furniture) -> bool:
    # Models can be imported only when Django knows its settings.
    from groupware.organisation.models import Unit
    from groupware.users.models import User
    from webmail.models import AccountMember, MailAccount, MailServer

    servers = {
        side: MailServer.objects.get(key=f"{piece.place}-{protocol}")
        for side, protocol in (("incoming_server", "imap"), ("outgoing_server", "smtp"))
    }
    account, is_new = MailAccount.objects.get_or_create(
        kind=MailAccount.Kind.SHARED,
        address=piece.address,
        defaults={
            "name": piece.name,
            "display_name": piece.name,
            "authorized_as": piece.authorized_as,
            **servers,
        },
    )
    if is_new:
        role = AccountMember.Role
        manager = User.objects.get(username=piece.manager)
        account.members.create(user=manager, role=role.MANAGER)
        account.members.create(unit=Unit.objects.get(key=piece.unit), role=role.SENDER)
    if not piece.authorized_as and account.receive_grant_id is None:
        _connect(account)
    return is_new


def _connect(account: object) -> None:
    from oauthservers.flows import application
    from webmail import authorizations

    for server in authorizations.servers_of(account):
        directions = authorizations.directions_at(account, server)
        grant = application.connect(
            server=server,
            mailbox_address=account.address,
            protocols=authorizations.protocols_of(account, directions),
            user=None,
        )
        authorizations.bind(account, grant)


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "groupware.settings")
    django.setup()
    furnish()
    return 0


if __name__ == "__main__":
    sys.exit(main())
