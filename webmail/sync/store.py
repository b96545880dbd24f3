"""Changes → rows: the only writer of received mail.

One change, one transaction: the rows, the counts of the folder and the cursor. It begins with the account's lease:
the lease is pushed forward under its fencing number, and a worker that lost it writes nothing. That UPDATE also
makes the worker the only writer of this account's received mail until the commit, on SQLite and PostgreSQL alike.

Before the transaction the raw bytes are kept and parsed; a worker killed in between leaves bytes that the next
one finds again under the same digest, or that ``rawstore.collect()`` removes.

A message that arrives may be here already under another number: moved here and not told yet by the server (``uid``
is null), or known under an older UIDVALIDITY. Such a row is adopted instead of a second one being made, so nothing
that hangs on it is lost: by the digest of its bytes, or else by Message-ID, size and time (RFC 9051 §2.3.1.1 leaves
no better way).
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, models, transaction
from django.utils import timezone

from groupware.leases import Lease
from webmail.models import Mailbox, Message, Part, RemoteOperation
from webmail.protocols.types import FetchedFlags, FetchedMessage
from webmail.sync import rows
from webmail.sync.changes import (
    Change,
    Cursor,
    CursorLost,
    FlagsChanged,
    NewMessages,
    RoundCompleted,
    Vanished,
    timed_chunks,
)
from webmail.sync.known import moving_away
from webmail.sync.rows import FLAG_FIELDS, Content

LEASE_SECONDS = 180
# Parsing before a commit. One message may hang longer, so this is far below the lease.
PARSING_SECONDS = 20
# What a database, or Django on the way to it, raises for a value that does not fit.
_REFUSED = (DataError, IntegrityError, ValueError, OverflowError, ValidationError)
_CURSOR_FIELDS = ("uid_validity", "uid_next", "highest_mod_seq", "lowest_fetched_uid", "exists")


class LeaseLostError(Exception):
    """Somebody else works on the account now, or it was switched off."""


@dataclass(frozen=True)
class Arrival:
    """A message about to become a row."""

    content: Content
    received_at: datetime
    values: dict[str, Any]  # uid, uid_validity or uidl, and the flags

    def row(self, mailbox: Mailbox) -> Message:
        return Message(
            account_id=mailbox.account_id,
            mailbox=mailbox,
            digest=self.content.digest,
            size=self.content.size,
            received_at=self.received_at,
            **self.content.fields,
            **self.values,
        )


def fence(lease: Lease) -> None:
    """Push the lease forward; raise LeaseLostError when it is not ours any more or the account is switched off."""
    expires = timezone.now() + timedelta(seconds=LEASE_SECONDS)
    if not lease.rows.filter(is_enabled=True).update(lease_expires_at=expires):
        raise LeaseLostError


def cursor_of(mailbox: Mailbox) -> Cursor:
    """How far ``mailbox`` is known."""
    return Cursor(**{name: getattr(mailbox, name) for name in _CURSOR_FIELDS})


def apply(mailbox: Mailbox, change: Change, lease: Lease, deadline: float = math.inf) -> int:
    """Make one change of ``mailbox`` true here and save its cursor; return how many messages came.

    Applying a change twice changes nothing the second time. New messages that are slow to parse are committed
    piece by piece, the cursor with the last, and what is not parsed at ``deadline`` (monotonic) is left to the
    next run. Raises LeaseLostError.
    """
    if isinstance(change, NewMessages):
        return _arrive(mailbox, change, lease, deadline)
    with transaction.atomic():
        fence(lease)
        match change:
            case FlagsChanged():
                _change_flags(mailbox, change.flags, change.cursor.uid_validity)
            case Vanished():
                _remove(_with_uids(mailbox, change.uids, change.cursor.uid_validity))
                recount(mailbox)
            case RoundCompleted():
                _complete(mailbox, change)
            case CursorLost():
                pass  # the rows stay until they are adopted, or until a whole round has not found them again
        _save_cursor(mailbox, change.cursor)
    return 0


def _arrive(mailbox: Mailbox, change: NewMessages, lease: Lease, deadline: float) -> int:
    came = parsed = 0
    validity = change.cursor.uid_validity
    for piece in timed_chunks(_arrivals(change.messages, validity), PARSING_SECONDS):
        with transaction.atomic():
            fence(lease)
            came += insert(mailbox, _not_here(mailbox, piece, validity))
            parsed += len(piece)
            if parsed == len(change.messages):
                _save_cursor(mailbox, change.cursor)
        if time.monotonic() > deadline:
            break
    return came


def insert(mailbox: Mailbox, arrivals: Sequence[Arrival]) -> int:
    """Make rows of ``arrivals`` and count them; inside a transaction. What the database refuses is quarantined."""
    try:
        with transaction.atomic():
            _insert(mailbox, arrivals)
    except _REFUSED:
        if len(arrivals) == 1:
            arrival = arrivals[0]
            _insert(mailbox, [replace(arrival, content=_stripped(arrival.content))])
        else:
            for arrival in arrivals:
                insert(mailbox, [arrival])
            return len(arrivals)
    shown = [arrival for arrival in arrivals if not arrival.values.get("is_deleted")]
    add_to_counts(mailbox, len(shown), sum(not arrival.values.get("is_seen") for arrival in shown))
    return len(arrivals)


def add_to_counts(mailbox: Mailbox, total: int, unseen: int) -> None:
    """Change the counts of a folder by a difference."""
    if total or unseen:
        Mailbox.objects.filter(pk=mailbox.pk).update(
            total=models.F("total") + total, unseen=models.F("unseen") + unseen
        )


def recount(mailbox: Mailbox) -> None:
    """Count the messages of a folder anew."""
    shown = Message.objects.in_mailbox(mailbox)
    Mailbox.objects.filter(pk=mailbox.pk).update(total=shown.count(), unseen=shown.unseen().count())


def waiting_for_server(messages: Iterable[int]) -> set[int]:
    """Those messages whose change made here the server does not know yet."""
    waiting = RemoteOperation.objects.filter(
        message__in=list(messages), state=RemoteOperation.State.WAITING
    )
    return {pk for pk in waiting.values_list("message_id", flat=True) if pk is not None}


def _arrivals(messages: Iterable[FetchedMessage], uid_validity: int) -> Iterator[Arrival]:
    for message in messages:
        values = {
            "uid": message.uid,
            "uid_validity": uid_validity,
            **rows.flag_fields(message.flags),
        }
        yield Arrival(rows.content_of(message.raw), message.received_at, values)


def _not_here(mailbox: Mailbox, arrivals: list[Arrival], uid_validity: int) -> list[Arrival]:
    """Those without a row, after rows of the same message were adopted."""
    uids = [arrival.values["uid"] for arrival in arrivals]
    here = set(_with_uids(mailbox, uids, uid_validity).values_list("uid", flat=True))
    here |= moving_away(mailbox, uid_validity)
    unknown = [arrival for arrival in arrivals if arrival.values["uid"] not in here]
    numberless = Message.objects.filter(mailbox=mailbox).filter(
        models.Q(uid__isnull=True) | ~models.Q(uid_validity=uid_validity)
    )
    by_bytes = numberless.filter(digest__in=[arrival.content.digest for arrival in unknown])
    unknown = _adopt(
        by_bytes, unknown, lambda row: row.digest, lambda arrival: arrival.content.digest
    )
    identifiers = [arrival.content.fields["message_id"] for arrival in unknown]
    by_name = numberless.filter(
        message_id__in=[identifier for identifier in identifiers if identifier]
    )
    return _adopt(
        by_name,
        unknown,
        lambda row: (row.message_id, row.size, row.received_at),
        lambda arrival: (
            arrival.content.fields["message_id"],
            arrival.content.size,
            arrival.received_at,
        ),
    )


def _adopt(
    candidates: models.QuerySet[Message], arrivals: list[Arrival], key_of_row: Any, key: Any
) -> list[Arrival]:
    """Give rows that fit the number of their arrival; return the arrivals without such a row."""
    if not arrivals:
        return []
    free: dict[Any, list[Message]] = {}
    for row in candidates.select_for_update().order_by("pk"):
        free.setdefault(key_of_row(row), []).insert(0, row)
    waiting = waiting_for_server(row.pk for found in free.values() for row in found)
    adopted, left = [], []
    for arrival in arrivals:
        if not (found := free.get(key(arrival))):
            left.append(arrival)
            continue
        row = found.pop()
        for name, value in arrival.values.items():
            if name not in FLAG_FIELDS or row.pk not in waiting:
                setattr(row, name, value)
        adopted.append(row)
    Message.objects.bulk_update(adopted, ["uid", "uid_validity", *FLAG_FIELDS])
    return left


def _insert(mailbox: Mailbox, newest_first: Sequence[Arrival]) -> None:
    # Rows made later are newer: that is the list's order among messages of the same second.
    arrivals = newest_first[::-1]
    created = Message.objects.bulk_create([arrival.row(mailbox) for arrival in arrivals])
    parts = [
        rows.parts_of(row, arrival.content) for row, arrival in zip(created, arrivals, strict=True)
    ]
    Part.objects.bulk_create([part for found in parts for part in found])


def _stripped(content: Content) -> Content:
    return replace(
        content, fields={"message_id": "", "body_state": Message.Body.QUARANTINED}, parts=[]
    )


def _with_uids(
    mailbox: Mailbox, uids: Iterable[int], uid_validity: int
) -> models.QuerySet[Message]:
    return Message.objects.filter(mailbox=mailbox, uid_validity=uid_validity, uid__in=list(uids))


def _change_flags(mailbox: Mailbox, changed: Sequence[FetchedFlags], uid_validity: int) -> None:
    by_uid = {item.uid: item for item in changed}
    here = list(_with_uids(mailbox, by_uid, uid_validity).select_for_update().order_by("pk"))
    waiting = waiting_for_server(row.pk for row in here)
    different = []
    for row in here:
        item = by_uid[row.uid or 0]
        new = rows.flag_fields(item.flags) | {"mod_seq": item.mod_seq or 0}
        if row.pk in waiting or all(getattr(row, name) == value for name, value in new.items()):
            continue
        for name, value in new.items():
            setattr(row, name, value)
        different.append(row)
    if different:
        Message.objects.bulk_update(different, ["mod_seq", *FLAG_FIELDS])
        recount(mailbox)


def _remove(messages: models.QuerySet[Message]) -> None:
    messages.delete()


def _complete(mailbox: Mailbox, change: RoundCompleted) -> None:
    """End of a round: what a whole comparison did not find again is gone."""
    if change.is_exact:
        lost = Message.objects.filter(mailbox=mailbox).filter(
            models.Q(uid__isnull=True) | ~models.Q(uid_validity=change.cursor.uid_validity)
        )
        waiting = RemoteOperation.objects.filter(
            state=RemoteOperation.State.WAITING, message__isnull=False
        )
        _remove(lost.exclude(pk__in=waiting.values("message_id")))
    recount(mailbox)
    Mailbox.objects.filter(pk=mailbox.pk).update(synced_at=timezone.now(), error_code="")


def _save_cursor(mailbox: Mailbox, cursor: Cursor) -> None:
    values = {name: getattr(cursor, name) for name in _CURSOR_FIELDS}
    Mailbox.objects.filter(pk=mailbox.pk).update(**values)
    for name, value in values.items():
        setattr(mailbox, name, value)
