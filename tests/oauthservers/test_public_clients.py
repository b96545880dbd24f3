"""Microsoft tells grants of public clients from those of confidential ones; one registration may be both."""

from __future__ import annotations

import pytest
from django.utils import timezone

from oauthservers import vault
from oauthservers.flows import device_code
from oauthservers.models import AuthorizationRequest, AuthorizationServer, Grant
from tests.oauthservers.conftest import MAILBOX, outdate

NO_SECRET_WANTED, SECRET_WANTED = 700025, 7000218


@pytest.fixture
def realm(sandbox):
    return sandbox.microsoft


@pytest.fixture
def attempt(realm, servers, person):
    AuthorizationServer.objects.update(offers_device_code=True)
    return device_code.begin(
        server=AuthorizationServer.objects.get(key="microsoft"),
        user=person,
        session_key="a-session",
        mailbox_address=MAILBOX["microsoft"],
        protocols=["imap", "smtp"],
        next_url="/",
        language="ja",
    )


def polled(attempt):
    AuthorizationRequest.objects.update(next_poll_at=timezone.now())
    return device_code.poll(attempt)


def test_grant_of_a_device_is_renewed_without_a_secret_where_none_is_wanted(realm, attempt):
    realm.approve_device(attempt.user_code, MAILBOX["microsoft"])
    polled(attempt)
    grant = Grant.objects.get()
    outdate(grant)
    realm.fault(
        "error", error="invalid_client", number=NO_SECRET_WANTED, grant_type="refresh_token"
    )
    assert vault.access_token(grant) != grant.access_token
    assert AuthorizationServer.objects.get(key="microsoft").fault_code == ""
    assert [r["status"] for r in realm.token_requests("refresh_token")] == [0, 200]


def test_registration_that_is_confidential_only_is_told_and_is_no_fault(realm, attempt):
    realm.fault("error", error="invalid_client", number=SECRET_WANTED)
    after = polled(attempt)
    assert (after.outcome, after.error_code) == ("failed", "public_client_refused")
    assert AuthorizationServer.objects.get(key="microsoft").fault_code == ""
