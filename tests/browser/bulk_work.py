"""What a function administrator has under way in a furnished office: invitations, a file, switchovers."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from groupware.users.models import User
from tests.browser.furnished import Furnished
from tests.factories import webmail as make
from webmail import invitations, switchover
from webmail.models import AccountImport, MailAccount, MailServer, Switchover

OLD = "mail.old.example.jp"
FILE = """owner,address,incoming_server,outgoing_server,colour
haruka,new@example.jp,google-imap,google-smtp,red
nobody,b@example.jp,nowhere,google-smtp,
haruka,info.example.jp,google-imap,,
"""


def furnish(world: Furnished) -> User:
    """People on an old server with passwords, and one whose mailbox waits, who is returned."""
    old = make.MailServerFactory(name="Old office server", host=OLD, key="old")
    for number in range(3):
        make.MailAccountFactory(address=f"old{number}@example.jp", incoming_server=old)
    dress = {"language": world.admin.language, "appearance": world.admin.appearance}
    waiting = make.PersonFactory(username="kaneko", email="kaneko@elsewhere.example", **dress)
    make.MailAccountFactory(
        owner=waiting, address="kaneko@example.jp", receive_authentication="oauth2", **_servers()
    )
    invitations.invite(invitations.needing(MailAccount.objects.filter(owner=waiting)), world.admin)
    return waiting


def _servers() -> dict[str, MailServer]:
    by_protocol = {server.key: server for server in MailServer.objects.all()}
    return {
        "incoming_server": by_protocol["google-imap"],
        "outgoing_server": by_protocol["google-smtp"],
    }


def screens(world: Furnished) -> dict[str, str]:
    """The addresses of the screens, some of them of work that is done."""
    waits = AccountImport.objects.create(
        file_name="accounts.csv", content=FILE, created_by=world.admin
    )
    done = AccountImport.objects.create(
        file_name="done.csv",
        created_by=world.admin,
        applied_at=timezone.now(),
        result={"add": 4980, "change": 12, "nothing": 3, "problem": 5},
    )
    steps = [
        Switchover.objects.create(host=OLD, authentication="password", **_servers())
        for _number in range(2)
    ]
    first = MailAccount.objects.filter(address="old0@example.jp")
    switchover.apply(steps[1], first, switchover.fingerprint(switchover.moves(steps[1], first)))
    return {
        "overview": reverse("webmail:manage_overview"),
        "overview-filtered": reverse("webmail:manage_overview") + "?state=not_authorized",
        "overview-filtered-to-nothing": reverse("webmail:manage_overview") + "?q=zzzz",
        "invitations": reverse("webmail:manage_invitations"),
        "invitations-none": reverse("webmail:manage_invitations") + "?show=unsent",
        "files": reverse("webmail:manage_transfer"),
        "file-problems": reverse("webmail:manage_import", args=[waits.public_id]),
        "file-added": reverse("webmail:manage_import", args=[waits.public_id]) + "?show=add",
        "file-applied": reverse("webmail:manage_import", args=[done.public_id]),
        "switchovers": reverse("webmail:manage_switchovers"),
        "switchover-new": reverse("webmail:manage_switchover_new"),
        "switchover-preview": reverse("webmail:manage_switchover", args=[steps[0].public_id]),
        "switchover-applied": reverse("webmail:manage_switchover", args=[steps[1].public_id]),
    }


PERSONAL = {"waiting": "/settings/mail/waiting/", "invitation-unknown": "/mail/invitations/none/"}
