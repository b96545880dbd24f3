"""The vault against real authorization servers: rotation, races, verdicts, outages."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from groupware.audit.models import AuditEvent
from oauthservers import vault
from oauthservers.errors import (
    AdministratorRequiredError,
    ReauthorizationRequiredError,
    TemporaryOAuthError,
)
from oauthservers.models import AuthorizationServer, Grant
from tests.oauthservers.conftest import MAILBOX, grant_for, outdate

KINDS = ["microsoft", "google", "generic"]


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def realm(sandbox, kind):
    return getattr(sandbox, kind)


@pytest.fixture
def grant(realm, servers, person, kind):
    return grant_for(realm, servers[kind], person)


def refreshes(realm):
    return realm.token_requests("refresh_token")


def test_fresh_token_is_used_without_asking(realm, grant):
    first = vault.access_token(grant)
    assert first == vault.access_token(grant) == grant.access_token
    assert refreshes(realm) == []


def test_token_of_two_minutes_is_not_refreshed_at_each_use(realm, servers, person, kind):
    grant = grant_for(realm, servers[kind], person, life=120)
    for _ in range(5):
        assert vault.access_token(grant, minimum_seconds=300) == grant.access_token
    assert refreshes(realm) == []


def test_stale_token_is_refreshed_and_works(sandbox, realm, grant):
    outdate(grant)
    token = vault.access_token(grant)
    assert token != grant.access_token
    stored = Grant.objects.get(pk=grant.pk)
    assert stored.access_token == token
    assert stored.version == grant.version + 1
    assert stored.access_token_expires_at > timezone.now()
    assert len(refreshes(realm)) == 1


def test_rotated_refresh_token_is_kept_with_the_access_token(realm, grant):
    realm.set(rotation="strict")
    outdate(grant)
    vault.access_token(grant)
    stored = Grant.objects.get(pk=grant.pk)
    assert stored.refresh_token != grant.refresh_token
    assert stored.refresh_token_issued_at > grant.refresh_token_issued_at


def test_absent_refresh_token_keeps_the_old_one(realm, grant):
    realm.set(omit_refresh_token=True)
    outdate(grant)
    vault.access_token(grant)
    assert Grant.objects.get(pk=grant.pk).refresh_token == grant.refresh_token


def test_rotated_token_is_kept_when_its_access_token_claims_to_live_for_ever(realm, grant):
    realm.set(access_token_seconds=10**14, rotation="strict")
    outdate(grant)
    token = vault.access_token(grant)
    stored = Grant.objects.get(pk=grant.pk)
    assert stored.access_token == token
    assert stored.refresh_token != grant.refresh_token


def test_access_token_of_six_thousand_characters_is_kept_whole(realm, grant):
    realm.set(access_token_length=6000)
    outdate(grant)
    token = vault.access_token(grant)
    assert len(token) >= 6000
    assert Grant.objects.get(pk=grant.pk).access_token == token


def test_hundred_rotations_leave_one_living_token(sandbox, servers, person):
    grant = grant_for(sandbox.generic, servers["generic"], person)
    for _ in range(100):
        outdate(grant)
        vault.access_token(grant)
    stored = Grant.objects.get(pk=grant.pk)
    assert stored.version == grant.version + 100
    assert {request["status"] for request in refreshes(sandbox.generic)} == {200}
    assert len(refreshes(sandbox.generic)) == 100


@pytest.mark.django_db(transaction=True)
def test_twenty_callers_of_one_expired_token_cause_one_request(sandbox, servers, person):
    grant = grant_for(sandbox.generic, servers["generic"], person)
    outdate(grant)
    barrier, tokens, failures = threading.Barrier(20), [], []

    def ask():
        barrier.wait()
        try:
            tokens.append(vault.access_token(grant))
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(tokens) == 20
    assert len(set(tokens)) == 1
    assert len(refreshes(sandbox.generic)) == 1


def test_ended_consent_asks_the_person_once_and_then_never_the_server(realm, grant):
    realm.revoke(grant.mailbox_address)
    outdate(grant)
    for _ in range(3):
        with pytest.raises(ReauthorizationRequiredError):
            vault.access_token(grant)
    stored = Grant.objects.get(pk=grant.pk)
    assert stored.state == Grant.State.REAUTHORIZATION_REQUIRED
    assert stored.error_code in {"invalid_grant", "grant_revoked"}
    assert len(refreshes(realm)) == 1
    assert AuditEvent.objects.filter(name="oauthservers.grant.expired").count() == 1


def test_wrong_secret_is_the_administrators_matter_and_grants_stay(realm, grant, servers, kind):
    realm.change_secret("another-secret-entirely")
    outdate(grant)
    for _ in range(3):
        with pytest.raises(AdministratorRequiredError):
            vault.access_token(grant)
    server = AuthorizationServer.objects.get(pk=servers[kind].pk)
    assert server.fault_code
    assert server.fault_probe_at > timezone.now()
    assert Grant.objects.get(pk=grant.pk).state == Grant.State.ACTIVE
    assert len(refreshes(realm)) == 1
    assert AuditEvent.objects.filter(name="oauthservers.server.fault_found").count() == 1


def test_server_at_fault_is_probed_again_and_cleared_by_success(realm, grant, servers, kind):
    realm.change_secret("another-secret-entirely")
    outdate(grant)
    with pytest.raises(AdministratorRequiredError):
        vault.access_token(grant)
    realm.change_secret(realm.client_secret)
    with pytest.raises(AdministratorRequiredError):
        vault.access_token(grant)
    AuthorizationServer.objects.filter(pk=servers[kind].pk).update(fault_probe_at=timezone.now())
    assert vault.access_token(grant)
    assert AuthorizationServer.objects.get(pk=servers[kind].pk).fault_code == ""


TROUBLE = {
    "page of a proxy": {"kind": "page", "status": 503},
    "page that says yes": {"kind": "page", "status": 200},
    "error with status 500": {"kind": "page", "status": 500, "body": '{"error": "invalid_grant"}'},
    "too many requests": {"kind": "throttle", "retry_after": 90},
    "line cut before": {"kind": "drop"},
    "unknown error": {"kind": "error", "error": "something_new"},
    "server says later": {"kind": "error", "error": "temporarily_unavailable", "status": 400},
}


@pytest.mark.parametrize("trouble", TROUBLE.values(), ids=TROUBLE)
def test_trouble_on_the_way_is_temporary_and_not_repeated_at_once(
    realm, grant, servers, kind, trouble
):
    details = dict(trouble)
    realm.fault(details.pop("kind"), **details)
    outdate(grant)
    for _ in range(3):
        with pytest.raises(TemporaryOAuthError):
            vault.access_token(grant)
    stored = Grant.objects.get(pk=grant.pk)
    assert stored.state == Grant.State.ACTIVE
    assert stored.refresh_token == grant.refresh_token
    assert stored.failures == 1
    wait = (stored.next_attempt_at - timezone.now()).total_seconds()
    assert wait > (60 if trouble["kind"] == "throttle" else 1)
    assert len(refreshes(realm)) == 1
    assert AuthorizationServer.objects.get(pk=servers[kind].pk).fault_code == ""
    Grant.objects.filter(pk=grant.pk).update(next_attempt_at=timezone.now())
    assert vault.access_token(grant)
    assert Grant.objects.get(pk=grant.pk).failures == 0


def test_old_token_serves_through_an_outage_while_it_lives(realm, servers, person, kind):
    grant = grant_for(realm, servers[kind], person, life=120)
    Grant.objects.filter(pk=grant.pk).update(
        refreshed_at=timezone.now() - timedelta(minutes=2),
        access_token_expires_at=timezone.now() + timedelta(seconds=30),
    )
    realm.fault("page")
    assert vault.access_token(grant) == grant.access_token
    assert Grant.objects.get(pk=grant.pk).failures == 1


def test_token_copied_to_another_row_does_not_open(sandbox, servers, person):
    mine = grant_for(sandbox.generic, servers["generic"], person)
    other = grant_for(sandbox.generic, servers["generic"], person, address="kenji@lab.example")
    table = Grant._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET access_token = (SELECT access_token FROM {table} WHERE id = %s) WHERE id = %s",
            [other.pk, mine.pk],
        )
    with pytest.raises(AdministratorRequiredError) as refusal:
        vault.access_token(mine)
    assert refusal.value.code == "encryption_key_missing"
    assert Grant.objects.get(pk=mine.pk).state == Grant.State.ACTIVE


def test_discarded_token_is_replaced_and_a_replaced_one_is_not_discarded(realm, grant):
    refused = vault.access_token(grant)
    assert vault.discard(grant, refused)
    fresh = vault.access_token(grant)
    assert fresh != refused
    assert not vault.discard(grant, refused)
    assert vault.access_token(grant) == fresh


def test_revoking_erases_the_tokens_and_the_server_forgets_them(realm, grant, kind):
    told = vault.revoke(grant)
    stored = Grant.objects.get(pk=grant.pk)
    assert (stored.access_token, stored.refresh_token) == ("", "")
    assert stored.state == Grant.State.REVOKED
    assert told == (kind != "microsoft")
    with pytest.raises(ReauthorizationRequiredError) as refusal:
        vault.access_token(grant)
    assert refusal.value.code == "disconnected"


def test_authorizing_again_revives_the_same_grant(realm, grant, servers, person, kind):
    realm.revoke(grant.mailbox_address)
    outdate(grant)
    with pytest.raises(ReauthorizationRequiredError):
        vault.access_token(grant)
    again = grant_for(realm, servers[kind], person, address=MAILBOX[kind].upper())
    assert again.pk == grant.pk
    assert again.state == Grant.State.ACTIVE
    assert vault.access_token(again)


@pytest.mark.django_db(transaction=True)
def test_refreshing_inside_a_transaction_is_refused_before_the_server_is_asked(
    sandbox, servers, person
):
    grant = grant_for(sandbox.generic, servers["generic"], person)
    outdate(grant)
    with pytest.raises(RuntimeError), transaction.atomic():
        vault.access_token(grant)
    assert refreshes(sandbox.generic) == []


def test_tokens_and_secrets_are_not_in_the_log(realm, grant, caplog):
    caplog.set_level(logging.DEBUG)
    seen = [grant.access_token, grant.refresh_token, realm.client_secret]
    outdate(grant)
    seen.append(vault.access_token(grant))
    seen.append(Grant.objects.get(pk=grant.pk).refresh_token)
    realm.revoke(grant.mailbox_address)
    outdate(grant)
    with pytest.raises(ReauthorizationRequiredError):
        vault.access_token(grant)
    text = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert "refreshed" in text
    for secret in seen:
        assert secret not in text
