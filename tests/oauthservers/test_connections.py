"""My connections: what a person sees of the mailboxes they authorized."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from groupware.users.models import User
from oauthservers.models import AuthorizationServer, Grant
from tests.factories import webmail as make
from tests.oauthservers.conftest import grant_for


@pytest.fixture
def browser(person):
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def grant(sandbox, servers, person):
    return grant_for(sandbox.generic, servers["generic"], person)


def words(browser):
    return browser.get(reverse("oauthservers:grants")).content.decode()


def test_empty_page_says_what_to_do(browser):
    assert "No mailbox is connected yet" in words(browser)


def test_active_connection_is_shown_and_its_form_may_leave_for_the_server(browser, grant, servers):
    answer = browser.get(reverse("oauthservers:grants"))
    assert "Active" in answer.content.decode()
    assert grant.access_token not in answer.content.decode()
    assert servers["generic"].issuer in answer["Content-Security-Policy"]


PAST = datetime(2026, 11, 1, tzinfo=UTC)
STATES = {
    "ended": (
        ["Authorization needed again", "Access to this mailbox ended."],
        {"state": "reauthorization_required", "error_code": "invalid_grant"},
    ),
    "renewing is late": (
        ["Active", "asks us to wait"],
        {"failures": 3, "error_code": "throttled"},
    ),
    "token over, renewing fails": (
        ["Expired", "cannot be reached"],
        {"failures": 3, "error_code": "unreachable", "access_token_expires_at": PAST},
    ),
    "disconnected": (
        ["Authorization needed again", "This mailbox is disconnected."],
        {"state": "revoked", "state_since": PAST},
    ),
}


@pytest.mark.parametrize(("texts", "columns"), STATES.values(), ids=STATES)
def test_state_is_told_in_words(browser, grant, texts, columns):
    Grant.objects.update(**columns)
    page = words(browser)
    assert [text for text in texts if text not in page] == []


def test_dialog_says_what_stops_when_a_connection_ends(browser, grant, person):
    assert "so nothing stops" in words(browser)
    make.MailAccountFactory(
        owner=person,
        address=grant.mailbox_address,
        incoming_server=make.MailServerFactory(authorization_server=grant.server),
        outgoing_server=make.MailServerFactory(protocol="smtp", authorization_server=grant.server),
        receive_authentication="oauth2",
        receive_grant=grant,
    )
    page = words(browser)
    assert f"{grant.mailbox_address}: receiving and sending" in page
    assert "This stops until the mailbox is authorized again:" in page


def test_server_at_fault_makes_people_wait_for_the_administrator(browser, grant):
    AuthorizationServer.objects.update(
        fault_code="client_secret_expired", fault_since=timezone.now()
    )
    assert "Waiting for the administrator" in words(browser)
    assert "Authorization needed again" not in words(browser)


def test_disconnecting_erases_the_tokens(browser, grant, sandbox):
    answer = browser.post(reverse("oauthservers:disconnect", args=[grant.public_id]), follow=True)
    assert "is disconnected" in answer.content.decode()
    assert Grant.objects.get().refresh_token == ""
    assert Grant.objects.get().state == Grant.State.REVOKED


def test_nobody_sees_or_ends_the_connection_of_somebody_else(grant):
    client = Client()
    client.force_login(User.objects.create_user("mallory", is_system_administrator=True))
    assert grant.mailbox_address not in words(client)
    answer = client.post(reverse("oauthservers:disconnect", args=[grant.public_id]))
    assert answer.status_code == 404
    assert Grant.objects.get().state == Grant.State.ACTIVE


def test_connection_is_not_ended_by_a_link(browser, grant):
    assert (
        browser.get(reverse("oauthservers:disconnect", args=[grant.public_id])).status_code == 405
    )
    assert Grant.objects.get().state == Grant.State.ACTIVE


def test_every_code_has_words(browser):
    from oauthservers.error_messages import CODES, advise

    for code in CODES:
        advice = advise(code, server="Server", mailbox="a@x", signed_in_as="b@x", scopes="mail")
        assert advice.headline
        assert "%(" not in advice.headline
        assert advice.still_works
        assert advice.who
