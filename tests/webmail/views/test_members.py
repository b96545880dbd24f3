"""Members of a shared account: who adds, changes and removes them, and what the audit log says."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from groupware.audit.models import AuditEvent
from groupware.functions.models import FunctionAdministrator
from tests.factories import shared
from tests.factories import webmail as make
from tests.webmail.views.conftest import words
from webmail.models import AccountMember, MailAccount, WebmailPolicy

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager():
    """Somebody who manages the shared account."""
    return make.PersonFactory(username="manager")


@pytest.fixture
def account(manager) -> MailAccount:
    """A shared account with its manager alone."""
    return shared.shared_account(manager=manager)


@pytest.fixture
def client(manager) -> Client:
    """The manager's browser."""
    browser = Client()
    browser.force_login(manager)
    return browser


@pytest.fixture
def administrator() -> Client:
    """A function administrator's browser."""
    person = make.PersonFactory(username="administrator")
    FunctionAdministrator.objects.create(key="webmail", user=person)
    browser = Client()
    browser.force_login(person)
    return browser


def page_of(account: MailAccount, prefix: str = "") -> str:
    return reverse(f"webmail:{prefix}members", args=[account.public_id])


def change_of(account: MailAccount, prefix: str = "") -> str:
    return reverse(f"webmail:{prefix}members_change", args=[account.public_id])


def rights(account: MailAccount) -> dict[str, str]:
    return {
        str(member.user or member.unit): member.role
        for member in account.members.select_related("user", "unit")
    }


def test_a_person_is_added_by_user_name_or_address(client, account, manager) -> None:
    person = make.PersonFactory(username="sato", email="sato@example.test")
    client.post(page_of(account), {"person": "SATO@example.test", "role": "sender"})
    assert account.members.get(user=person).role == "sender"
    event = AuditEvent.objects.get(name="webmail.member.added")
    assert (event.actor, event.details) == (manager, {"person": "sato", "role": "sender"})


def test_a_department_is_added_and_opens_the_account_to_everybody_below_it(client, account) -> None:
    division = shared.unit("sales")
    person = make.PersonFactory()
    shared.unit("east", division, person)
    client.post(page_of(account), {"unit": str(division.public_id), "role": "reader"})
    assert MailAccount.objects.visible_to(person).get() == account


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"person": "nobody-here"}, "Nobody signs in with nobody-here."),
        ({}, "one of the two"),
        ({"person": "manager"}, "is a member already"),
        ({"person": "sato", "role": "owner"}, "not one of the available choices"),
    ],
)
def test_what_cannot_be_added_is_refused_with_the_reason(client, account, fields, sentence) -> None:
    make.PersonFactory(username="sato")
    response = client.post(page_of(account), {"role": "reader"} | fields)
    assert response.status_code == 422
    assert sentence in words(response)
    assert account.members.count() == 1


def test_a_person_and_a_department_together_are_refused(client, account) -> None:
    make.PersonFactory(username="sato")
    fields = {"person": "sato", "unit": str(shared.unit("sales").public_id), "role": "reader"}
    assert "one of the two" in words(client.post(page_of(account), fields))


def test_selected_members_get_another_right_or_are_removed(administrator, account, manager) -> None:
    sato, mori = make.PersonFactory(username="sato"), make.PersonFactory(username="mori")
    members = [shared.give(account, person) for person in (sato, mori)]
    change = change_of(account, "manage_")
    selected = [str(member.public_id) for member in members]
    administrator.post(change, {"selected": selected, "role": "sender"})
    assert rights(account) == {str(sato): "sender", str(mori): "sender", str(manager): "manager"}
    administrator.post(change, {"selected": selected[:1], "remove": "1"})
    assert rights(account) == {str(mori): "sender", str(manager): "manager"}
    changed = AuditEvent.objects.filter(name="webmail.member.changed")
    assert [event.details["before"] for event in changed] == ["reader", "reader"]
    removed = AuditEvent.objects.get(name="webmail.member.removed")
    assert (removed.actor.username, removed.details["person"]) == ("administrator", "sato")


def test_members_of_another_account_are_out_of_reach(client, account) -> None:
    other = make.account_with_folders(owner=None, kind="shared", address="other@example.test")
    member = shared.give(other, make.PersonFactory())
    client.post(change_of(account), {"selected": str(member.public_id), "remove": "1"})
    assert AccountMember.objects.filter(pk=member.pk).exists()


def test_a_manager_who_gives_up_the_right_is_shown_out(client, account, manager) -> None:
    member = account.members.get(user=manager)
    response = client.post(
        change_of(account), {"selected": str(member.public_id), "role": "reader"}, follow=True
    )
    assert response.request["PATH_INFO"] == reverse("webmail:account_list")
    assert client.get(page_of(account)).status_code == 404


def test_a_manager_changes_the_settings_and_readers_see_them_read_only(client, account) -> None:
    reader = make.PersonFactory()
    shared.give(account, reader)
    address = reverse("webmail:account", args=[account.public_id])
    fields = {
        "address": account.address,
        "display_name": "Orders desk",
        "is_enabled": "on",
        "incoming_server": account.incoming_server_id,
        "receive_authentication": "password",
        "outgoing_server": account.outgoing_server_id,
        "send_authentication": "same_as_receiving",
        "sent_copy": "automatic",
    }
    WebmailPolicy.objects.create(allows_individual_settings=False)  # of personal accounts
    assert client.post(address, fields).status_code == 302
    account.refresh_from_db()
    assert account.display_name == "Orders desk"
    browser = Client()
    browser.force_login(reader)
    page = words(browser.get(address))
    assert "The managers of this account change its settings" in page
    assert str(account.members.get(role="manager").user) in page
    assert "Can read." in page
    for control in ('name="save"', 'name="authenticate"', "Members"):
        assert control not in page
    assert browser.post(address, fields | {"display_name": "x"}).status_code == 403


def test_shared_accounts_stand_in_a_section_of_their_own(client, account) -> None:
    page = words(client.get(reverse("webmail:account_list")))
    assert page.index("Shared accounts") < page.index(account.address)


def test_nobody_removes_a_shared_account_from_personal_settings(client, account) -> None:
    for name in ("account_remove", "account_delete"):
        address = reverse(f"webmail:{name}", args=[account.public_id])
        assert client.post(address).status_code in {404, 405}
    account.refresh_from_db()
    assert account.removed_at is None


def test_an_administrator_sets_up_a_shared_account_and_goes_on_to_its_members(
    administrator, account
) -> None:
    fields = {
        "address": "info@example.test",
        "name": "Information",
        "is_enabled": "on",
        "authorized_as": "aoki@example.test",
        "incoming_server": account.incoming_server_id,
        "receive_authentication": "password",
        "new_receive_password": "x",
        "outgoing_server": "",
        "sent_copy": "automatic",
    }
    response = administrator.post(reverse("webmail:manage_shared_new"), fields)
    made = MailAccount.objects.get(address="info@example.test")
    assert (made.kind, made.owner, made.authorized_as) == ("shared", None, "aoki@example.test")
    assert response.url == page_of(made, "manage_")
    page = words(administrator.get(reverse("webmail:manage_shared")))
    assert "Information" in page
    assert "Nobody yet" in page
    personal = words(administrator.get(reverse("webmail:manage_accounts")))
    assert "info@example.test" not in personal
