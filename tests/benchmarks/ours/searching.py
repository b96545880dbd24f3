"""Indexing and searching the mailbox that ``first_imap`` has received here."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.urls import reverse

from tests.benchmarks.ours.pages import visitor
from webmail.models import Mailbox, Message
from webmail.search import finding, index, indexing, query


def search(facts: dict[str, Any]) -> dict[str, Any]:
    """Milliseconds per message of indexing, and of each question: the whole page, and the index alone."""
    indexing.start_over()
    began = time.process_time()
    while indexing.index_batch():
        pass
    whole = time.process_time() - began
    count = Message.objects.count()
    person = Mailbox.objects.get(role=Mailbox.Role.INBOX).account.owner
    visit = visitor(person)
    address = reverse("webmail:search")
    found = {}
    for name, words in facts["words"].items():
        asked = query.read(words)
        page = _median(lambda words=words: visit(address, urlencode({"q": words})), facts["rounds"])
        alone = _median(lambda asked=asked: finding.search(person, asked), facts["rounds"])
        found[name] = {"p50": page, "index": alone}
    return {
        "index_cpu": _index_alone() * 1000,
        "whole_cpu": whole * 1000 / count,
        "messages": count,
        "found": found,
    }


def _index_alone() -> float:
    """Seconds of CPU per message without reading it: cutting its text and taking the words in."""
    messages = list(Message.objects.order_by("-pk")[: indexing.BATCH])
    texts = {message.pk: indexing.body_of(message) for message in messages}
    began = time.process_time()
    with transaction.atomic():
        entries = [indexing.entry_of(message, [], texts[message.pk]) for message in messages]
        index.backend().add(entries)
        took = time.process_time() - began
        transaction.set_rollback(True)
    return took / len(messages)


def _median(work: Callable[[], object], rounds: int) -> float:
    seconds = []
    for _round in range(rounds):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds) * 1000
