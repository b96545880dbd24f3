"""A worker killed at the worst moments: nothing is lost, nothing doubled, and what is unclear is shown as unclear."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

from tests.conftest import process_environment
from tests.faults.proxy import TO_CLIENT, TO_SERVER, FaultyProxy
from tests.sandbox import Sandbox
from tests.webmail.conftest import MailWorld, receive, subjects
from tests.webmail.outbox.test_delivery import queued
from webmail import actions, outbox
from webmail.models import MailAccount, Mailbox, Message, OutgoingMessage, RemoteOperation
from webmail.models.server import Security
from webmail.sync import Outcome

State = OutgoingMessage.State
WORK = """
import sys, django
django.setup()
from webmail import outbox, sync
{"sync": sync.sync_account, "push": sync.push, "deliver": outbox.deliver}[sys.argv[1]](int(sys.argv[2]))
"""


@pytest.fixture
def world(transactional_db: None, empty_sandbox: Sandbox) -> MailWorld:
    """A mailbox whose rows other processes see as well."""
    world = MailWorld(empty_sandbox)
    world.wipe()
    return world


@pytest.fixture
def proxies(world: MailWorld) -> Iterator[dict[str, FaultyProxy]]:
    box = world.sandbox
    ports = {"imap": box.imap.port, "pop3": box.pop3.port, "smtp": box.submission.port}
    with ExitStack() as stack:
        yield {name: stack.enter_context(FaultyProxy(port)) for name, port in ports.items()}


def account_behind(
    world: MailWorld, proxies: dict[str, FaultyProxy], protocol: str = "imap", **values
) -> MailAccount:
    """An account whose connections pass the proxies, in the clear so that they can be read there."""
    servers = {}
    for name in (protocol, "smtp"):
        servers[name] = world.server(name, proxies[name].port)
        servers[name].security = Security.NONE
        servers[name].save()
    return world.account(
        incoming_server=servers[protocol], outgoing_server=servers["smtp"], **values
    )


def worker(job: str, pk: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", WORK, job, str(pk)],
        cwd=Path(__file__).parents[3],
        env={**process_environment(), "DJANGO_SETTINGS_MODULE": "groupware.settings"},
    )


def wait_for(condition: Callable[[], object], what: str) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.02)
    pytest.fail(f"{what} did not happen.")


def kill(process: subprocess.Popen[bytes]) -> None:
    """End the worker where it stands, and let its lease run out as minutes later."""
    assert process.poll() is None, "The worker had finished already."
    process.kill()
    process.wait()
    for model in (MailAccount, OutgoingMessage):
        model.objects.exclude(lease_owner="").update(lease_expires_at=timezone.now())


def fill(world: MailWorld, count: int) -> list[str]:
    with world.imap() as client:
        for number in range(count):
            raw = f"Subject: {number}\r\nMessage-ID: <{number}@x>\r\n\r\n{number}\r\n".encode()
            client.append("INBOX", None, None, raw)
    return sorted(str(number) for number in range(count))


@pytest.mark.parametrize(("protocol", "asked"), [("imap", b"BODY.PEEK"), ("pop3", b"RETR 1\r\n")])
def test_killed_between_fetch_and_commit(
    world: MailWorld, proxies: dict[str, FaultyProxy], protocol: str, asked: bytes
) -> None:
    expected = fill(world, 3)
    account = account_behind(world, proxies, protocol)
    proxies[protocol].delay(0.2)
    process = worker("sync", account.pk)
    wait_for(lambda: asked in proxies[protocol].heard(TO_SERVER), "The fetch")
    with transaction.atomic():
        # Holding the row holds the commit up; the answers still arrive.
        MailAccount.objects.filter(pk=account.pk).update(name="held")
        wait_for(lambda: b"Message-ID: <0@x>" in proxies[protocol].heard(TO_CLIENT), "The answer")
        time.sleep(0.6)
        process.kill()
        process.wait()
    assert not Message.objects.exists()
    MailAccount.objects.update(lease_expires_at=timezone.now())
    proxies[protocol].mend()

    assert receive(account) == Outcome.DONE
    assert sorted(subjects(account)) == expected


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_killed_after_a_commit(
    world: MailWorld, proxies: dict[str, FaultyProxy], protocol: str
) -> None:
    expected = fill(world, 70)
    account = account_behind(world, proxies, protocol, leaves_on_server=False)
    proxies[protocol].delay(0.05)
    process = worker("sync", account.pk)
    wait_for(Message.objects.exists, "The first commit")
    kill(process)
    came = Message.objects.count()
    assert 0 < came < 70
    proxies[protocol].mend()

    assert receive(account) == Outcome.DONE
    assert sorted(subjects(account)) == expected
    inbox = Mailbox.objects.get(account=account, role=Mailbox.Role.INBOX)
    assert (inbox.total, inbox.unseen) == (70, 70)
    if protocol == "pop3":  # only what an earlier session had committed may be gone there
        assert len(world.on_server()) == 70 - came


def test_killed_between_a_move_on_the_server_and_its_commit(
    world: MailWorld, proxies: dict[str, FaultyProxy]
) -> None:
    fill(world, 3)
    with world.imap() as client:
        client.create('"Projects"')
    account = account_behind(world, proxies)
    receive(account)
    projects = Mailbox.objects.get(name="Projects")
    actions.move(account.owner, Message.objects.filter(subject="1"), projects)
    proxies["imap"].delay(0.2)
    process = worker("push", account.pk)
    wait_for(lambda: "1" in world.on_server("Projects"), "The move")
    kill(process)
    assert RemoteOperation.objects.get().state == RemoteOperation.State.WAITING
    proxies["imap"].mend()

    receive(account)
    receive(account)
    assert list(world.on_server("Projects")) == ["1"] and "1" not in world.on_server()
    assert sorted(Message.objects.values_list("subject", flat=True)) == ["0", "1", "2"]
    assert Message.objects.get(subject="1").uid is not None


def test_killed_before_data_the_message_leaves_once(
    world: MailWorld, proxies: dict[str, FaultyProxy]
) -> None:
    outgoing = queued(account_behind(world, proxies))
    proxies["smtp"].delay(0.3)
    process = worker("deliver", outgoing.pk)
    wait_for(lambda: b"MAIL FROM" in proxies["smtp"].heard(TO_SERVER), "MAIL FROM")
    kill(process)
    assert b"DATA" not in proxies["smtp"].heard(TO_SERVER)
    proxies["smtp"].mend()

    assert outbox.recover() == 1
    assert outbox.due() == [outgoing.pk]
    assert outbox.deliver(outgoing.pk) == State.SENT
    assert world.on_server() == {"Plan": ""}


def test_killed_after_the_final_dot_it_is_unclear_and_never_sent_again(
    world: MailWorld, proxies: dict[str, FaultyProxy]
) -> None:
    account = account_behind(world, proxies)
    outgoing = queued(account)
    proxies["smtp"].delay(0.3)
    process = worker("deliver", outgoing.pk)
    wait_for(lambda: b"\r\n.\r\n" in proxies["smtp"].heard(TO_SERVER), "The final dot")
    kill(process)
    proxies["smtp"].mend()

    assert outbox.recover() == 1
    outgoing.refresh_from_db()
    assert (outgoing.state, outgoing.error_code) == (State.UNCLEAR, "worker_lost")
    assert outbox.due() == [] and outbox.deliver(outgoing.pk) == ""
    wait_for(lambda: world.on_server() == {"Plan": ""}, "The delivery")
    receive(account)
    assert outbox.reconcile(account.pk) == 1
    outgoing.refresh_from_db()
    assert outgoing.state == State.SENT
    receive(account)
    assert world.on_server() == {"Plan": ""} and list(world.on_server("Sent")) == ["Plan"]


def test_two_workers_on_one_account_do_not_double_anything(
    world: MailWorld, proxies: dict[str, FaultyProxy]
) -> None:
    expected = fill(world, 20)
    account = account_behind(world, proxies)
    processes = [worker("sync", account.pk) for _ in range(3)]
    for process in processes:
        assert process.wait(60) == 0
    receive(account)
    assert sorted(subjects(account)) == expected


def test_a_worker_that_lost_its_lease_writes_nothing(
    world: MailWorld, proxies: dict[str, FaultyProxy]
) -> None:
    fill(world, 3)
    account = account_behind(world, proxies)
    proxies["imap"].delay(0.1)
    process = worker("sync", account.pk)
    wait_for(lambda: MailAccount.objects.exclude(lease_owner="").exists(), "The lease")
    MailAccount.objects.update(lease_owner="somebody else", lease_fence=99)
    assert process.wait(60) == 0
    assert not Message.objects.exists()
