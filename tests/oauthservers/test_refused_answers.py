"""Answers that are not this person's, not this attempt's or not this server's: nothing is stored, and a page says why."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from groupware.users.models import User
from oauthservers.models import AuthorizationRequest, AuthorizationServer, Grant
from tests.oauthservers.browsing import altered, come_back, leave, page_of
from tests.oauthservers.conftest import MAILBOX


@pytest.fixture(params=["microsoft", "google", "generic"])
def kind(request):
    return request.param


@pytest.fixture
def realm(sandbox, kind):
    return getattr(sandbox, kind)


@pytest.fixture
def answer(browser, sandbox, servers):
    """A good answer of the generic server, not yet brought back."""
    leaving = leave(browser, servers["generic"], MAILBOX["generic"])
    return sandbox.generic.approve(leaving, MAILBOX["generic"])


@pytest.fixture
def nothing_stored(sandbox):
    """Holds at the end of the test: no grant, and unless the test says otherwise no code was redeemed."""
    yield
    assert not Grant.objects.exists()
    assert sandbox.generic.token_requests("authorization_code") == []


def test_answer_in_another_browser_is_refused(answer, person, nothing_stored):
    elsewhere = Client()
    elsewhere.force_login(person)
    place = come_back(elsewhere, answer)
    assert place == reverse("oauthservers:refused", args=["other_session"])
    assert "another browser" in page_of(elsewhere, place)


def test_answer_for_another_person_is_refused(answer, nothing_stored):
    elsewhere = Client()
    elsewhere.force_login(User.objects.create_user("mallory"))
    assert come_back(elsewhere, answer) == reverse("oauthservers:refused", args=["other_person"])


def test_answer_to_somebody_signed_out_is_refused_without_carrying_the_code_on(
    answer, nothing_stored
):
    nobody = Client()
    place = come_back(nobody, answer)
    assert place == reverse("oauthservers:refused", args=["signed_out"])
    assert "Sign in" in page_of(nobody, place)


def test_answer_after_ten_minutes_is_refused(answer, browser, nothing_stored):
    AuthorizationRequest.objects.update(expires_at=timezone.now())
    assert come_back(browser, answer) == reverse("oauthservers:refused", args=["expired"])


def test_answer_without_state_is_refused(answer, browser, nothing_stored):
    place = come_back(browser, altered(answer, state=None))
    assert place == reverse("oauthservers:refused", args=["state_unknown"])


def test_answer_with_an_invented_state_is_refused(answer, browser, nothing_stored):
    place = come_back(browser, altered(answer, state="x" * 43))
    assert place == reverse("oauthservers:refused", args=["state_unknown"])


def test_answer_at_the_address_of_another_server_is_refused(
    answer, browser, servers, nothing_stored
):
    mixed_up = answer.replace(str(servers["generic"].public_id), str(servers["google"].public_id))
    place = come_back(browser, mixed_up)
    assert place == reverse("oauthservers:refused", args=["other_server"])


def test_answer_of_another_issuer_is_refused(answer, browser, nothing_stored):
    come_back(browser, altered(answer, iss="https://evil.example"))
    assert AuthorizationRequest.objects.get().error_code == "issuer_mismatch"


def test_missing_issuer_is_refused_where_the_server_promised_it(
    answer, browser, servers, nothing_stored
):
    AuthorizationServer.objects.filter(pk=servers["generic"].pk).update(
        requires_issuer_in_response=True
    )
    come_back(browser, altered(answer, iss=None))
    assert AuthorizationRequest.objects.get().error_code == "issuer_missing"


def test_error_of_another_issuer_is_not_taken_for_the_persons_no(answer, browser, nothing_stored):
    come_back(
        browser, altered(answer, code=None, error="access_denied", iss="https://evil.example")
    )
    assert AuthorizationRequest.objects.get().error_code == "issuer_mismatch"


def test_answer_without_code_is_refused(answer, browser, nothing_stored):
    come_back(browser, altered(answer, code=None))
    assert AuthorizationRequest.objects.get().error_code == "code_missing"


def test_answer_with_a_repeated_parameter_is_refused(answer, browser, nothing_stored):
    place = come_back(browser, f"{answer}&code=another")
    assert place == reverse("oauthservers:refused", args=["state_unknown"])


def test_person_who_cancels_is_told_so(browser, realm, servers, kind):
    realm.forget_consent(MAILBOX[kind])
    place = come_back(
        browser, realm.decline(leave(browser, servers[kind], MAILBOX[kind]), MAILBOX[kind])
    )
    assert not Grant.objects.exists()
    assert "You stopped the connection." in page_of(browser, place)


def test_answer_that_comes_twice_shows_the_first_result_and_is_redeemed_once(
    answer, browser, sandbox
):
    assert come_back(browser, answer) == come_back(browser, answer)
    assert Grant.objects.count() == 1
    assert len(sandbox.generic.token_requests("authorization_code")) == 1


def test_invented_code_is_refused_by_the_server(answer, browser, sandbox):
    come_back(browser, altered(answer, code="invented"))
    assert not Grant.objects.exists()
    assert AuthorizationRequest.objects.get().error_code == "code_refused"
