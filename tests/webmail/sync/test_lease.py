"""A run keeps its lease however long it takes, and what it has done is kept piece by piece."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from groupware import leases
from tests.faults.proxy import FaultyProxy
from tests.webmail.conftest import MailWorld, raw_mail, receive, subjects
from tests.webmail.sync.test_killed_workers import account_behind, proxies, world
from webmail.models import MailAccount, Message
from webmail.parser import ParserPool, pool
from webmail.sync import Outcome, store

__all__ = ["proxies", "world"]  # fixtures

BAD = [sys.executable, "-m", "tests.faults.bad_parser"]


@contextmanager
def rival(account: MailAccount) -> Iterator[list[int]]:
    """Somebody who wants the lease all the time once it is held; the list tells the fences that he got."""
    taken: list[int] = []
    is_over = threading.Event()

    def want() -> None:
        held = MailAccount.objects.exclude(lease_owner="")
        while not is_over.wait(0.1):
            if lease := leases.take(held, account.pk, 60):
                taken.append(lease.fence)
        connection.close()

    thread = threading.Thread(target=want)
    thread.start()
    try:
        yield taken
    finally:
        is_over.set()
        thread.join()


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_a_message_that_takes_longer_than_the_lease_arrives(
    world: MailWorld,
    proxies: dict[str, FaultyProxy],
    monkeypatch: pytest.MonkeyPatch,
    protocol: str,
) -> None:
    monkeypatch.setattr(store, "LEASE_SECONDS", 3)
    with world.imap() as client:
        large = raw_mail("Large", "All of it.\n" * 50_000).replace(b"\n", b"\r\n")
        client.append("INBOX", None, None, large)
    account = account_behind(world, proxies, protocol)
    proxies[protocol].throttle(len(large) / 7)

    with rival(account) as taken:
        assert receive(account) == Outcome.DONE

    assert taken == []
    assert subjects(account) == ["Large"]


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_messages_that_hang_in_the_parser_do_not_outlast_the_lease(
    world: MailWorld, monkeypatch: pytest.MonkeyPatch, protocol: str
) -> None:
    weak = ParserPool(BAD, seconds=2)
    monkeypatch.setattr(pool, "pool", weak)
    monkeypatch.setattr(store, "LEASE_SECONDS", 6)
    monkeypatch.setattr(store, "PARSING_SECONDS", 1)
    world.deliver("Before", *["poison hangs"] * 4, "After")
    account = world.account(protocol)

    with rival(account) as taken:
        assert receive(account) == Outcome.DONE

    weak.close()
    assert taken == []
    assert sorted(subjects(account)) == ["", "", "", "", "After", "Before"]


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_a_run_whose_time_is_over_keeps_what_it_has_parsed_and_goes_on_later(
    world: MailWorld, monkeypatch: pytest.MonkeyPatch, protocol: str
) -> None:
    monkeypatch.setattr(store, "PARSING_SECONDS", 0)
    world.deliver("One", "Two", "Three")
    account = world.account(protocol)

    seen = []
    for _run in range(2):
        assert receive(account, seconds=0) == Outcome.MORE
        seen.append(Message.objects.count())
    assert seen == [1, 2]
    receive(account)
    assert sorted(subjects(account)) == ["One", "Three", "Two"]
    assert Message.objects.count() == 3
