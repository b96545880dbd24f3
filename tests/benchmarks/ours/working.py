"""A real Celery worker: what it holds in memory, and what a quiet poll costs with everything counted."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from tests.benchmarks.measuring import children, cpu_of, peak_of, resident
from tests.benchmarks.ours.accounts import make_account
from tests.servers import die_with_parent
from webmail import tasks
from webmail.models import MailAccount

POLLS = 100
_PATIENCE = 600.0


def worker(facts: dict[str, Any]) -> dict[str, Any]:
    """Octets of a worker with its parsers, fresh, after a first download, and CPU per quiet poll of that mailbox."""
    account = make_account(facts)
    process = _start()
    try:
        _receive(account)
        _receive(account)
        after_quiet = _octets(process.pid)
        before = _cpu(process.pid)
        ringing = sum(_receive(account) for _poll in range(POLLS))
        poll = (_cpu(process.pid) - before + ringing) / POLLS
        large = make_account({**facts, **facts["large"]}) if "large" in facts else None
        if large:
            _receive(large)
        return {
            "quiet": after_quiet,
            "now": _octets(process.pid),
            "peak": sum(peak_of(pid) for pid in (process.pid, *children(process.pid))),
            "parsers": [resident(pid) for pid in children(process.pid)],
            "cpu_per_poll": poll,
        }
    finally:
        process.terminate()
        process.wait(30)


def _start() -> subprocess.Popen[bytes]:
    queues = "interactive,sync,maintenance"
    arguments = f"-A groupware worker --pool=threads --concurrency=4 -Q {queues}".split()
    return subprocess.Popen(
        [sys.executable, "-m", "celery", *arguments, "--loglevel=WARNING"],
        env=dict(os.environ),
        stdout=subprocess.DEVNULL,
        preexec_fn=die_with_parent,
    )


def _receive(account: MailAccount) -> float:
    """Ring for the worker, wait until the account was received; return the seconds of CPU that ringing took."""
    began = timezone.now()
    ringing = time.process_time()
    tasks.sync_account.delay(account.pk)
    ringing = time.process_time() - ringing

    def is_done() -> bool:
        row = MailAccount.objects.values("received_at", "lease_owner").get(pk=account.pk)
        done = row["received_at"] and row["received_at"] >= began and not row["lease_owner"]
        return bool(done)

    _wait(is_done)
    return ringing


def _wait(is_done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not is_done():
        if time.monotonic() > deadline:
            raise RuntimeError("The worker did not finish in time.")
        time.sleep(0.005)


def _octets(pid: int) -> int:
    return sum(resident(number) for number in (pid, *children(pid)))


def _cpu(pid: int) -> float:
    return sum(cpu_of(number) for number in (pid, *children(pid)))
