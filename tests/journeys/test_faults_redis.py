"""Redis goes away, comes back empty, or is wiped: what is due is found again and nobody is signed out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from django.conf import settings

from tests import environment
from tests.faults import TO_SERVER, FaultyProxy
from tests.journeys.test_faults_killed_workers import send
from tests.journeys.town import ADDRESS, Town, eventually
from tests.journeys.working import let_leases_end
from tests.servers import is_taken
from webmail import tasks
from webmail.models import OutgoingMessage

State = OutgoingMessage.State


@pytest.fixture
def redis_is_back() -> Iterator[None]:
    """Whatever becomes of the test, the next ones find a Redis."""
    yield
    if not is_taken(environment.REDIS_PORT):
        environment.restart_redis()


def test_a_redis_that_dies_delays_mail_and_loses_none(
    office: Town, imap: FaultyProxy, workers, redis_is_back: None
) -> None:
    office.deliver("olga", "Before")
    server = office.mail_server("olga", "imap", imap.port)
    under_way = imap.hold_on(rb"LOGOUT", TO_SERVER, is_passed_on=False)
    account = office.account("olga", incoming_server=server)
    visitor = office.visitor("olga")
    under_way.wait()

    environment.stop_redis()
    under_way.let_go()
    office.deliver("olga", "Meanwhile")
    assert "Before" in visitor.get("/mail/").words
    visitor.post(f"/mail/accounts/{account.public_id}/receive/")
    assert visitor.page.status == 200, visitor.page.words
    outgoing = send(visitor, ADDRESS["kenji"])
    assert outgoing.state == State.QUEUED

    environment.restart_redis()
    let_leases_end()
    eventually(lambda: len(office.subjects(account)) == 2, "mail arrives again by itself")
    tasks.deliver_due()
    eventually(lambda: office.on_server("kenji"), "what was written meanwhile leaves")
    assert office.subjects(account) == ["Before", "Meanwhile"]
    assert office.subjects_on_server("kenji") == ["Plan"]
    assert workers.poll() is None


def test_a_wiped_redis_loses_neither_work_nor_sessions(office: Town, request) -> None:
    account = office.account("olga")
    visitor = office.visitor("olga")
    office.deliver("olga", "Due")
    outgoing = send(visitor, ADDRESS["kenji"])
    tasks.sync_due_accounts()
    client = redis.Redis.from_url(settings.REDIS_URL)
    assert client.keys("*")
    client.flushall()
    assert client.keys("*") == []

    request.getfixturevalue("workers")
    assert "Plan" in visitor.get("/mail/outbox/").words
    eventually(lambda: client.keys("*"), "a worker has begun")
    OutgoingMessage.objects.update(send_after=outgoing.queued_at)
    account.__class__.objects.update(next_sync_at=outgoing.queued_at)
    tasks.deliver_due()
    eventually(lambda: office.subjects(account) == ["Due"], "the due account is found again")
    eventually(lambda: office.on_server("kenji"), "the due message is found again")
    outgoing.refresh_from_db()
    assert office.subjects_on_server("kenji") == ["Plan"]
