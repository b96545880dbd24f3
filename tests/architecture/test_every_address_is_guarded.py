"""Who may open what: every address of the installation, seen by everybody who might try.

A new view without a row in the table fails ``test_every_address_has_a_rule``.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.architecture import address_world

PEOPLE = (
    "nobody",
    "stranger",
    "owner",
    "member reader",
    "member sender",
    "member manager",
    "function administrator",
    "system administrator",
)
PERSON = set(PEOPLE) - {"nobody"}
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
    "oauthservers:register_mail_servers": ("post", SYSTEM, "authorization server"),
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
    "webmail:act": ("post", OWNER, "message in the form"),
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
    "webmail:cancel": ("post", OWNER, "refused message"),
    "webmail:retry": ("post", OWNER, "refused message"),
    "webmail:edit": ("post", OWNER, "refused message"),
    "webmail:arrived": ("post", OWNER, "refused message"),
    "webmail:send_again": ("post", OWNER, "refused message"),
    "webmail:account_list": ("get", PERSON, ""),
    "webmail:account_new": ("get", PERSON, ""),
    "webmail:account": ("get", OWNER, "account"),
    "webmail:authorize": ("get", OWNER | FUNCTION, "account"),
    "webmail:check": ("get", OWNER | FUNCTION, "account"),
    "webmail:check_progress": ("get", OWNER | FUNCTION, "account"),
    "webmail:account_authorized": ("get", OWNER | FUNCTION, "account"),
    "webmail:account_remove": ("get", OWNER, "account"),
    "webmail:account_delete": ("post", OWNER, "account"),
    "webmail:members": ("get", set(), "account"),  # of shared accounts alone
    "webmail:members_change": ("post", set(), "account"),
    "webmail:waiting": ("get", PERSON, ""),
    "webmail:invitation": ("get", OWNER, "invitation"),
    "webmail:manage_overview": ("get", FUNCTION, ""),
    "webmail:manage_open_all": ("post", FUNCTION, ""),
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
    "webmail:manage_people_without": ("get", FUNCTION, ""),
    "webmail:manage_shared": ("get", FUNCTION, ""),
    "webmail:manage_shared_new": ("get", FUNCTION, ""),
    "webmail:manage_shared_account": ("get", set(), "account"),
    "webmail:manage_members": ("get", set(), "account"),
    "webmail:manage_members_change": ("post", set(), "account"),
    "webmail:manage_servers": ("get", FUNCTION, ""),
    "webmail:manage_server_new": ("get", FUNCTION, ""),
    "webmail:manage_server": ("get", FUNCTION, "mail server"),
    "webmail:manage_server_test": ("post", FUNCTION, "mail server"),
    "webmail:manage_server_delete": ("post", FUNCTION, "mail server"),
    "webmail:manage_policy": ("get", FUNCTION, ""),
}
READERS = {"member reader", "member sender", "member manager"}
SENDERS = {"member sender", "member manager"}
AUTHOR = {"member sender"}
MANAGERS = {"member manager"} | FUNCTION

#: address → who gets in where the account is shared, for every address that names something of an account.
#: Readers mark; that they neither move nor delete has tests of its own.
SHARED: dict[str, set[str]] = {
    f"webmail:{name}": who
    for names, who in (
        ("mailbox rows receive_now receiving act seen account", READERS),
        ("message headers source body part attachment", READERS),
        ("answer cancel retry edit arrived send_again", SENDERS),
        ("draft save_draft attach discard detach", AUTHOR),
        ("authorize account_authorized check check_progress members members_change", MANAGERS),
        ("account_remove account_delete", set[str]()),
        ("manage_account manage_account_delete manage_shared_account", FUNCTION),
        ("manage_members manage_members_change", FUNCTION),
    )
    for name in names.split()
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
    """Everybody, one's own mailbox, and what each kind of address names."""
    return address_world.world()


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


def _opens(client: Any, world: dict[str, Any], address: str, who: str) -> bool:
    """Whether ``who`` gets in; whoever does not is told so in the right way."""
    method, _allowed, kind = RULES[address]
    client.logout()
    if who != "nobody":
        client.force_login(world["people"][who])
    with transaction.atomic():  # what one person changed must not meet the next
        url = reverse(address, args=world[kind])
        response = getattr(client, method)(url, _body(address, world))
        transaction.set_rollback(True)
    has_no_undo = address == "webmail:undo" and response.status_code == 404
    if has_no_undo and who != "nobody":
        return True
    if who == "nobody" and response.status_code == 302:
        return not response.url.startswith("/accounts/login/")
    if response.status_code in {403, 404}:
        return False
    assert response.status_code in {200, 204, 302, 303, 400, 422}, (who, response.status_code)
    return True


@pytest.mark.parametrize("address", sorted(RULES))
def test_address_opens_for_those_who_may_and_for_nobody_else(client, world, address) -> None:
    opened = {who for who in PEOPLE if _opens(client, world, address, who)}
    assert opened == RULES[address][1]


def test_every_address_of_an_account_has_a_rule_for_shared_ones() -> None:
    kinds = address_world.KINDS_OF_ACCOUNTS
    assert set(SHARED) == {name for name, (_m, _who, kind) in RULES.items() if kind in kinds}


@pytest.mark.parametrize("address", sorted(SHARED))
def test_shared_account_opens_to_its_members_as_far_as_their_right_goes(
    client, world, address
) -> None:
    world |= address_world.shared_account(world["people"])
    opened = {who for who in PEOPLE if _opens(client, world, address, who)}
    assert opened == SHARED[address]
