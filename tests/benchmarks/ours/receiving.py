"""Receiving: the first download and polls that find nothing new."""

from __future__ import annotations

import cProfile
import os
import time
from typing import Any

from tests.benchmarks.measuring import Stopwatch
from tests.benchmarks.ours.accounts import make_account
from webmail import parser, sync
from webmail.models import Message

POLLS = 100
_A_DAY = 86_400.0


def first_imap(facts: dict[str, Any]) -> dict[str, Any]:
    """Everything of a mailbox by IMAP: raw bytes stored, parsed, rows committed."""
    return _first(facts, "imap")


def first_pop3(facts: dict[str, Any]) -> dict[str, Any]:
    """Everything of a mailbox by POP3."""
    return _first(facts, "pop3")


def quiet_polls(facts: dict[str, Any]) -> dict[str, Any]:
    """Polls of a mailbox in which nothing happens, one connection each, as the worker does them."""
    account = make_account(facts)
    _receive(account.pk)
    _receive(account.pk)
    with Stopwatch() as watch:
        for _poll in range(POLLS):
            _receive(account.pk)
    usage = watch.usage
    return {"cpu": usage.cpu / POLLS, "wall": usage.wall / POLLS, "polls": POLLS}


def _first(facts: dict[str, Any], protocol: str) -> dict[str, Any]:
    account = make_account(facts, protocol)
    parser.parse(b"Subject: A worker has its parser long since\r\n\r\n")
    profile = cProfile.Profile(time.process_time) if "BENCH_PROFILE" in os.environ else None
    with Stopwatch() as watch:
        if profile:
            profile.enable()
        _receive(account.pk)
        if profile:
            profile.disable()
            profile.dump_stats(os.environ["BENCH_PROFILE"])
    found = Message.objects.filter(account=account).count()
    if found != facts["messages"]:
        raise RuntimeError(f"{found} of {facts['messages']} messages came.")
    return watch.usage.as_dict()


def _receive(pk: int) -> None:
    outcome = sync.sync_account(pk, seconds=_A_DAY)
    if outcome != sync.Outcome.DONE:
        raise RuntimeError(f"Receiving ended with {outcome}.")
