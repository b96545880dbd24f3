"""Tasks carry keys, and real workers find the work by themselves."""

from __future__ import annotations

import subprocess
import time

import pytest
from django.core.cache import cache
from django.utils import timezone

from tests.sandbox import Sandbox
from tests.webmail.conftest import MailWorld, subjects
from tests.webmail.outbox.test_delivery import queued
from webmail import tasks
from webmail.models import MailAccount, Message, OutgoingMessage, RemoteOperation


@pytest.fixture
def world(transactional_db: None, empty_sandbox: Sandbox) -> MailWorld:
    """A mailbox whose rows the workers see."""
    world = MailWorld(empty_sandbox)
    world.wipe()
    return world


def wait_for(condition, what: str) -> None:
    for _ in range(400):
        if condition():
            return
        time.sleep(0.1)
    pytest.fail(f"{what} did not happen.")


def test_running_every_task_twice_changes_nothing_more(world: MailWorld) -> None:
    world.deliver("One")
    account = world.account()
    outgoing = queued(account)
    for _round in range(2):
        tasks.deliver.run(outgoing.pk)
        tasks.receive_now.run(account.pk)
        tasks.push_operations.run(account.pk)
        tasks.clean_up.run()
    assert sorted(world.on_server()) == ["One", "Plan"] and list(world.on_server("Sent")) == [
        "Plan"
    ]
    assert Message.objects.count() == 3


def test_tasks_for_rows_that_are_gone_do_nothing(world: MailWorld) -> None:
    for task in (tasks.sync_account, tasks.receive_now, tasks.push_operations, tasks.deliver):
        task.run(987654)
    assert not Message.objects.exists()


def test_receiving_on_demand_passes_over_what_stopped_it(world: MailWorld) -> None:
    world.deliver("One")
    account = world.account()
    MailAccount.objects.update(receive_health=MailAccount.Health.OWNER_REQUIRED)
    tasks.receive_now.run(account.pk)
    assert subjects(account) == ["One"]


def test_workers_receive_and_send_also_when_redis_forgets_everything(
    world: MailWorld, workers: subprocess.Popen[bytes]
) -> None:
    account = world.account()
    world.deliver("One")
    wait_for(lambda: Message.objects.filter(subject="One").exists(), "Receiving")

    cache.clear()  # the same Redis: its queues go as well
    world.deliver("Two")
    outgoing = queued(account)
    wait_for(lambda: Message.objects.filter(subject="Two").exists(), "Receiving again")
    wait_for(
        lambda: OutgoingMessage.objects.get(pk=outgoing.pk).state == OutgoingMessage.State.SENT,
        "Sending",
    )
    wait_for(
        lambda: not RemoteOperation.objects.filter(state=RemoteOperation.State.WAITING).exists(),
        "Filing",
    )
    assert list(world.on_server("Sent")) == ["Plan"]
    assert OutgoingMessage.objects.get().sent_at <= timezone.now()
