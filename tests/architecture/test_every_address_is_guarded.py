"""Who may open what: every address of the installation, seen by everybody who might try.

A new view without a row in the table fails ``test_every_address_has_a_rule``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from groupware.functions.models import FunctionAdministrator
from groupware.organisation.models import Unit
from oauthservers.models import AuthorizationRequest, Grant
from tests.factories import webmail as make
from webmail.invitations.sending import hashed
from webmail.models import AccountImport, Invitation, OutgoingAttachment, Switchover

PEOPLE = ("nobody", "owner", "stranger", "function administrator", "system administrator")
PERSON = {"owner", "stranger", "function administrator", "system administrator"}
EVERYBODY = set(PEOPLE)
OWNER = {"owner"}
FUNCTION = {"function administrator", "system administrator"}
SYSTEM = {"system administrator"}

#: address → (method, who gets in, kind of object its arguments name)
RULES: dict[str, tuple[str, set[str], str]] = {
    "portal": ("get", PERSON, ""),
    "users:settings": ("get", PERSON, ""),
    "users:display": ("post", EVERYBODY, ""),
    "users:people": ("get", SYSTEM, ""),
    "users:add_person": ("get", SYSTEM, ""),
    "users:person": ("get", SYSTEM, "person"),
    "users:set_active": ("post", SYSTEM, "person"),
    "functions:manage": ("get", FUNCTION, ""),
    "functions:system": ("get", SYSTEM, ""),
    "functions:health": ("get", SYSTEM, ""),
    "functions:switches": ("get", SYSTEM, ""),
    "functions:function": ("get", SYSTEM, "function"),
    "functions:switch": ("post", SYSTEM, "function"),
    "functions:dismiss": ("post", SYSTEM, "function"),
    "organisation:units": ("get", SYSTEM, ""),
    "organisation:organisation": ("get", SYSTEM, ""),
    "organisation:add_unit": ("get", SYSTEM, ""),
    "organisation:unit": ("get", SYSTEM, "unit"),
    "organisation:delete_unit": ("post", SYSTEM, "unit"),
    "organisation:add_member": ("post", SYSTEM, "unit"),
    "organisation:remove_member": ("post", SYSTEM, "unit"),
    "audit:events": ("get", SYSTEM, ""),
    "audit:export": ("post", SYSTEM, ""),
    "oauthservers:authorize": ("post", PERSON, ""),
    "oauthservers:callback": ("get", EVERYBODY, "authorization server"),
    "oauthservers:refused": ("get", EVERYBODY, "reason"),
    "oauthservers:approved": ("get", EVERYBODY, ""),
    "oauthservers:attempt": ("get", OWNER, "attempt"),
    "oauthservers:attempt_state": ("get", OWNER, "attempt"),
    "oauthservers:attempt_again": ("post", OWNER, "attempt"),
    "oauthservers:grants": ("get", PERSON, ""),
    "oauthservers:disconnect": ("post", OWNER, "grant"),
    "oauthservers:servers": ("get", SYSTEM, ""),
    "oauthservers:choose_kind": ("get", SYSTEM, ""),
    "oauthservers:add_server": ("get", SYSTEM, "kind"),
    "oauthservers:server": ("get", SYSTEM, "authorization server"),
    "oauthservers:edit_server": ("get", SYSTEM, "authorization server"),
    "oauthservers:change_secrets": ("post", SYSTEM, "authorization server"),
    "oauthservers:test_server": ("post", SYSTEM, "authorization server"),
    "oauthservers:server_checks": ("get", SYSTEM, "authorization server"),
    "oauthservers:guide": ("get", SYSTEM, "guide"),
    "oauthservers:preconditions": ("get", SYSTEM, ""),
    "oauthservers:preconditions_live": ("get", SYSTEM, ""),
    "oauthservers:switch_server": ("post", SYSTEM, "authorization server"),
    "oauthservers:delete_server": ("post", SYSTEM, "authorization server"),
    "webmail:search": ("get", PERSON, ""),
    "webmail:home": ("get", PERSON, ""),
    "webmail:mailbox": ("get", OWNER, "mailbox"),
    "webmail:rows": ("get", OWNER, "mailbox"),
    "webmail:receive_now": ("post", OWNER, "account"),
    "webmail:receiving": ("get", OWNER, "account"),
    "webmail:act": ("post", OWNER, ""),
    "webmail:undo": ("post", PERSON, "token"),
    "webmail:message": ("get", OWNER, "message"),
    "webmail:seen": ("post", OWNER, "message"),
    "webmail:headers": ("get", OWNER, "message"),
    "webmail:source": ("get", OWNER, "message"),
    "webmail:body": ("get", OWNER, "message"),
    "webmail:part": ("get", OWNER, "message and picture"),
    "webmail:attachment": ("get", OWNER, "message and file"),
    "webmail:answer": ("post", OWNER, "message and answer"),
    "webmail:compose": ("post", PERSON, ""),
    "webmail:drafts": ("get", PERSON, ""),
    "webmail:draft": ("get", OWNER, "draft"),
    "webmail:save_draft": ("post", OWNER, "draft"),
    "webmail:attach": ("post", OWNER, "draft"),
    "webmail:discard": ("post", OWNER, "draft"),
    "webmail:detach": ("post", OWNER, "attachment"),
    "webmail:outbox": ("get", PERSON, ""),
    "webmail:sending": ("get", PERSON, ""),
    "webmail:cancel": ("post", OWNER, "draft"),
    "webmail:retry": ("post", OWNER, "draft"),
    "webmail:edit": ("post", OWNER, "draft"),
    "webmail:arrived": ("post", OWNER, "draft"),
    "webmail:send_again": ("post", OWNER, "draft"),
    "webmail:account_list": ("get", PERSON, ""),
    "webmail:account_new": ("get", PERSON, ""),
    "webmail:account": ("get", OWNER, "account"),
    "webmail:authorize": ("get", OWNER | FUNCTION, "account"),
    "webmail:check": ("get", OWNER | FUNCTION, "account"),
    "webmail:check_progress": ("get", OWNER | FUNCTION, "account"),
    "webmail:account_authorized": ("get", OWNER | FUNCTION, "account"),
    "webmail:account_remove": ("get", OWNER, "account"),
    "webmail:account_delete": ("post", OWNER, "account"),
    "webmail:waiting": ("get", PERSON, ""),
    "webmail:invitation": ("get", OWNER, "invitation"),
    "webmail:manage_overview": ("get", FUNCTION, ""),
    "webmail:manage_overview_export": ("post", FUNCTION, ""),
    "webmail:manage_invitations": ("get", FUNCTION, ""),
    "webmail:manage_invite": ("post", FUNCTION, ""),
    "webmail:manage_invite_again": ("post", FUNCTION, ""),
    "webmail:manage_withdraw": ("post", FUNCTION, ""),
    "webmail:manage_transfer": ("get", FUNCTION, ""),
    "webmail:manage_export": ("post", FUNCTION, ""),
    "webmail:manage_import": ("get", FUNCTION, "import"),
    "webmail:manage_import_apply": ("post", FUNCTION, "import"),
    "webmail:manage_import_discard": ("post", FUNCTION, "import"),
    "webmail:manage_switchovers": ("get", FUNCTION, ""),
    "webmail:manage_switchover_new": ("get", FUNCTION, ""),
    "webmail:manage_switchover": ("get", FUNCTION, "switchover"),
    "webmail:manage_switchover_apply": ("post", FUNCTION, "switchover"),
    "webmail:manage_switchover_invite": ("post", FUNCTION, "switchover"),
    "webmail:manage_switchover_undo": ("post", FUNCTION, "switchover"),
    "webmail:manage_switchover_discard": ("post", FUNCTION, "switchover"),
    "webmail:manage_accounts": ("get", FUNCTION, ""),
    "webmail:manage_account": ("get", FUNCTION, "account"),
    "webmail:manage_account_delete": ("post", FUNCTION, "account"),
    "webmail:manage_account_new": ("get", FUNCTION, "person"),
    "webmail:manage_servers": ("get", FUNCTION, ""),
    "webmail:manage_server_new": ("get", FUNCTION, ""),
    "webmail:manage_server": ("get", FUNCTION, "mail server"),
    "webmail:manage_server_test": ("post", FUNCTION, "mail server"),
    "webmail:manage_server_delete": ("post", FUNCTION, "mail server"),
    "webmail:manage_policy": ("get", FUNCTION, ""),
}
#: Signing in and what Django's admin guards itself.
OPEN = ("account_", "admin:", "gallery")


def addresses(resolver: URLResolver, namespace: str = "") -> list[str]:
    """Every named address below a resolver, with its namespace."""
    found: list[str] = []
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            found += addresses(pattern, inner)
        elif isinstance(pattern, URLPattern):
            found.append(f"{namespace}{pattern.name}")
    return found


def test_every_address_has_a_rule() -> None:
    named = {name for name in addresses(get_resolver()) if not name.startswith(OPEN)}
    assert named == set(RULES)


@pytest.fixture
def world(db: None) -> dict[str, Any]:
    """Somebody with a mailbox, and four who might look."""
    owner = make.PersonFactory(username="owner")
    appointed = make.PersonFactory(username="appointed")
    FunctionAdministrator.objects.create(key="webmail", user=appointed)
    account = make.account_with_folders(owner)
    picture = ("p.png", "image/png", b"\x89PNG\r\n\x1a\n")
    message = make.received(
        make.inbox(account), make.raw_message(html="<p>Hello</p>", attachments=[picture])
    )
    draft = make.OutgoingMessageFactory(account=account)
    attachment = OutgoingAttachment.objects.create(
        outgoing=draft, filename="a.txt", digest=message.digest
    )
    grant = make.GrantFactory(created_by=owner)
    unit = Unit.objects.create(key="sales", name="Sales")
    unit.memberships.create(user=owner)
    file = message.parts.get(is_attachment=True).number
    return {
        "people": {
            "owner": owner,
            "stranger": make.PersonFactory(username="stranger"),
            "function administrator": appointed,
            "system administrator": make.PersonFactory(
                username="root", is_system_administrator=True
            ),
        },
        "": [],
        "person": [make.PersonFactory().public_id],
        "function": ["webmail"],
        "unit": [unit.public_id],
        "authorization server": [grant.server.public_id],
        "reason": ["expired"],
        "kind": ["generic"],
        "guide": ["microsoft"],
        "grant": [grant.public_id],
        "mailbox": [make.inbox(account).public_id],
        "attempt": [_attempt(grant).public_id],
        "account": [account.public_id],
        "message": [message.public_id],
        "message and picture": [message.public_id, file],
        "message and file": [message.public_id, file],
        "message and answer": [message.public_id, "reply"],
        "draft": [draft.public_id],
        "attachment": [attachment.public_id],
        "token": ["nothing-to-undo"],
        "mail server": [account.incoming_server.public_id],
        "import": [_import(owner).public_id],
        "switchover": [_switchover(account).public_id],
        "invitation": [_invitation(account)],
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


def _body(address: str, world: dict[str, Any]) -> dict[str, object]:
    """What a form would send, where an address looks for its object there."""
    member = world["people"]["owner"].public_id
    return {
        "webmail:act": {"verb": "flag", "message": world["message"][0]},
        "organisation:remove_member": {"person": member},
        "functions:dismiss": {"person": world["people"]["function administrator"].public_id},
        "oauthservers:authorize": {
            "server": world["authorization server"][0],
            "address": "aoki@example.test",
            "protocols": "imap",
            "next": "/mail/",
        },
    }.get(address, {})


@pytest.mark.parametrize("address", sorted(RULES))
def test_address_opens_for_those_who_may_and_for_nobody_else(client, world, address) -> None:
    method, allowed, kind = RULES[address]
    for who in PEOPLE:
        client.logout()
        if who != "nobody":
            client.force_login(world["people"][who])
        with transaction.atomic():  # what one person changed must not meet the next
            response = getattr(client, method)(
                reverse(address, args=world[kind]), _body(address, world)
            )
            transaction.set_rollback(True)
        if who in allowed:
            has_no_undo = address == "webmail:undo" and response.status_code == 404
            assert response.status_code in {200, 204, 302, 303, 400, 422} or has_no_undo, who
        elif who == "nobody":
            assert response.status_code == 302
            assert response.url.startswith("/accounts/login/")
        else:
            assert response.status_code in {403, 404}, who
