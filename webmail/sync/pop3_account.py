"""Receiving by POP3 into the local inbox, and clearing the server as the owner wishes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from groupware.leases import Lease
from webmail import rawstore
from webmail.models import MailAccount, Mailbox, Message
from webmail.sync import mailboxes, pop3, rows, store
from webmail.sync.changes import timed_chunks

if TYPE_CHECKING:
    from webmail.protocols.pop3 import Pop3Session

_COLUMN = 255


def receive(session: Pop3Session, account: MailAccount, lease: Lease, deadline: float) -> bool:
    """Fetch what is new, newest first; then delete on the server what may go. True when nothing is left.

    QUIT is what makes the server delete, and a session that breaks before it deletes nothing.
    """
    inbox = mailboxes.local_mailboxes(account)[Mailbox.Role.INBOX]
    listing = {key_of(uidl): number for uidl, number in session.uidl().items()}
    stored = _stored(account)
    is_finished = True
    for batch in pop3.arrivals(session, listing, stored):
        is_finished = _apply(inbox, batch, lease, deadline)
        if not is_finished:
            break
    retention = pop3.Retention(account.leaves_on_server, account.delete_after_days)
    for number in pop3.deletable(listing, _kept_safely(stored, listing), retention, timezone.now()):
        session.delete(number)
    _forget_deleted(account, listing, lease)
    session.quit()
    return is_finished


def key_of(uidl: str) -> str:
    """``uidl`` as it is kept: RFC 1939 allows 70 printable characters.

    A digest stands for the rest of an id that is longer than the column or holds what a database refuses.
    """
    if len(uidl) <= _COLUMN and "\x00" not in uidl:
        return uidl
    return uidl[:128].replace("\x00", "") + hashlib.sha256(uidl.encode()).hexdigest()


def _stored(account: MailAccount) -> dict[str, tuple[datetime, str]]:
    """UIDL → when it arrived and the digest of its bytes ("" when it was deleted here)."""
    known = Message.objects.filter(account=account).exclude(uidl="")
    return {
        uidl: (arrived, digest)
        for uidl, arrived, digest in known.values_list("uidl", "received_at", "digest")
    }


def _kept_safely(
    stored: dict[str, tuple[datetime, str]], listing: dict[str, int]
) -> dict[str, datetime]:
    """What an earlier session committed and whose bytes are really here, or were deleted here on purpose."""
    return {
        uidl: stored[uidl][0]
        for uidl in listing
        if uidl in stored and (not stored[uidl][1] or rawstore.exists(stored[uidl][1]))
    }


def _apply(
    inbox: Mailbox, batch: tuple[pop3.RetrievedMessage, ...], lease: Lease, deadline: float
) -> bool:
    """Keep a batch; False when ``deadline`` (monotonic) is over, and the rest is asked for in the next session."""
    now = timezone.now()
    for piece in timed_chunks(_arrivals(batch, now), store.PARSING_SECONDS):
        _insert(inbox, piece, lease, now)
        if time.monotonic() > deadline:
            return False
    return True


def _arrivals(batch: Iterable[pop3.RetrievedMessage], now: datetime) -> Iterator[store.Arrival]:
    for message in batch:
        content = rows.content_of(message.raw)
        received_at = rows.arrived_at(message.raw, content, now)
        yield store.Arrival(content, received_at, {"uidl": message.uidl})


def _insert(inbox: Mailbox, arrivals: list[store.Arrival], lease: Lease, now: datetime) -> None:
    with transaction.atomic():
        store.fence(lease)
        uidls = [arrival.values["uidl"] for arrival in arrivals]
        here = set(
            Message.objects.filter(account=inbox.account_id, uidl__in=uidls).values_list(
                "uidl", flat=True
            )
        )
        store.insert(inbox, [arrival for arrival in arrivals if arrival.values["uidl"] not in here])
        Mailbox.objects.filter(pk=inbox.pk).update(synced_at=now)


def _forget_deleted(account: MailAccount, listing: dict[str, int], lease: Lease) -> None:
    """Messages deleted here stay as an empty row while the server lists them, or they would be fetched again."""
    deleted = Message.objects.filter(account=account, is_deleted=True, digest="").exclude(uidl="")
    gone = [pk for pk, uidl in deleted.values_list("pk", "uidl") if uidl not in listing]
    if gone:
        with transaction.atomic():
            store.fence(lease)
            Message.objects.filter(pk__in=gone).delete()


def erase_deleted() -> int:
    """Erase what people deleted for good from local folders; return how many messages there were.

    An empty row remains where the server may list the message again.
    """
    deleted = Message.objects.filter(mailbox__is_local=True, is_deleted=True).exclude(digest="")
    erased = 0
    for message in deleted.iterator():
        if message.uidl:
            empty = Message(
                pk=message.pk,
                public_id=message.public_id,
                account_id=message.account_id,
                mailbox_id=message.mailbox_id,
                uidl=message.uidl,
                received_at=message.received_at,
                is_deleted=True,
            )
            message.parts.all().delete()
            empty.save(force_update=True)
        else:
            message.delete()
        erased += 1
    return erased
