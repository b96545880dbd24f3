"""Reading one message: parsing it, cleaning its HTML."""

from __future__ import annotations

import email
import random
import time
from collections.abc import Callable, Sequence
from email import policy
from typing import Any

import nh3

from tests.benchmarks import corpus
from webmail import parser
from webmail.mime import sanitizing
from webmail.mime.parsing import parse as our_parse

SAMPLE = 300
ROUNDS = 3
HTML_OCTETS = 19_000


def parse(facts: dict[str, Any]) -> dict[str, Any]:
    """Milliseconds of CPU per message: the standard library with every part decoded, ours, ours behind its guard."""
    raws = [mail.raw.replace(b"\n", b"\r\n") for mail in corpus.mails(SAMPLE)]
    parser.parse(raws[0])
    guarded_began = time.perf_counter()
    for raw in raws:
        parser.parse(raw)
    guarded = (time.perf_counter() - guarded_began) * 1000 / SAMPLE
    return {
        "compat32": _milliseconds(_standard, raws),
        "ours": _milliseconds(our_parse, raws),
        "guarded_wall": guarded,
        "messages": SAMPLE,
    }


def sanitize(facts: dict[str, Any]) -> dict[str, Any]:
    """Milliseconds of CPU per body of 19 KB: nh3 with its defaults, ours."""
    bodies = [corpus.newsletter(HTML_OCTETS, random.Random(number)) for number in range(30)]

    def ours(html: str) -> object:
        return sanitizing.sanitize(html, part_url=lambda cid: None)

    return {"nh3": _milliseconds(nh3.clean, bodies), "ours": _milliseconds(ours, bodies)}


def _standard(raw: bytes) -> None:
    message = email.message_from_bytes(raw, policy=policy.compat32)
    for part in message.walk():
        if not part.is_multipart():
            part.get_payload(decode=True)


def _milliseconds(work: Callable[[Any], object], items: Sequence[Any]) -> float:
    """The best of some rounds: what disturbs a round only ever makes it slower."""
    best = float("inf")
    for _round in range(ROUNDS):
        began = time.process_time()
        for item in items:
            work(item)
        best = min(best, time.process_time() - began)
    return best * 1000 / len(items)
