"""Sign-ins that go wrong, grants that end, a registration that is at fault."""

from __future__ import annotations

import pytest

from oauthservers import tasks as oauth_tasks
from oauthservers.models import AuthorizationServer, Grant
from tests.journeys.test_connecting import fill_in, leave_for_sign_in
from tests.journeys.town import ADDRESS, Town
from tests.journeys.visitor import Visitor
from webmail import tasks
from webmail.models import MailAccount, Message

Health = MailAccount.Health
OTHER = {"alice": "maria", "olga": "kenji"}


def press_authenticate(visitor: Visitor, account: MailAccount) -> None:
    """Open the form of an account and press Authenticate."""
    visitor.get(f"/settings/mail/{account.public_id}/")
    visitor.submit(visitor.page.form("authenticate"), ("authenticate", "receive"))
    leave_for_sign_in(visitor)


@pytest.mark.parametrize("username", ["alice", "olga"])
def test_the_wrong_account_stores_nothing_and_both_names_are_shown(
    office: Town, username: str
) -> None:
    visitor = office.visitor(username)
    fill_in(visitor, username, "imap", button="authenticate")
    page = visitor.consent(office.realm(username), ADDRESS[OTHER[username]])

    account = MailAccount.objects.get()
    assert page.address.startswith(f"{office.base}/settings/mail/{account.public_id}/")
    assert ADDRESS[username] in page.words and ADDRESS[OTHER[username]] in page.words
    assert "is authorized" not in page.words and "Active" not in page.words
    assert not Grant.objects.exists() and account.receive_grant is None


def test_the_wrong_account_leaves_a_working_connection_alone(office: Town) -> None:
    account = office.account("alice")
    before = Grant.objects.values().get()
    visitor = office.visitor("alice")
    press_authenticate(visitor, account)
    visitor.consent(office.realm("alice"), ADDRESS["maria"])
    assert ADDRESS["maria"] in visitor.page.words
    assert Grant.objects.values().get() == before
    office.deliver("alice", "Still here")
    tasks.sync_account(account.pk)
    assert office.subjects(account) == ["Still here"]


@pytest.mark.parametrize("username", ["alice", "haruka", "olga"])
def test_who_cancels_is_told_and_nothing_is_stored(office: Town, username: str) -> None:
    visitor = office.visitor(username)
    fill_in(visitor, username, "imap", button="authenticate")
    page = visitor.cancel_consent(office.realm(username), ADDRESS[username])
    assert "You stopped the connection." in page.words and "Active" not in page.words
    assert not Grant.objects.exists() and MailAccount.objects.get().receive_grant is None


def test_an_answer_cannot_be_used_twice(office: Town) -> None:
    visitor = office.visitor("alice")
    fill_in(visitor, "alice", "imap", button="authenticate")
    way_back = office.realm("alice").approve(visitor.page.leaves_for, ADDRESS["alice"])
    assert "is authorized" in visitor.get(way_back).words
    before = Grant.objects.values().get()
    visitor.get(way_back)
    assert Grant.objects.values().get() == before
    assert len(office.realm("alice").token_requests("authorization_code")) == 1


def test_somebody_elses_browser_cannot_bring_the_answer(office: Town) -> None:
    alice, maria = office.visitor("alice"), office.visitor("maria")
    fill_in(alice, "alice", "imap", button="authenticate")
    way_back = office.realm("alice").approve(alice.page.leaves_for, ADDRESS["alice"])
    assert "started by somebody else" in maria.get(way_back).words
    assert not Grant.objects.exists()
    assert "is authorized" in alice.get(way_back).words


def test_a_revoked_grant_stops_polling_until_its_owner_authorizes_again(office: Town) -> None:
    realm = office.realm("alice")
    office.deliver("alice", "Before")
    account = office.account("alice")
    assert office.sweep() == [account.pk]
    before = Message.objects.values().get()

    realm.revoke(ADDRESS["alice"])
    office.outdate()
    office.deliver("alice", "Meanwhile")
    office.sweep()
    account.refresh_from_db()
    assert account.receive_health == Health.OWNER_REQUIRED
    asked = len(realm.token_requests())
    for _round in range(3):
        assert office.sweep() == []
        oauth_tasks.refresh_grant(account.receive_grant_id)
        tasks.receive_now(account.pk)
    assert len(realm.token_requests()) == asked

    visitor = office.visitor("alice")
    page = visitor.get("/mail/")
    assert "Access to this mailbox ended" in page.words and "Authenticate again" in page.words
    message = Message.objects.get(subject="Before")
    assert "Here they are." in visitor.get(f"/mail/messages/{message.public_id}/").words

    press_authenticate(visitor, account)
    page = visitor.consent(realm, ADDRESS["alice"])
    assert "is authorized" in page.words and "Active" in page.words
    assert office.sweep() == [account.pk]
    assert office.subjects(account) == ["Before", "Meanwhile"]
    kept = Message.objects.values().get(subject="Before")
    assert {**kept, "is_seen": False, "mod_seq": 0} == {**before, "is_seen": False, "mod_seq": 0}
    account.refresh_from_db()
    assert account.receive_health == Health.WORKING and Grant.objects.count() == 1
    assert "Access to this mailbox ended" not in visitor.get("/mail/").words


def test_a_refused_registration_is_one_fault_of_the_server_and_nobody_signs_in_again(
    office: Town,
) -> None:
    realm = office.realm("alice")
    accounts = [office.account("alice"), office.account("maria")]
    office.sweep()
    realm.change_secret("another-secret")
    office.outdate()
    realm.reset_counters()
    office.deliver("alice", "Waiting")
    for _round in range(3):
        office.sweep()

    assert [r["error"] for r in realm.token_requests()] == ["invalid_client"]
    server = AuthorizationServer.objects.get(key="microsoft")
    assert server.fault_code and set(Grant.objects.values_list("state", flat=True)) == {"active"}
    for account in accounts:
        account.refresh_from_db()
        assert account.receive_health == Health.ADMINISTRATOR_REQUIRED
    alice = office.visitor("alice")
    assert "administrator has to act" in alice.get("/mail/").words
    assert "Authenticate again" not in alice.page.words

    admin = office.visitor("admin")
    admin.get(f"/system/authorization-servers/{server.public_id}/edit/")
    admin.submit(admin.page.form("client_secret"), client_secret="another-secret")
    assert admin.page.status == 200, admin.page.words
    assert office.sweep() == [account.pk for account in accounts]
    assert office.subjects(accounts[0]) == ["Waiting"]
    server.refresh_from_db()
    assert server.fault_code == "" and realm.token_requests("authorization_code") == []


def test_a_server_that_gives_no_refresh_token_is_named_and_nothing_is_stored(office: Town) -> None:
    realm = office.realm("olga")
    realm.set(omit_refresh_token=True)
    visitor = office.visitor("olga")
    fill_in(visitor, "olga", "imap", button="authenticate")
    page = visitor.consent(realm, ADDRESS["olga"])
    assert page.status == 200 and "Active" not in page.words
    assert 'role="alert"' in page.html and not Grant.objects.exists()


@pytest.mark.parametrize("username", ["alice", "haruka", "olga"])
def test_a_refresh_without_a_new_refresh_token_keeps_the_old_one(
    office: Town, username: str
) -> None:
    realm = office.realm(username)
    account = office.account(username)
    realm.set(omit_refresh_token=True, rotation="none")
    for number in range(3):
        office.outdate()
        office.deliver(username, f"Message {number}")
        assert office.sweep() == [account.pk]
    assert office.subjects(account) == ["Message 0", "Message 1", "Message 2"]
    assert [r["error"] for r in realm.token_requests("refresh_token")] == [""] * 3
