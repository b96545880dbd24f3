"""Receiving one account: the order of events.

Changes made here go to the server first, so what comes back afterwards is the truth. Then every folder gets its
newest messages, the inbox before all; only then the long history is filled, until the time of this run is used up.
An account that has more to fetch is due again at once, and its next run begins with the inbox.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from groupware import leases
from groupware.leases import Lease
from webmail import connections
from webmail.failures import Known, classify
from webmail.models import MailAccount, Mailbox
from webmail.protocols.errors import (
    CommandRefusedError,
    InvalidArgumentError,
    MailboxMissingError,
)
from webmail.protocols.types import MailboxStatus
from webmail.sync import (
    condstore,
    listing,
    mailboxes,
    operations,
    pop3_account,
    schedule,
    store,
    uid_diff,
)
from webmail.sync.changes import RoundCompleted
from webmail.sync.known import KnownMessages

if TYPE_CHECKING:
    from webmail.protocols.imap import ImapSession

logger = logging.getLogger(__name__)

RUN_SECONDS = 60.0
# Servers without mod-sequences do not tell that flags changed; a folder that looks unchanged is still looked at.
FLAGS_AFTER_SECONDS = 300


class Outcome(StrEnum):
    """What became of one run."""

    DONE = "done"
    MORE = "more"  # history is left for the next run
    FAILED = "failed"  # the account says why
    BUSY = "busy"  # somebody else works on it
    SKIPPED = "skipped"  # switched off, or gone


def sync_account(pk: int, *, seconds: float = RUN_SECONDS) -> Outcome:
    """Receive one account for about ``seconds`` and write down how it went."""
    account = _find(pk)
    if account is None:
        return Outcome.SKIPPED

    def receive(lease: Lease) -> Outcome:
        lease.rows.update(receive_tried_at=timezone.now())
        is_finished = _receive(account, lease, time.monotonic() + seconds)
        schedule.worked(account, lease, is_finished=is_finished)
        return Outcome.DONE if is_finished else Outcome.MORE

    outcome = _work(account, MailAccount.objects.in_use(), receive)
    if outcome == Outcome.BUSY:
        # Whoever holds it may only be telling the server of changes: due again as soon as it is free.
        schedule.give_back([pk])
    return outcome


def push(pk: int) -> Outcome:
    """Tell the server what was changed here. When the account is being received, that run does it."""
    account = _find(pk)
    if account is None or account.receives_by_pop3 or not operations.are_due(account):
        return Outcome.SKIPPED

    def tell(lease: Lease) -> Outcome:
        with connections.imap(account) as session:
            session.on_traffic(_keeping(lease))
            operations.push(session, account, lease)
        return Outcome.DONE

    return _work(account, MailAccount.objects.in_use().filter(schedule.may_be_received()), tell)


def _work(
    account: MailAccount, usable: QuerySet[MailAccount], action: Callable[[Lease], Outcome]
) -> Outcome:
    """Do ``action`` under the account's lease; a failure is written on the account."""
    lease = leases.take(usable, account.pk, store.LEASE_SECONDS)
    if lease is None:
        return Outcome.BUSY
    try:
        return action(lease)
    except Known as error:
        failure = classify(error)
        logger.info("Account %s: %s", account.public_id, failure.code)
        schedule.failed(account, lease, failure)
        return Outcome.FAILED
    except store.LeaseLostError:
        return Outcome.BUSY
    finally:
        lease.release()


def _keeping(lease: Lease) -> Callable[[], None]:
    """What keeps the lease while octets come or go: one large message may take longer than it lasts.

    What it gives raises LeaseLostError, so nobody downloads on what he may not write.
    """
    pushed = time.monotonic()

    def keep() -> None:
        nonlocal pushed
        if time.monotonic() - pushed > store.LEASE_SECONDS / 6:
            store.fence(lease)
            pushed = time.monotonic()

    return keep


def _find(pk: int) -> MailAccount | None:
    related = ("incoming_server", "receive_grant__server")
    return MailAccount.objects.in_use().select_related(*related).filter(pk=pk).first()


def _receive(account: MailAccount, lease: Lease, deadline: float) -> bool:
    """Receive until ``deadline`` (monotonic); True when nothing is left to fetch."""
    if account.receives_by_pop3:
        with connections.pop3(account) as session:
            session.on_traffic(_keeping(lease))
            return pop3_account.receive(session, account, lease, deadline)
    with connections.imap(account) as imap:
        imap.on_traffic(_keeping(lease))
        return _receive_imap(imap, account, lease, deadline)


def _receive_imap(
    session: ImapSession, account: MailAccount, lease: Lease, deadline: float
) -> bool:
    operations.push(session, account, lease)
    unfinished = []
    for mailbox in mailboxes.refresh(session, account, lease):
        if not _sync_mailbox(session, mailbox, lease, deadline, at_most=listing.FIRST_SLICE):
            unfinished.append(mailbox)
        operations.push(session, account, lease)
    for mailbox in unfinished:
        if time.monotonic() > deadline or not _sync_mailbox(session, mailbox, lease, deadline):
            return False
        operations.push(session, account, lease)
    return True


def _sync_mailbox(
    session: ImapSession,
    mailbox: Mailbox,
    lease: Lease,
    deadline: float,
    at_most: int | None = None,
) -> bool:
    """Bring one folder up to date; False when it was left off with more to fetch."""
    try:
        if _is_unchanged(mailbox, session.status(mailbox.name)):
            return True
        status = session.select(mailbox.name, readonly=True)
        return _apply_changes(session, mailbox, status, lease, deadline, at_most)
    except (MailboxMissingError, CommandRefusedError, InvalidArgumentError) as error:
        # One folder that cannot be opened must not cost the others.
        logger.info("Folder %s of account %s: %s", mailbox.pk, mailbox.account_id, error.code)
        Mailbox.objects.filter(pk=mailbox.pk).update(error_code=error.code)
        return True


def _apply_changes(
    session: ImapSession,
    mailbox: Mailbox,
    status: MailboxStatus,
    lease: Lease,
    deadline: float,
    at_most: int | None,
) -> bool:
    strategy = condstore.changes if status.highest_mod_seq else uid_diff.changes
    turn = int(time.time() / settings.SYNC_INTERVAL_SECONDS)
    came = 0
    for change in strategy(session, status, store.cursor_of(mailbox), KnownMessages(mailbox), turn):
        came += store.apply(mailbox, change, lease, deadline)
        if isinstance(change, RoundCompleted):
            return True
        if time.monotonic() > deadline or (at_most is not None and came >= at_most):
            return False
    return True


def _is_unchanged(mailbox: Mailbox, status: MailboxStatus) -> bool:
    cursor = store.cursor_of(mailbox)
    same = (
        cursor.is_complete
        and cursor.uid_validity == status.uid_validity
        and cursor.uid_next == status.uid_next
        and cursor.exists == status.exists
    )
    if not same or mailbox.error_code:
        return False
    if status.highest_mod_seq:
        return cursor.highest_mod_seq == status.highest_mod_seq
    age = (
        (timezone.now() - mailbox.synced_at).total_seconds()
        if mailbox.synced_at
        else FLAGS_AFTER_SECONDS
    )
    return (
        status.unseen == mailbox.unseen
        and mailbox.role != Mailbox.Role.INBOX
        and age < FLAGS_AFTER_SECONDS
    )
