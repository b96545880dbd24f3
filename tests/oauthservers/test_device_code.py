"""Device codes with people who type them at real authorization servers (RFC 8628)."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from groupware.audit.models import AuditEvent
from oauthservers import tasks, vault
from oauthservers.errors import AdministratorRequiredError, OAuthError
from oauthservers.flows import authorization_code, device_code
from oauthservers.models import AuthorizationRequest, AuthorizationServer, Grant
from tests.conftest import process_environment
from tests.oauthservers.browsing import connect
from tests.oauthservers.conftest import MAILBOX, grant_for, outdate
from tests.oauthservers.test_vault_under_fire import wait_for

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
OTHER = {"microsoft": "maria@contoso.example", "generic": "kenji@lab.example"}


@pytest.fixture(params=["microsoft", "generic"])
def kind(request):
    return request.param


@pytest.fixture
def realm(sandbox, kind):
    realm = getattr(sandbox, kind)
    realm.set(device_interval=1)
    return realm


@pytest.fixture
def server(realm, servers, kind):
    AuthorizationServer.objects.update(offers_device_code=True)
    return AuthorizationServer.objects.get(pk=servers[kind].pk)


def began(server, person, mailbox=None, **changes):
    return device_code.begin(
        server=server,
        user=person,
        session_key="a-session",
        mailbox_address=mailbox or MAILBOX[server.key],
        protocols=["imap", "smtp"],
        next_url="/settings/",
        **changes,
    )


@pytest.fixture
def attempt(server, person):
    return began(server, person)


def polled(attempt):
    """Poll now, as if the interval had passed."""
    AuthorizationRequest.objects.filter(pk=attempt.pk).update(next_poll_at=timezone.now())
    return device_code.poll(attempt)


def wait(attempt):
    return (attempt.next_poll_at - timezone.now()).total_seconds()


def test_mailbox_is_connected_once_the_person_approves(realm, server, person, attempt, kind):
    assert attempt.user_code
    assert attempt.verification_uri.startswith("https://")
    assert attempt.expires_at > timezone.now() + timedelta(minutes=10)
    assert polled(attempt).outcome == "pending"
    realm.approve_device(attempt.user_code, MAILBOX[kind])
    after = polled(attempt)
    grant = Grant.objects.get()
    assert (after.outcome, after.grant) == ("succeeded", grant)
    assert (after.device_code, after.next_poll_at) == ("", None)
    assert grant.created_by == person
    assert grant.signed_in_as == MAILBOX[kind]
    assert MAILBOX[kind] in grant.known_names.splitlines()
    assert set(grant.protocols) >= {"imap", "smtp"}
    outdate(grant)
    assert vault.access_token(grant) != grant.access_token
    assert authorization_code.return_address(after) == f"/settings/?grant={grant.public_id}"


def test_connection_of_a_shared_account_belongs_to_nobody(realm, server, person, kind):
    attempt = began(server, person, owner=None)
    realm.approve_device(attempt.user_code, MAILBOX[kind])
    polled(attempt)
    assert Grant.objects.get().created_by is None
    event = AuditEvent.objects.get(name="oauthservers.grant.kept")
    assert event.actor == person


def test_somebody_else_approving_stores_nothing(realm, attempt, kind):
    realm.approve_device(attempt.user_code, OTHER[kind])
    after = polled(attempt)
    assert not Grant.objects.exists()
    assert (after.error_code, after.signed_in_as) == ("identity_mismatch", OTHER[kind])


def test_person_who_declines_ends_it(realm, attempt):
    realm.decline_device(attempt.user_code)
    after = polled(attempt)
    assert (after.outcome, after.error_code) == ("failed", "access_denied")
    assert after.device_code == ""


def test_code_that_became_too_old_at_the_server_ends_it(realm, attempt):
    polled(attempt)
    realm.expire_device(attempt.user_code)
    assert polled(attempt).error_code == "expired"


def test_code_that_became_too_old_here_is_not_asked_for_again(realm, attempt):
    AuthorizationRequest.objects.update(expires_at=timezone.now())
    assert polled(attempt).error_code == "expired"
    assert realm.token_requests(DEVICE_GRANT) == []


def test_code_that_the_server_forgot_ends_it(realm, attempt):
    polled(attempt)
    realm.forget_device(attempt.user_code)
    assert polled(attempt).error_code == "device_code_refused"


def test_policy_of_the_organization_ends_it(sandbox, realm, attempt, kind):
    if kind == "microsoft":
        realm.block_by_policy(grant_type=DEVICE_GRANT)
    else:
        realm.fault("error", error="access_denied", grant_type=DEVICE_GRANT)
    assert polled(attempt).outcome == "failed"


def test_nobody_polls_before_the_interval_is_over(realm, attempt):
    for _ in range(3):
        assert device_code.poll(attempt).outcome == "pending"
    assert realm.token_requests(DEVICE_GRANT) == []


def test_slow_down_adds_five_seconds_for_good(realm, attempt):
    for expected in (6, 11):
        realm.fault("error", error="slow_down", grant_type=DEVICE_GRANT)
        after = polled(attempt)
        assert after.interval_seconds == expected
        assert expected - 2 < wait(after) <= expected + 1
    assert polled(attempt).interval_seconds == 11


TROUBLE = [("page", {}), ("drop", {}), ("throttle", {"retry_after": 1})]


@pytest.mark.parametrize(("fault", "details"), TROUBLE)
def test_trouble_on_the_way_ends_nothing(realm, attempt, kind, fault, details):
    realm.approve_device(attempt.user_code, MAILBOX[kind])
    realm.fault(fault, grant_type=DEVICE_GRANT, **details)
    assert polled(attempt).outcome == "pending"
    assert polled(attempt).outcome == "succeeded"


def test_pauses_grow_as_long_as_the_trouble_lasts(realm, attempt):
    realm.fault("page", times=2, grant_type=DEVICE_GRANT)
    assert wait(polled(attempt)) < 3
    AuthorizationRequest.objects.update(used_at=timezone.now() - timedelta(seconds=40))
    assert wait(polled(attempt)) > 30


def test_worker_that_died_between_answer_and_save_leaves_a_clear_outcome(realm, attempt, kind):
    """The server has handed the tokens out; the process that got them is gone."""
    realm.approve_device(attempt.user_code, MAILBOX[kind])
    realm.fault("drop_after", grant_type=DEVICE_GRANT)
    assert polled(attempt).outcome == "pending"
    after = polled(attempt)
    assert (after.outcome, after.error_code) == ("failed", "sign_in_interrupted")


POLL = """
import sys, django
django.setup()
from oauthservers.flows import device_code
from oauthservers.models import AuthorizationRequest
attempt = AuthorizationRequest.objects.get(pk=int(sys.argv[1]))
print("ready", flush=True)
device_code.poll(attempt)
"""


def test_killed_worker_leaves_a_clear_outcome_and_no_secret(
    sandbox, transactional_db, servers, person
):
    realm = sandbox.generic
    AuthorizationServer.objects.update(offers_device_code=True)
    attempt = began(AuthorizationServer.objects.get(key="generic"), person)
    realm.approve_device(attempt.user_code, MAILBOX["generic"])
    realm.fault("hang", seconds=1.5, grant_type=DEVICE_GRANT)
    AuthorizationRequest.objects.update(next_poll_at=timezone.now())
    worker = subprocess.Popen(
        [sys.executable, "-c", POLL, str(attempt.pk)],
        cwd=Path(__file__).parents[2],
        env={**process_environment(), "DJANGO_SETTINGS_MODULE": "groupware.settings"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout.readline() == "ready\n"
    wait_for(lambda: realm.counters().get("token", 0) == 1, "The question")
    worker.kill()
    worker.wait()
    wait_for(lambda: realm.token_requests(DEVICE_GRANT), "The answer")
    left = AuthorizationRequest.objects.get(pk=attempt.pk)
    assert (left.outcome, bool(left.lease_owner), bool(left.used_at)) == ("pending", True, True)
    # As a minute later: the dead process's lease is over.
    AuthorizationRequest.objects.update(lease_expires_at=timezone.now())
    after = polled(attempt)
    assert (after.outcome, after.error_code) == ("failed", "sign_in_interrupted")
    assert after.device_code == ""


def test_person_who_may_not_sign_in_any_more_gets_no_connection(realm, person, attempt, kind):
    realm.approve_device(attempt.user_code, MAILBOX[kind])
    person.is_active = False
    person.save()
    assert polled(attempt).outcome == "failed"
    assert not Grant.objects.exists()


def test_second_worker_leaves_a_leased_row_alone(realm, attempt):
    AuthorizationRequest.objects.update(
        next_poll_at=timezone.now(),
        lease_owner="another",
        lease_expires_at=timezone.now() + timedelta(minutes=1),
    )
    assert device_code.poll(attempt).outcome == "pending"
    assert realm.token_requests(DEVICE_GRANT) == []


def test_task_may_run_twice_and_for_a_row_that_is_gone(realm, attempt, kind):
    realm.approve_device(attempt.user_code, MAILBOX[kind])
    AuthorizationRequest.objects.update(next_poll_at=timezone.now())
    tasks.poll_device(attempt.pk)
    tasks.poll_device(attempt.pk)
    tasks.poll_device(attempt.pk + 1)
    assert len(realm.token_requests(DEVICE_GRANT)) == 1
    assert not device_code.due().exists()


def test_failed_attempt_leaves_the_working_grant_alone(realm, server, person, kind):
    grant = grant_for(realm, server, person)
    attempt = began(server, person)
    realm.decline_device(attempt.user_code)
    polled(attempt)
    assert Grant.objects.get().version == grant.version


def test_attempt_ends_when_the_mailbox_was_authorized_elsewhere(browser, realm, server, attempt):
    connect(browser, realm, server, MAILBOX[server.key])
    after = polled(attempt)
    assert (after.outcome, after.error_code) == ("succeeded", "already_authorized")
    assert after.grant == Grant.objects.get()
    assert realm.token_requests(DEVICE_GRANT) == []


def test_google_gives_no_mail_to_devices(servers, person):
    AuthorizationServer.objects.update(offers_device_code=True)
    server = AuthorizationServer.objects.get(pk=servers["google"].pk)
    with pytest.raises(AdministratorRequiredError) as refusal:
        began(server, person)
    assert refusal.value.code == "device_flow_unavailable"
    assert not AuthorizationRequest.objects.exists()


def test_way_that_is_not_offered_is_refused(servers, person):
    with pytest.raises(OAuthError) as refusal:
        began(servers["generic"], person)
    assert refusal.value.code == "flow_not_offered"


def test_worker_and_beat_finish_it_by_themselves(
    sandbox, transactional_db, servers, person, workers
):
    sandbox.generic.set(device_interval=1)
    AuthorizationServer.objects.update(offers_device_code=True)
    attempt = began(AuthorizationServer.objects.get(key="generic"), person)
    sandbox.generic.approve_device(attempt.user_code, MAILBOX["generic"])
    for _ in range(300):
        if AuthorizationRequest.objects.get(pk=attempt.pk).outcome != "pending":
            break
        time.sleep(0.1)
    assert AuthorizationRequest.objects.get(pk=attempt.pk).outcome == "succeeded"
