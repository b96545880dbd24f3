"""The vault when processes die, lines break after the answer, and many processes meet one token."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone

from oauthservers import http, vault
from oauthservers.errors import ReauthorizationRequiredError, TemporaryOAuthError
from oauthservers.models import Grant
from tests.conftest import process_environment
from tests.oauthservers.conftest import grant_for, outdate

pytestmark = pytest.mark.django_db(transaction=True)

ASK = """
import sys, threading, django
django.setup()
from django.db import connection
from oauthservers import vault
from oauthservers.models import Grant
grant = Grant.objects.get(pk=int(sys.argv[1]))
def ask():
    vault.access_token(grant)
    print("served", flush=True)
    connection.close()
threads = [threading.Thread(target=ask) for _ in range(int(sys.argv[2]))]
print("ready", flush=True)
sys.stdin.readline()
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def asking_process(grant: Grant, callers: int = 1) -> subprocess.Popen[str]:
    """A process of the product that asks for the token once it is told to go."""
    process = subprocess.Popen(
        [sys.executable, "-c", ASK, str(grant.pk), str(callers)],
        cwd=Path(__file__).parents[2],
        env={**process_environment(), "DJANGO_SETTINGS_MODULE": "groupware.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    process.stdin.write("\n")
    process.stdin.flush()


def wait_for(condition, what: str) -> None:
    for _ in range(300):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail(f"{what} did not happen.")


def test_twenty_callers_in_four_processes_cause_one_request(sandbox, servers, person):
    realm = sandbox.generic
    grant = grant_for(realm, servers["generic"], person)
    outdate(grant)
    processes = [asking_process(grant, callers=5) for _ in range(4)]
    for process in processes:
        go(process)
    served = [process.communicate(timeout=60)[0].count("served") for process in processes]
    assert served == [5, 5, 5, 5]
    assert len(realm.token_requests("refresh_token")) == 1


CHAIN = """
import sys, threading, django
django.setup()
from django.db import connection
from django.utils import timezone
from oauthservers import vault
from oauthservers.models import Grant
grant = Grant.objects.get(pk=int(sys.argv[1]))
def ask():
    for _ in range(10):
        Grant.objects.filter(pk=grant.pk).update(access_token_expires_at=timezone.now())
        vault.access_token(grant)
        print("served", flush=True)
    connection.close()
threads = [threading.Thread(target=ask) for _ in range(5)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_chain_of_rotations_by_twenty_callers_leaves_one_living_token(sandbox, servers, person):
    realm = sandbox.generic
    realm.set(rotation="strict")  # the second use of any refresh token would end the grant
    grant = grant_for(realm, servers["generic"], person)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CHAIN, str(grant.pk)],
            cwd=Path(__file__).parents[2],
            env={**process_environment(), "DJANGO_SETTINGS_MODULE": "groupware.settings"},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    served = [process.communicate(timeout=300)[0].count("served") for process in processes]
    assert served == [50, 50, 50, 50]
    refreshes = realm.token_requests("refresh_token")
    assert len(refreshes) >= 10
    assert {request["status"] for request in refreshes} == {200}
    assert realm.counters().get("reused_refresh_token", 0) == 0
    left = Grant.objects.get(pk=grant.pk)
    assert left.version == grant.version + len(refreshes)
    outdate(left)
    assert vault.access_token(left)


def killed_between_answer_and_save(realm, grant: Grant) -> None:
    """Let a process ask, hold its save up with a lock of the row, and kill it there."""
    outdate(grant)
    realm.fault("hang", seconds=1.5, grant_type="refresh_token")
    process = asking_process(grant)
    go(process)
    wait_for(lambda: realm.counters().get("token", 0) == 1, "The request")
    with transaction.atomic():
        Grant.objects.filter(pk=grant.pk).update(last_used_at=timezone.now())
        wait_for(lambda: realm.token_requests("refresh_token"), "The answer")
        assert realm.token_requests("refresh_token")[0]["status"] == 200
        time.sleep(0.5)  # the answer is on its way into the process, which then waits for the row
        assert process.poll() is None
        process.kill()
        process.wait()
    left = Grant.objects.get(pk=grant.pk)
    assert left.version == grant.version
    assert left.lease_owner
    # As a minute later: the dead process's lease is over.
    Grant.objects.filter(pk=grant.pk).update(lease_expires_at=timezone.now())


def test_process_killed_before_the_save_costs_nothing_where_old_tokens_still_work(
    sandbox, servers, person
):
    sandbox.generic.set(rotation="tolerant")
    grant = grant_for(sandbox.generic, servers["generic"], person)
    killed_between_answer_and_save(sandbox.generic, grant)
    assert vault.access_token(grant)
    assert Grant.objects.get(pk=grant.pk).refresh_started_at is None


def test_process_killed_before_the_save_asks_once_for_authorization_where_tokens_are_watched(
    sandbox, servers, person
):
    sandbox.generic.set(rotation="strict")
    grant = grant_for(sandbox.generic, servers["generic"], person)
    killed_between_answer_and_save(sandbox.generic, grant)
    for _ in range(3):
        with pytest.raises(ReauthorizationRequiredError) as refusal:
            vault.access_token(grant)
        assert refusal.value.code == "refresh_interrupted"
    assert len(sandbox.generic.token_requests("refresh_token")) == 2


@pytest.mark.parametrize("kind", ["microsoft", "google", "generic"])
def test_answer_lost_on_the_line_is_asked_for_again(sandbox, servers, person, kind):
    realm = getattr(sandbox, kind)
    realm.set(rotation="tolerant")
    grant = grant_for(realm, servers[kind], person)
    outdate(grant)
    realm.fault("drop_after")
    with pytest.raises(TemporaryOAuthError):
        vault.access_token(grant)
    Grant.objects.filter(pk=grant.pk).update(next_attempt_at=timezone.now())
    assert vault.access_token(grant)


def test_server_that_hangs_is_left_before_the_lease_ends(sandbox, servers, person, monkeypatch):
    monkeypatch.setattr(http, "READ_SECONDS", 0.3)
    grant = grant_for(sandbox.generic, servers["generic"], person)
    outdate(grant)
    sandbox.generic.fault("hang", seconds=2)
    with pytest.raises(TemporaryOAuthError) as refusal:
        vault.access_token(grant)
    assert refusal.value.code == "timeout"
    left = Grant.objects.get(pk=grant.pk)
    assert left.lease_owner == ""
    assert left.state == Grant.State.ACTIVE


def test_server_that_is_gone_is_temporary(sandbox, servers, person):
    grant = grant_for(sandbox.generic, servers["generic"], person)
    servers["generic"].token_endpoint = "https://localhost:1/token"
    servers["generic"].authorization_endpoint = "https://localhost:1/authorize"
    servers["generic"].save()
    outdate(grant)
    with pytest.raises(TemporaryOAuthError) as refusal:
        vault.access_token(grant)
    assert refusal.value.code == "unreachable"


def test_certificate_of_an_unknown_authority_is_not_trusted(sandbox, servers, person):
    grant = grant_for(sandbox.generic, servers["generic"], person)
    vault.access_token(grant)
    servers["generic"].ca_certificates = ""
    servers["generic"].save()
    outdate(grant)
    with pytest.raises(TemporaryOAuthError) as refusal:
        vault.access_token(grant)
    assert refusal.value.code == "tls_failed"
    assert sandbox.generic.token_requests("refresh_token") == []


def test_late_writer_writes_nothing(sandbox, servers, person):
    """Somebody authorizes again while a refresh is on its way: the refresh must not undo that."""
    realm = sandbox.generic
    realm.set(rotation="tolerant")
    grant = grant_for(realm, servers["generic"], person)
    outdate(grant)
    realm.fault("hang", seconds=1.5, grant_type="refresh_token")
    process = asking_process(grant)
    go(process)
    wait_for(lambda: realm.counters().get("token", 0) == 1, "The request")
    again = grant_for(realm, servers["generic"], person)
    assert process.communicate(timeout=30)[0] == "served\n"
    left = Grant.objects.get(pk=grant.pk)
    assert left.refresh_token == again.refresh_token
    assert left.access_token == again.access_token


def test_verdict_about_a_replaced_token_is_not_believed(sandbox, servers, person):
    """The old consent ends while its token is on its way; meanwhile the person has authorized again."""
    realm = sandbox.generic
    grant = grant_for(realm, servers["generic"], person)
    outdate(grant)
    realm.fault("hang", seconds=1.5, grant_type="refresh_token")
    process = asking_process(grant)
    go(process)
    wait_for(lambda: realm.counters().get("token", 0) == 1, "The request")
    realm.revoke(grant.mailbox_address)
    grant_for(realm, servers["generic"], person)
    assert process.communicate(timeout=30)[0] == "served\n"
    assert [request["error"] for request in realm.token_requests("refresh_token")] == [
        "invalid_grant"
    ]
    assert Grant.objects.get(pk=grant.pk).state == Grant.State.ACTIVE


@contextmanager
def database_away() -> Iterator[None]:
    """What a process meets when the database goes away under it: SQLite loses the table, PostgreSQL the connection."""
    table = connection.ops.quote_name(Grant._meta.db_table)
    away = connection.ops.quote_name(f"{Grant._meta.db_table}_away")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            yield
        else:
            cursor.execute(f"ALTER TABLE {table} RENAME TO {away}")
            yield
            cursor.execute(f"ALTER TABLE {away} RENAME TO {table}")


def test_answer_is_held_in_memory_until_the_database_is_back(sandbox, servers, person):
    realm = sandbox.generic
    realm.set(rotation="strict")
    grant = grant_for(realm, servers["generic"], person)
    outdate(grant)
    realm.fault("hang", seconds=1.5, grant_type="refresh_token")
    process = asking_process(grant)
    go(process)
    wait_for(lambda: realm.counters().get("token", 0) == 1, "The request")
    with database_away():
        wait_for(lambda: realm.token_requests("refresh_token"), "The answer")
        time.sleep(1)  # the first attempts to save fail
    assert process.communicate(timeout=30)[0] == "served\n"
    assert len(realm.token_requests("refresh_token")) == 1
    outdate(grant)
    assert vault.access_token(grant)
