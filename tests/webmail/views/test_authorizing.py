"""The page on which a mailbox is authorized: its ways, its words, who may take them, and where they lead back."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from groupware.functions.models import FunctionAdministrator
from oauthservers.models import AuthorizationRequest, AuthorizationServer
from tests.factories import webmail as make
from tests.webmail.views.authorizing import (
    attempt_of,
    granted,
    page_of,
    shared,
    signed_in,
    take,
    unauthorized_account,
)
from tests.webmail.views.conftest import words
from webmail.models import MailAccount


@pytest.fixture
def account(db) -> MailAccount:
    """An account whose two directions trust one authorization server."""
    return unauthorized_account(make.AuthorizationServerFactory(name="Microsoft 365"))


# -- what is offered -------------------------------------------------------------------------------


def test_one_button_is_primary_and_only_offered_ways_are_shown(client, account):
    page = words(client.get(page_of(account)))
    assert page.count("button-primary") == 1
    assert "Sign in at Microsoft 365" in page
    assert 'value="device"' not in page
    assert 'value="pasted"' not in page
    AuthorizationServer.objects.update(offers_device_code=True, offers_pasted_code=True)
    page = words(client.get(page_of(account)))
    assert 'value="device"' in page
    assert 'value="pasted"' in page


def test_signing_in_asks_once_for_both_directions_and_knows_the_way_back(client, account):
    target = urlsplit(take(client, account, next="/mail/").headers["Location"])
    assert target.netloc == "login.example.test"
    attempt = AuthorizationRequest.objects.get()
    assert (attempt.mailbox_address, attempt.owner) == ("aoki@example.test", account.owner)
    assert "IMAP" in attempt.scopes
    assert "SMTP" in attempt.scopes
    assert parse_qs(urlsplit(attempt.next_url).query) == {"next": ["/mail/"]}


def test_one_direction_is_asked_for_alone(client, account):
    take(client, account, direction="send")
    attempt = AuthorizationRequest.objects.get()
    assert "SMTP" in attempt.scopes
    assert "IMAP" not in attempt.scopes


@pytest.mark.parametrize("address", ["https://elsewhere.example/", "//elsewhere.example/", "mail"])
def test_way_back_is_never_another_site(client, account, address):
    take(client, account, next=address)
    assert "elsewhere" not in AuthorizationRequest.objects.get().next_url
    page = words(client.get(page_of(account, next=address)))
    assert f'name="next" value="{address}"' not in page
    assert f'href="{address}"' not in page


def test_server_of_another_account_and_unknown_ways_are_not_found(client, account):
    other = make.AuthorizationServerFactory()
    answer = client.post(page_of(account), {"way": "redirect", "server": other.public_id})
    assert answer.status_code == 404
    assert take(client, account, way="magic").status_code == 404


def test_a_second_server_for_sending_has_its_own_state_and_button(client, account):
    other = make.AuthorizationServerFactory(name="Campus")
    type(account.outgoing_server).objects.filter(protocol="smtp").update(authorization_server=other)
    MailAccount.objects.update(send_authentication="oauth2", receive_grant=granted(account))
    page = words(client.get(page_of(account)))
    assert "Sign in at Campus" in page
    assert "Authenticate again" in page
    assert page.count("button-primary") == 1


def test_server_that_is_switched_off_offers_nothing_and_says_who_acts(client, account):
    AuthorizationServer.objects.update(is_enabled=False)
    page = words(client.get(page_of(account)))
    assert "Waiting for the administrator" in page
    assert 'name="way"' not in page


def test_application_access_has_nothing_to_do_but_a_check(client, account):
    AuthorizationServer.objects.update(access="application")
    type(account.owner).objects.update(email=account.address)
    page = words(client.get(page_of(account)))
    assert "There is nothing to do" in page
    assert 'value="application"' in page
    assert 'value="redirect"' not in page


def test_a_way_that_cannot_be_begun_says_why_on_the_same_page(client, account):
    AuthorizationServer.objects.update(endpoint="https://login.example.test/oauth2")
    page = words(
        client.post(
            page_of(account),
            {"way": "device", "server": account.incoming_server.authorization_server.public_id},
            follow=True,
        )
    )
    assert 'role="alert"' in page
    assert "Code: " in page
    assert not AuthorizationRequest.objects.exists()


# -- who -------------------------------------------------------------------------------------------


def test_an_administrator_is_told_who_must_sign_in(client, account):
    administrator = make.PersonFactory()
    FunctionAdministrator.objects.create(key="webmail", user=administrator)
    page = words(signed_in(administrator).get(page_of(account)))
    assert "Sign in as aoki@example.test" in page
    assert f"This is the mailbox of {account.owner}" in page


def test_what_an_administrator_brings_belongs_to_the_owner(account):
    administrator = make.PersonFactory(is_system_administrator=True)
    take(signed_in(administrator), account)
    attempt = AuthorizationRequest.objects.get()
    assert (attempt.user, attempt.owner) == (administrator, account.owner)


def test_a_shared_mailbox_takes_the_connection_of_its_delegate(account):
    manager = make.PersonFactory()
    shared(account, manager, authorized_as="delegate@example.test")
    grant = granted(account, manager)
    browser = signed_in(manager)
    assert "Use the connection of delegate@example.test" in words(browser.get(page_of(account)))
    take(browser, account, way="existing", grant=grant.public_id)
    account.refresh_from_db()
    assert account.receive_grant == grant


def test_nobodys_connection_is_taken_only_by_who_looks_after_it_already(account):
    manager = make.PersonFactory()
    shared(account, manager, authorized_as="ceo@example.test")
    grant = granted(account, None)
    browser = signed_in(manager)
    assert "Use the connection" not in words(browser.get(page_of(account)))
    assert take(browser, account, way="existing", grant=grant.public_id).status_code == 404
    account.refresh_from_db()
    assert account.receive_grant is None


# -- the way back ----------------------------------------------------------------------------------


def test_the_answer_leads_back_to_where_the_person_was(client, account):
    grant = granted(account)
    attempt_of(account, outcome="succeeded", grant=grant)
    back = reverse("webmail:account_authorized", args=[account.public_id])
    answer = client.get(back, {"grant": str(grant.public_id), "next": "/mail/outbox/"})
    assert answer.headers["Location"] == "/mail/outbox/"
    account.refresh_from_db()
    assert account.receive_grant == grant


def test_wrong_account_shows_both_names_and_one_way_on(client, account):
    attempt = attempt_of(
        account, outcome="failed", error_code="identity_mismatch", signed_in_as="b@example.test"
    )
    page = words(client.get(page_of(account, authorization=str(attempt.public_id))))
    assert "<strong>b@example.test</strong>" in page
    assert "<strong>aoki@example.test</strong>" in page
    assert page.count("button-primary") == 1
    assert "Use another account" in page


def test_who_signed_in_instead_can_be_named_as_the_delegate(client, account):
    attempt = attempt_of(
        account, outcome="failed", error_code="identity_mismatch", signed_in_as="b@example.test"
    )
    answer = take(client, account, way="delegate", attempt=attempt.public_id)
    account.refresh_from_db()
    assert account.authorized_as == "b@example.test"
    assert urlsplit(answer.headers["Location"]).netloc == "login.example.test"
    assert AuthorizationRequest.objects.latest("pk").mailbox_address == "b@example.test"


def test_nobody_is_named_as_the_delegate_who_did_not_sign_in(client, account):
    attempt = attempt_of(account, outcome="failed", error_code="access_denied")
    assert take(client, account, way="delegate", attempt=attempt.public_id).status_code == 404
    account.refresh_from_db()
    assert account.authorized_as == ""


@pytest.mark.parametrize(("is_connected", "is_said"), [(True, True), (False, False)])
def test_a_connection_goes_on_working_is_said_when_there_is_one(
    client, account, is_connected, is_said
):
    if is_connected:
        MailAccount.objects.update(receive_grant=granted(account))
    attempt = attempt_of(account, outcome="failed", error_code="access_denied")
    page = words(client.get(page_of(account, authorization=str(attempt.public_id))))
    assert "You stopped the connection." in page
    assert ("The connection that was there goes on working." in page) == is_said
    assert page.count('role="alert"') - page.count('data-banner="session-ended" role="alert"') == 1


def test_approval_comes_as_a_text_to_send_with_the_address_for_the_whole_tenant(client, account):
    attempt_of(account, outcome="failed", error_code="administrator_consent")
    page = words(client.get(page_of(account)))
    assert "Waiting for the administrator" in page
    assert "https://login.example.test/tenant/v2.0/adminconsent?client_id=client" in page
    assert "IMAP.AccessAsUser.All" in page
    assert "Sign in at Microsoft 365" in page


def test_a_code_that_waits_is_found_again(client, account):
    AuthorizationServer.objects.update(offers_device_code=True)
    attempt = attempt_of(account, flow="device", user_code="ABCD-EFGH")
    page = words(client.get(page_of(account)))
    assert reverse("oauthservers:attempt", args=[attempt.public_id]) in page
    shown = words(client.get(reverse("oauthservers:attempt", args=[attempt.public_id])))
    assert "ABCD-EFGH" in shown
