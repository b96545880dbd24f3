"""Strategy for POP3: the unique-id listing (RFC 1939 §7, RFC 2449) is the only memory a server offers.

A message is deleted from the server only when an *earlier* session brought it here and committed it, and this
session lists it again. So neither a lost connection nor a lost commit can cost a message.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from webmail.protocols.errors import CommandRefusedError

BATCH = 25  # messages per transaction
BATCH_OCTETS = 8 * 1024 * 1024
BATCH_SECONDS = 30.0
_LONGEST_DAYS = 100 * 366  # who types a larger number means never, and no date holds it


@dataclass(frozen=True)
class RetrievedMessage:
    """A message as POP3 hands it over; the server knows no flags and no time of arrival."""

    uidl: str
    raw: bytes


@dataclass(frozen=True)
class Retention:
    """What the owner wants to stay on the server. ``days`` 0: no limit while ``leaves_on_server``."""

    leaves_on_server: bool
    days: int


class Session(Protocol):
    """The part of a POP3 session that the strategy needs."""

    def retrieve(self, number: int) -> bytes: ...


def arrivals(
    session: Session, listing: Mapping[str, int], known: Collection[str]
) -> Iterator[tuple[RetrievedMessage, ...]]:
    """Retrieve what is not known, newest first, in batches for one transaction each.

    A message that the server cannot hand over is left out and asked for again in the next session.
    """
    missing = sorted(
        ((number, uidl) for uidl, number in listing.items() if uidl not in known), reverse=True
    )
    batch: list[RetrievedMessage] = []
    octets, started = 0, time.monotonic()
    for number, uidl in missing:
        try:
            message = RetrievedMessage(uidl, session.retrieve(number))
        except CommandRefusedError as refusal:
            if refusal.retryable:
                raise
            continue
        batch.append(message)
        octets += len(message.raw)
        is_full = len(batch) == BATCH or octets >= BATCH_OCTETS
        if is_full or time.monotonic() - started >= BATCH_SECONDS:
            yield tuple(batch)
            batch, octets, started = [], 0, time.monotonic()
    if batch:
        yield tuple(batch)


def deletable(
    listing: Mapping[str, int],
    stored_at: Mapping[str, datetime],
    retention: Retention,
    now: datetime,
) -> list[int]:
    """Session numbers of messages that may go from the server.

    ``stored_at`` names what was committed before this session began; nothing else is ever in the answer.
    """
    if retention.leaves_on_server and not retention.days:
        return []
    days = min(retention.days, _LONGEST_DAYS) if retention.leaves_on_server else 0
    age = timedelta(days=days)
    return sorted(
        number
        for uidl, number in listing.items()
        if uidl in stored_at and stored_at[uidl] + age <= now
    )
