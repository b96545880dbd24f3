"""A run keeps its lease however long it takes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from groupware import leases
from tests.faults.proxy import FaultyProxy
from tests.webmail.conftest import MailWorld, raw_mail, receive, subjects
from tests.webmail.sync.test_killed_workers import account_behind, proxies, world
from webmail.models import MailAccount
from webmail.sync import Outcome, store

__all__ = ["proxies", "world"]  # fixtures


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
