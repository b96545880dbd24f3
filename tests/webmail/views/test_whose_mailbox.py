"""Nobody opens somebody else's mailbox: not by application access, not by a delegate's connection, not by a new name."""

from __future__ import annotations

import pytest
from django.urls import reverse

from groupware.functions.models import FunctionAdministrator
from oauthservers.flows import attempts
from oauthservers.models import AuthorizationRequest, AuthorizationServer, Grant
from oauthservers.signals import grant_changed
from tests.factories import webmail as make
from tests.webmail.forms.test_account import form_of
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
from webmail import account_page, connections
from webmail.models import MailAccount

DELEGATE = "delegate@example.test"


@pytest.fixture
def account(db) -> MailAccount:
    """An account whose two directions trust one authorization server."""
    return unauthorized_account(make.AuthorizationServerFactory(name="Microsoft 365"))


def administrator():
    person = make.PersonFactory()
    FunctionAdministrator.objects.create(key="webmail", user=person)
    return person


# -- application access ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [
        {"address": "ceo@example.test"},
        {"receive_username": "ceo@example.test"},
        {"send_username": "ceo@example.test"},
    ],
)
def test_nobody_opens_a_mailbox_by_application_access_that_they_named_themselves(account, names):
    AuthorizationServer.objects.update(access="application")
    type(account.owner).objects.update(email=account.address)
    MailAccount.objects.update(**names)
    browser = signed_in(account.owner)
    assert 'value="application"' not in words(browser.get(page_of(account)))
    assert take(browser, account, way="application").status_code == 403


def test_the_owner_of_the_address_and_administrators_check_application_access(account):
    AuthorizationServer.objects.update(access="application")
    owner = signed_in(account.owner)
    assert "Your administrator has to act." in words(owner.get(page_of(account)))
    type(account.owner).objects.filter(pk=account.owner_id).update(email="Aoki@example.test")
    for person in (account.owner, administrator()):
        assert 'value="application"' in words(signed_in(person).get(page_of(account)))


def test_a_manager_of_a_shared_account_does_not_open_it_by_application_access(account):
    AuthorizationServer.objects.update(access="application")
    manager = make.PersonFactory(email=account.address)
    shared(account, manager)
    assert take(signed_in(manager), account, way="application").status_code == 403


def test_a_token_of_application_access_goes_to_registered_servers_alone(account):
    grant = granted(account, None, access="application", access_token="token")
    account.receive_grant = grant
    account.incoming_server.is_individual = True
    with pytest.raises(connections.NotAuthorizedError):
        connections.receiving_credentials(account)


def test_a_token_goes_to_no_server_of_another_authorization_server(account):
    account.receive_grant = granted(account, access_token="token")
    account.incoming_server.authorization_server = make.AuthorizationServerFactory()
    with pytest.raises(connections.NotAuthorizedError):
        connections.receiving_credentials(account)


def test_a_typed_server_takes_no_tokens_of_application_access(account):
    AuthorizationServer.objects.update(access="application")
    form = account_page.form_for(administrator(), account)
    assert not form.typed_receive.fields["authorization_server"].queryset.exists()


# -- names -----------------------------------------------------------------------------------------


def renamed(account: MailAccount, person, **names: str) -> MailAccount:
    data = form_of(account, **{"authorized_as": account.authorized_as, **names}).data
    form = account_page.form_for(person, account, data)
    assert form.is_valid(), form.errors
    form.save()
    return MailAccount.objects.get(pk=account.pk)


@pytest.mark.parametrize("name", ["address", "receive_username", "send_username"])
def test_a_manager_turns_the_connection_of_a_delegate_to_no_other_mailbox(account, name):
    manager = make.PersonFactory()
    shared(account, manager, authorized_as=DELEGATE)
    grant = granted(account, None)
    MailAccount.objects.update(receive_grant=grant)
    account.refresh_from_db()
    assert renamed(account, manager, display_name="Orders").receive_grant == grant
    account.refresh_from_db()
    assert renamed(account, manager, **{name: DELEGATE}).receive_grant is None


def test_an_owner_turns_application_access_to_no_other_mailbox(account):
    MailAccount.objects.update(receive_grant=granted(account, None, access="application"))
    account.refresh_from_db()
    assert renamed(account, account.owner, receive_username="ceo@x.test").receive_grant is None


def test_own_connections_and_those_that_administrators_look_after_stay(account):
    grant = granted(account)
    MailAccount.objects.update(receive_grant=grant)
    account.refresh_from_db()
    assert renamed(account, account.owner, receive_username="aoki").receive_grant == grant
    account.refresh_from_db()
    assert renamed(account, administrator(), receive_username="aoki1").receive_grant == grant


# -- connections of nobody -------------------------------------------------------------------------


def test_a_delegates_connection_is_used_again_by_who_signed_in_and_by_administrators(account):
    manager = make.PersonFactory()
    shared(account, manager, authorized_as=DELEGATE)
    grant = granted(account, None)
    MailAccount.objects.update(receive_grant=grant)
    other = unauthorized_account(account.incoming_server.authorization_server)
    shared(other, manager, authorized_as=DELEGATE, address="orders@example.test")
    browser = signed_in(manager)
    assert take(browser, other, way="existing", grant=grant.public_id).status_code == 404
    attempt_of(account, user=manager, owner=None, outcome="succeeded", grant=grant)
    for person in (manager, administrator()):
        assert "Use the connection" in words(signed_in(person).get(page_of(other)))


def test_an_attempt_does_not_win_what_somebody_else_gave_to_nobody(account):
    manager, other = make.PersonFactory(), make.PersonFactory()
    shared(account, manager)
    running = attempt_of(account, user=manager, scopes="")
    grant = granted(account, None)
    attempt_of(account, user=other, outcome="succeeded", grant=grant)
    assert attempts.winner(running) is None
    attempt_of(account, user=manager, outcome="succeeded", grant=grant)
    assert attempts.winner(running) == grant


def test_a_connection_that_recovers_is_not_bound_again(account):
    grant = granted(account)
    attempt_of(account, outcome="succeeded", grant=grant)
    Grant.objects.update(refreshed_at=grant.authorized_at)
    grant.refresh_from_db()
    Grant.objects.update(refreshed_at=grant.authorized_at.replace(year=2100))
    grant_changed.send(sender=Grant, grant=Grant.objects.get())
    account.refresh_from_db()
    assert account.receive_grant is None


def test_a_long_way_back_is_left_out_where_it_finds_no_room(client, account):
    take(client, account, next=f"/mail/?q={'あ' * 60}")
    attempt = AuthorizationRequest.objects.get()
    assert len(attempt.next_url) <= 500
    assert reverse("webmail:account_authorized", args=[account.public_id]) in attempt.next_url
