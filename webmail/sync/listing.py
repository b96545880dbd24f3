"""What both IMAP strategies share: which messages are new here, and which are gone there.

New is what the server lists and we do not know, whatever the cursor says: a gap left by any accident closes by
itself. The full list is asked for only when simple arithmetic says that something is missing: known + new = EXISTS
means that nothing vanished.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace

from webmail.protocols.errors import CommandRefusedError
from webmail.protocols.types import FetchedMessage, MailboxStatus
from webmail.sync.changes import (
    Change,
    Cursor,
    CursorLost,
    Known,
    NewMessages,
    RoundCompleted,
    Session,
    Vanished,
    chunks,
)

FIRST_SLICE = 50  # what a screen shows
SLICE = 200
BATCH = 100  # messages per transaction
BATCH_OCTETS = 8 * 1024 * 1024
BATCH_SECONDS = 30.0  # a slow server's messages are not kept waiting for a full batch


def start(status: MailboxStatus, cursor: Cursor) -> Generator[Change, None, Cursor]:
    """Give the cursor to begin with; report CursorLost when the server numbers its messages anew."""
    if cursor.uid_validity == status.uid_validity:
        return cursor
    fresh = Cursor(uid_validity=status.uid_validity, highest_mod_seq=status.highest_mod_seq or 0)
    if cursor.uid_validity:
        yield CursorLost(fresh)
    return fresh


def arrivals_and_removals(
    session: Session, status: MailboxStatus, cursor: Cursor, known: Known
) -> Generator[Change, None, None]:
    """Report new messages, newest first, then vanished ones, then the end of the round."""
    missing, vanished, is_exact = _compare(session, status, cursor, known)
    highest = max(missing, default=0)
    for piece in _slices(missing):
        for batch in _batches(_fetch(session, piece)):
            if not cursor.is_complete:
                lowest = min(message.uid for message in batch)
                # UID 1 may be fetched long before the round is complete, and 1 means complete.
                cursor = replace(cursor, lowest_fetched_uid=max(lowest, 2))
            yield NewMessages(batch, cursor)
    for gone in chunks(vanished, 500):
        yield Vanished(tuple(gone), cursor)
    finished = replace(
        cursor,
        uid_next=max(status.uid_next, highest + 1, cursor.uid_next),
        highest_mod_seq=status.highest_mod_seq or 0,
        lowest_fetched_uid=1,
        exists=status.exists,
    )
    yield RoundCompleted(finished, is_exact)


def _compare(
    session: Session, status: MailboxStatus, cursor: Cursor, known: Known
) -> tuple[list[int], list[int], bool]:
    """Missing UIDs (newest first), vanished UIDs, and whether the whole list was compared."""
    validity = status.uid_validity
    if cursor.is_complete and cursor.uid_next:
        fresh = [uid for uid in session.uids(first=cursor.uid_next) if uid >= cursor.uid_next]
        missing = set(fresh) - known.among(validity, fresh)
        if known.count(validity) + len(missing) == status.exists:
            return sorted(missing, reverse=True), [], False
    here = known.uids(validity)
    there = set(session.uids()) if status.exists or here else set()
    # A server that lists nothing while it counts something is not believed: nothing is removed on its word.
    gone = here - there if there or not status.exists else set()
    return sorted(there - here, reverse=True), sorted(gone), True


def _fetch(session: Session, uids: Sequence[int]) -> Iterator[FetchedMessage]:
    """Fetch; where the server refuses, one by one, so that one message it cannot read does not hold up the rest."""
    fetched: set[int] = set()
    try:
        for message in session.fetch(uids):
            fetched.add(message.uid)
            yield message
    except CommandRefusedError as refusal:
        if refusal.retryable:
            raise
        if len(uids) > 1:
            for uid in uids:
                if uid not in fetched:
                    yield from _fetch(session, [uid])


def _slices(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    if uids:
        yield uids[:FIRST_SLICE]
        yield from chunks(uids[FIRST_SLICE:], SLICE)


def _batches(messages: Iterator[FetchedMessage]) -> Iterator[tuple[FetchedMessage, ...]]:
    """Group what arrives into transactions, by number, by weight and by time."""
    batch: list[FetchedMessage] = []
    octets, started = 0, time.monotonic()
    for message in messages:
        batch.append(message)
        octets += len(message.raw)
        is_full = len(batch) == BATCH or octets >= BATCH_OCTETS
        if is_full or time.monotonic() - started >= BATCH_SECONDS:
            yield tuple(batch)
            batch, octets, started = [], 0, time.monotonic()
    if batch:
        yield tuple(batch)
