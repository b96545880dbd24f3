"""Answers that bring nothing, or come twice; ``test_callback_refusals`` has the table of the others."""

from __future__ import annotations

import pytest

from oauthservers.models import AuthorizationRequest, Grant
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


def test_error_of_another_issuer_is_not_taken_for_the_persons_no(answer, browser):
    come_back(
        browser, altered(answer, code=None, error="access_denied", iss="https://evil.example")
    )
    assert AuthorizationRequest.objects.get().error_code == "issuer_mismatch"
    assert not Grant.objects.exists()


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
