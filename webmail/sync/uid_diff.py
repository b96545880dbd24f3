"""Strategy for servers without mod-sequences: plain UIDs, and flags looked at in windows.

The newest messages are looked at in every round, the rest in a window that moves on with each round, so that the
whole mailbox is covered in bounded time without asking for all flags at every poll.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from webmail.protocols.types import MailboxStatus
from webmail.sync.changes import Change, Cursor, FlagsChanged, Known, Session, chunks
from webmail.sync.listing import arrivals_and_removals, start

NEWEST = 500
WINDOW = 2000
CHUNK = 500


def changes(
    session: Session, status: MailboxStatus, cursor: Cursor, known: Known, turn: int
) -> Iterator[Change]:
    """Changes since ``cursor``: flags of the newest and of this round's window, then arrivals and removals."""
    cursor = yield from start(status, cursor)
    here = sorted(known.uids(cursor.uid_validity), reverse=True)
    for uids in (here[:NEWEST], window(here[NEWEST:], turn)):
        for piece in chunks(uids, CHUNK):
            yield FlagsChanged(tuple(session.fetch_flags(piece)), cursor)
    yield from arrivals_and_removals(session, status, cursor, known)


def window(uids: Sequence[int], turn: int) -> Sequence[int]:
    """The part of ``uids`` that round number ``turn`` looks at."""
    parts = -(-len(uids) // WINDOW)
    if not parts:
        return ()
    begin = (turn % parts) * WINDOW
    return uids[begin : begin + WINDOW]
