"""Fourteen ways in which an answer at the callback is not a good one: no grant is written, and the audit log tells why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from groupware.audit.models import AuditEvent
from groupware.users.models import User
from oauthservers.models import AuthorizationRequest, AuthorizationServer, Grant
from tests.oauthservers.browsing import altered, come_back, leave, page_of
from tests.oauthservers.conftest import MAILBOX

REFUSED, FAILED = "oauthservers.authorization.refused", "oauthservers.authorization.failed"
OTHER = "kenji@lab.example"


@dataclass
class Callback:
    """A person on the way back from the laboratory's server, with a good answer in hand."""

    browser: Client
    person: User
    realm: Any
    servers: dict[str, AuthorizationServer]
    answer: str
    leaving: str
    earlier: str = ""
    redeemed: int = field(default=0)

    def with_parameters(self, **changes: Any) -> str:
        return come_back(self.browser, altered(self.answer, **changes))


@pytest.fixture
def callback(browser, person, sandbox, servers):
    leaving = leave(browser, servers["generic"], MAILBOX["generic"])
    answer = sandbox.generic.approve(leaving, MAILBOX["generic"])
    return Callback(browser, person, sandbox.generic, servers, answer, leaving)


def replayed(way: Callback) -> str:
    """The first time it was for another mailbox and nothing was stored; the second time it is not redeemed again."""
    answer = way.realm.approve(way.leaving, OTHER)
    first = come_back(way.browser, answer)
    second = come_back(way.browser, answer)
    assert first == second
    way.redeemed = 1
    return second


def forged_state(way: Callback) -> str:
    return way.with_parameters(state="x" * 43)


def no_state(way: Callback) -> str:
    return way.with_parameters(state=None)


def late(way: Callback) -> str:
    AuthorizationRequest.objects.update(expires_at=timezone.now())
    return way.with_parameters()


def other_browser_session(way: Callback) -> str:
    way.browser = Client()
    way.browser.force_login(way.person)
    return way.with_parameters()


def other_person(way: Callback) -> str:
    way.browser = Client()
    way.browser.force_login(User.objects.create_user("mallory"))
    return way.with_parameters()


def address_of_another_server(way: Callback) -> str:
    here, there = (str(way.servers[name].public_id) for name in ("generic", "google"))
    return come_back(way.browser, way.answer.replace(here, there))


def wrong_issuer(way: Callback) -> str:
    return way.with_parameters(iss="https://evil.example")


def missing_issuer_where_it_was_promised(way: Callback) -> str:
    AuthorizationServer.objects.update(requires_issuer_in_response=True)
    return way.with_parameters(iss=None)


def error(way: Callback) -> str:
    return way.with_parameters(code=None, error="access_denied")


def error_beside_a_code(way: Callback) -> str:
    return way.with_parameters(error="server_error")


def no_code(way: Callback) -> str:
    return way.with_parameters(code=None)


def repeated_parameter(way: Callback) -> str:
    return come_back(way.browser, f"{way.answer}&code=another")


def code_refused_by_the_server(way: Callback) -> str:
    way.redeemed = 1
    return way.with_parameters(code="invented")


def signed_out(way: Callback) -> str:
    way.browser = Client()
    return way.with_parameters()


#: What happens, which event is recorded, with which code; whether the page is one of the callback's own.
CASES = [
    (replayed, REFUSED, "replayed", False),
    (forged_state, REFUSED, "state_unknown", True),
    (no_state, REFUSED, "state_unknown", True),
    (late, FAILED, "expired", True),
    (other_browser_session, REFUSED, "other_session", True),
    (other_person, REFUSED, "other_person", True),
    (address_of_another_server, REFUSED, "other_server", True),
    (wrong_issuer, FAILED, "issuer_mismatch", False),
    (missing_issuer_where_it_was_promised, FAILED, "issuer_missing", False),
    (error, FAILED, "access_denied", False),
    (error_beside_a_code, FAILED, "temporarily_unavailable", False),
    (no_code, FAILED, "code_missing", False),
    (repeated_parameter, REFUSED, "state_unknown", True),
    (code_refused_by_the_server, FAILED, "code_refused", False),
    (signed_out, REFUSED, "signed_out", True),
]


@pytest.mark.parametrize(
    ("happens", "event", "code", "is_own_page"), CASES, ids=[case[0].__name__ for case in CASES]
)
def test_no_grant_is_written_and_the_audit_log_tells_why(
    callback, happens, event, code, is_own_page
):
    AuditEvent.objects.all().delete()
    place = happens(callback)
    assert Grant.objects.count() == 0
    events = AuditEvent.objects.filter(name=event)
    assert [found.details["error"] for found in events] == [code]
    assert len(callback.realm.token_requests("authorization_code")) == callback.redeemed
    if is_own_page:
        assert place.partition("?")[0] == reverse("oauthservers:refused", args=[code])
        assert page_of(callback.browser, place)
    else:
        attempt = AuthorizationRequest.objects.get()
        assert place.endswith(f"authorization={attempt.public_id}")
        assert attempt.outcome == "failed"
        assert (attempt.code_verifier, attempt.nonce) == ("", "")


@pytest.mark.parametrize("happens", [forged_state, no_state, repeated_parameter, signed_out])
def test_good_answer_still_counts_after_a_bad_one(callback, person, happens):
    browser = callback.browser
    happens(callback)
    come_back(browser, callback.answer)
    assert Grant.objects.get().created_by == person
