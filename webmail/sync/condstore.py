"""Strategy for servers with mod-sequences (RFC 7162): only flags that changed are asked for."""

from __future__ import annotations

from collections.abc import Iterator

from webmail.protocols.types import MailboxStatus
from webmail.sync.changes import Change, Cursor, FlagsChanged, Known, Session, chunks
from webmail.sync.listing import arrivals_and_removals, start

CHUNK = 500


def changes(
    session: Session, status: MailboxStatus, cursor: Cursor, known: Known, turn: int
) -> Iterator[Change]:
    """Changes since ``cursor``, flags first.

    The mod-sequence of the cursor is the one that SELECT told before anything was fetched, so a change made
    meanwhile is reported again, never missed. It is not moved while the first download still runs.
    """
    cursor = yield from start(status, cursor)
    since, now = cursor.highest_mod_seq, status.highest_mod_seq or 0
    if since and now > since:
        changed = session.fetch_flags(changed_since=since)
        for piece in chunks(sorted(changed, key=lambda item: item.mod_seq or 0), CHUNK):
            yield FlagsChanged(tuple(piece), cursor)
    yield from arrivals_and_removals(session, status, cursor, known)
