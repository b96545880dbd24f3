"""No dead ends: every page after an attempt has one next step, and leads to nobody else's attempt."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from groupware.users.models import User
from oauthservers.models import AuthorizationRequest, AuthorizationServer, Grant
from tests.oauthservers.browsing import NEXT, altered, come_back, leave
from tests.oauthservers.conftest import MAILBOX


@pytest.fixture
def browser(person):
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def answer(browser, sandbox, servers):
    """A good answer of the generic server, not yet brought back."""
    leaving = leave(browser, servers["generic"], MAILBOX["generic"])
    return sandbox.generic.approve(leaving, MAILBOX["generic"])


def attempt_of(person, server, **values):
    defaults = {
        "flow": "device",
        "user": person,
        "owner": person,
        "server": server,
        "state_hash": str(AuthorizationRequest.objects.count()),
        "user_code": "ABCD-EFGH",
        "mailbox_address": MAILBOX["generic"],
        "scopes": "mail",
        "next_url": NEXT,
        "expires_at": timezone.now() + timedelta(minutes=10),
    }
    return AuthorizationRequest.objects.create(**(defaults | values))


def words(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_late_answer_leads_back_to_the_page_it_was_begun_on(answer, browser):
    AuthorizationRequest.objects.update(expires_at=timezone.now())
    page = words(browser, come_back(browser, answer))
    assert "This sign-in took too long." in page
    assert page.count("button-primary") == 1
    assert f'href="{NEXT}"' in page


def test_answer_of_another_browser_does_not_tell_a_stranger_whose_it_was(answer):
    stranger = Client()
    stranger.force_login(User.objects.create_user("mallory"))
    page = words(stranger, come_back(stranger, answer))
    assert MAILBOX["generic"] not in page
    assert page.count("button-primary") == 1


def test_forged_answer_has_a_next_step(answer, browser):
    page = words(browser, come_back(browser, altered(answer, state="forged")))
    assert page.count("button-primary") == 1
    assert reverse("users:settings") in page


@pytest.mark.parametrize("is_signed_in", [True, False])
def test_administrator_who_approved_is_thanked_and_nothing_is_written(
    browser, servers, is_signed_in
):
    client = browser if is_signed_in else Client()
    callback = reverse("oauthservers:callback", args=[servers["microsoft"].public_id])
    answer = client.get(f"{callback}?admin_consent=True&tenant=0f1e", follow=True)
    assert "Your answer has been taken" in answer.content.decode()
    assert not Grant.objects.exists()
    assert not AuthorizationRequest.objects.exists()


@pytest.mark.parametrize("name", ["attempt", "attempt_state", "attempt_again"])
def test_attempt_of_somebody_else_is_not_found(person, servers, name):
    attempt = attempt_of(person, servers["generic"])
    stranger = Client()
    stranger.force_login(User.objects.create_user("mallory", is_system_administrator=True))
    address = reverse(f"oauthservers:{name}", args=[attempt.public_id])
    ask = stranger.post if name == "attempt_again" else stranger.get
    assert ask(address).status_code == 404


def test_page_that_waits_hears_nothing_then_the_end(browser, person, servers):
    attempt = attempt_of(person, servers["generic"])
    address = reverse("oauthservers:attempt_state", args=[attempt.public_id])
    assert browser.get(address).status_code == 204
    AuthorizationRequest.objects.update(outcome="failed", error_code="access_denied")
    assert "You stopped the connection." in words(browser, address)


def test_code_that_ran_out_is_said_to_be_over_though_no_worker_noticed(browser, person, servers):
    attempt = attempt_of(person, servers["generic"], expires_at=timezone.now())
    page = words(browser, reverse("oauthservers:attempt", args=[attempt.public_id]))
    assert "ABCD-EFGH" not in page
    assert "Get a new code" in page
    assert page.count("button-primary") == 1


def test_new_code_that_cannot_be_had_says_why(browser, person, servers):
    attempt = attempt_of(person, servers["generic"], outcome="failed", error_code="expired")
    AuthorizationServer.objects.update(is_enabled=False)
    answer = browser.post(reverse("oauthservers:attempt_again", args=[attempt.public_id]))
    assert answer.status_code == 422
    assert "is switched off in the groupware" in answer.content.decode()
