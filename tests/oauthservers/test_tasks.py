"""Tokens are renewed without anybody asking, and old attempts disappear."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from oauthservers import tasks
from oauthservers.flows import authorization_code
from oauthservers.models import AuthorizationRequest, AuthorizationServer, Grant
from tests.oauthservers.conftest import grant_for, outdate


@pytest.fixture
def grant(sandbox, servers, person):
    return grant_for(sandbox.generic, servers["generic"], person)


def requests(sandbox):
    return len(sandbox.generic.token_requests("refresh_token"))


def test_worker_and_beat_renew_short_tokens_by_themselves(
    sandbox, transactional_db, servers, person, workers
):
    sandbox.generic.set(access_token_seconds=8)
    grant = grant_for(sandbox.generic, servers["generic"], person)
    Grant.objects.update(last_used_at=timezone.now())
    for _ in range(300):
        if Grant.objects.get(pk=grant.pk).version >= grant.version + 2:
            break
        time.sleep(0.1)
    left = Grant.objects.get(pk=grant.pk)
    assert left.version >= grant.version + 2
    assert left.state == Grant.State.ACTIVE


def test_renewing_twice_asks_once(sandbox, grant):
    outdate(grant)
    tasks.refresh_grant(grant.pk)
    tasks.refresh_grant(grant.pk)
    assert requests(sandbox) == 1


def test_token_with_time_left_is_not_renewed(sandbox, grant):
    tasks.refresh_grant(grant.pk)
    assert requests(sandbox) == 0


def test_grant_that_slept_for_a_week_is_woken(sandbox, grant):
    Grant.objects.update(
        refreshed_at=timezone.now() - timedelta(days=8),
        access_token_expires_at=timezone.now() - timedelta(days=8),
    )
    assert list(tasks._renewable()) == [grant]
    tasks.refresh_grant(grant.pk)
    assert requests(sandbox) == 1


def test_renewal_that_fails_leaves_its_reason_on_the_row(sandbox, grant):
    sandbox.generic.revoke(grant.mailbox_address)
    outdate(grant)
    tasks.refresh_grant(grant.pk)
    assert Grant.objects.get(pk=grant.pk).error_code == "invalid_grant"


@pytest.mark.parametrize(
    "columns",
    [
        {"state": Grant.State.REAUTHORIZATION_REQUIRED},
        {"next_attempt_at": timezone.now() + timedelta(hours=1)},
        {"lease_expires_at": timezone.now() + timedelta(hours=1)},
    ],
    ids=["ended", "backing off", "being refreshed"],
)
def test_grant_that_cannot_be_renewed_now_is_passed_over(grant, columns):
    Grant.objects.update(**columns)
    assert not tasks._renewable().exists()


def test_server_switched_off_or_at_fault_is_left_alone(grant):
    AuthorizationServer.objects.update(
        fault_code="invalid_client", fault_probe_at=timezone.now() + timedelta(hours=1)
    )
    assert not tasks._renewable().exists()
    AuthorizationServer.objects.update(fault_code="", is_enabled=False)
    assert not tasks._renewable().exists()


def test_attempt_that_nobody_came_back_from_loses_its_secrets_and_then_goes(servers, person):
    authorization_code.begin(
        server=servers["generic"],
        user=person,
        session_key="a-session",
        mailbox_address="olga@lab.example",
        protocols=["imap"],
        next_url="/",
    )
    tasks.purge_requests()
    assert AuthorizationRequest.objects.get().code_verifier
    AuthorizationRequest.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    tasks.purge_requests()
    attempt = AuthorizationRequest.objects.get()
    assert (attempt.outcome, attempt.code_verifier, attempt.nonce) == ("failed", "", "")
    AuthorizationRequest.objects.update(created_at=timezone.now() - timedelta(days=31))
    tasks.purge_requests()
    assert not AuthorizationRequest.objects.exists()
