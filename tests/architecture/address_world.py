"""The installation in which every address is tried: people, one's own mailbox, a shared one, and what hangs on them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from groupware.functions.models import FunctionAdministrator
from groupware.organisation.models import Unit
from oauthservers.models import AuthorizationRequest, Grant
from tests.factories import shared
from tests.factories import webmail as make
from webmail.invitations.sending import hashed
from webmail.models import AccountImport, Invitation, MailAccount, OutgoingAttachment, Switchover

#: Kinds of objects that belong to one mail account.
KINDS_OF_ACCOUNTS = frozenset(
    {
        "mailbox",
        "account",
        "message",
        "message in the form",
        "message and picture",
        "message and file",
        "message and answer",
        "draft",
        "refused message",
        "attachment",
    }
)


def people() -> dict[str, Any]:
    """Everybody who might look, by what they are."""
    named = {
        who: make.PersonFactory(username=who.replace(" ", "-"))
        for who in (
            "owner",
            "stranger",
            "member reader",
            "member sender",
            "member manager",
            "function administrator",
        )
    }
    FunctionAdministrator.objects.create(key="webmail", user=named["function administrator"])
    root = make.PersonFactory(username="root", is_system_administrator=True)
    return {**named, "system administrator": root}


def world() -> dict[str, Any]:
    """Somebody with a mailbox of their own; what each kind of address names."""
    everybody = people()
    owner = everybody["owner"]
    account = make.account_with_folders(owner)
    grant = make.GrantFactory(created_by=owner)
    unit = Unit.objects.create(key="sales", name="Sales")
    unit.memberships.create(user=owner)
    return {
        "people": everybody,
        "": [],
        "person": [make.PersonFactory().public_id],
        "function": ["webmail"],
        "unit": [unit.public_id],
        "authorization server": [grant.server.public_id],
        "reason": ["expired"],
        "kind": ["generic"],
        "guide": ["microsoft"],
        "grant": [grant.public_id],
        "attempt": [_attempt(grant).public_id],
        "token": ["nothing-to-undo"],
        "mail server": [account.incoming_server.public_id],
        "import": [_import(owner).public_id],
        "switchover": [_switchover(account).public_id],
        "invitation": [_invitation(account)],
        **of_account(account, owner),
    }


def shared_account(everybody: dict[str, Any]) -> dict[str, Any]:
    """The same for an account that three people share, each with another right."""
    roles = ("reader", "sender", "manager")
    members = {role: everybody[f"member {role}"] for role in roles}
    return of_account(shared.shared_account(**members), members["sender"])


def of_account(account: MailAccount, author: Any) -> dict[str, Any]:
    """What hangs on one account: a message with a picture, a draft of ``author``, a message that was refused."""
    picture = ("p.png", "image/png", b"\x89PNG\r\n\x1a\n")
    message = make.received(
        make.inbox(account), make.raw_message(html="<p>Hello</p>", attachments=[picture])
    )
    draft = make.OutgoingMessageFactory(account=account, author=author)
    refused = make.OutgoingMessageFactory(account=account, author=author, state="failed")
    attachment = OutgoingAttachment.objects.create(
        outgoing=draft, filename="a.txt", digest=message.digest
    )
    file = message.parts.get(is_attachment=True).number
    return {
        "mailbox": [make.inbox(account).public_id],
        "account": [account.public_id],
        "message": [message.public_id],
        "message in the form": [],
        "message and picture": [message.public_id, file],
        "message and file": [message.public_id, file],
        "message and answer": [message.public_id, "reply"],
        "draft": [draft.public_id],
        "refused message": [refused.public_id],
        "attachment": [attachment.public_id],
    }


def _import(person: Any) -> AccountImport:
    text = "owner,address\nnobody-here,nobody@example.test\n"
    return AccountImport.objects.create(file_name="a.csv", content=text, created_by=person)


def _switchover(account: Any) -> Switchover:
    host, server = account.incoming_server.host, account.incoming_server
    return Switchover.objects.create(host=host, incoming_server=server)


def _invitation(account: Any) -> str:
    """The token of an invitation of the owner to authorize their mailbox."""
    Invitation.objects.create(
        account=account,
        recipient=account.owner,
        expires_at=timezone.now() + timedelta(days=1),
        token_hash=hashed("token-of-a-link"),
    )
    return "token-of-a-link"


def _attempt(grant: Grant) -> AuthorizationRequest:
    """A code that was asked for on another device, and declined."""
    return AuthorizationRequest.objects.create(
        server=grant.server,
        user=grant.created_by,
        owner=grant.created_by,
        flow="device",
        outcome="failed",
        error_code="access_denied",
        mailbox_address=grant.mailbox_address,
        next_url="/",
        expires_at=timezone.now(),
    )
