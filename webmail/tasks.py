"""Celery entry points, nothing else. Each takes keys, reads the rows again, and may run twice or never."""

from __future__ import annotations

import time

from celery import shared_task
from django.contrib.auth import get_user_model
from django.core.cache import cache
from kombu.exceptions import OperationalError

from webmail import (
    checks,
    invitations,
    opening,
    outbox,
    rawstore,
    releasing,
    removal,
    switchover,
    sync,
    transfer,
)
from webmail.models import RemoteOperation
from webmail.search import indexing
from webmail.sync import pop3_account

_INDEXING_SECONDS = 45.0
# Deleting and receiving are cut into slices of about a minute; what takes longer hangs.
_RECEIVING = {"soft_time_limit": 8 * 60, "time_limit": 9 * 60}
# A server may answer the final dot after ten minutes (RFC 5321 §4.5.3.2.6).
_SENDING = {"soft_time_limit": 18 * 60, "time_limit": 20 * 60}


@shared_task(soft_time_limit=60, time_limit=90)
def sync_due_accounts() -> None:
    """Start receiving for every account that is due."""
    claimed = sync.claim_due()
    try:
        for pk in claimed:
            sync_account.delay(pk)
    except OperationalError:  # no broker: they are due again at the next sweep, not a minute later
        sync.give_back(claimed)
        raise


@shared_task(**_RECEIVING)
def sync_account(pk: int) -> None:
    """Receive one account, then see whether unclear messages turned up."""
    try:
        sync.sync_account(pk)
        outbox.reconcile(pk)
    except Exception:
        sync.stumbled(pk)
        raise


@shared_task(**_RECEIVING)
def receive_now(pk: int) -> None:
    """Receive an account because somebody waits for it, whatever its state; waiting messages get their chance too."""
    outbox.resume(pk)
    sync_account.run(pk)


@shared_task(soft_time_limit=150, time_limit=170)
def check_mailbox(pk: int) -> None:
    """Do one run of "Check this mailbox" because somebody watches it."""
    checks.run(pk)


@shared_task(**_RECEIVING)
def push_operations(pk: int) -> None:
    """Tell the server what was changed here."""
    sync.push(pk)


@shared_task(soft_time_limit=60, time_limit=90)
def deliver_due() -> None:
    """Start sending what is due, then settle what a dead worker left: new mail never waits for old trouble."""
    for pk in outbox.due():
        deliver.delay(pk)
    outbox.recover()


@shared_task(**_SENDING)
def deliver(pk: int) -> None:
    """Send one message and file its copy."""
    if outbox.deliver(pk) == "sent":
        account = (
            RemoteOperation.objects.filter(outgoing=pk).values_list("account_id", flat=True).first()
        )
        if account is not None:
            push_operations.delay(account)


@shared_task(soft_time_limit=5 * 60, time_limit=6 * 60)
def send_invitations() -> None:
    """Send the invitations that are due, and end those whose mailboxes are authorized."""
    invitations.settle()
    for pk in invitations.due():
        invitations.send(pk)


@shared_task(soft_time_limit=5 * 60, time_limit=6 * 60)
def erase_removed() -> None:
    """Delete what belongs to accounts that were removed, a minute at a time."""
    if removal.erase_removed():
        erase_removed.delay()


@shared_task(soft_time_limit=5 * 60, time_limit=6 * 60)
def release_unused_grants() -> None:
    """Give up connections of people who left and of accounts that were switched off."""
    releasing.release_unused()


@shared_task(soft_time_limit=15 * 60, time_limit=16 * 60)
def open_mailboxes(pks: list[int], by: int) -> None:
    """Connect some accounts through the organization's access, in the name of the administrator who asked."""
    if person := get_user_model().objects.active().filter(pk=by).first():
        opening.open_all(pks, person)


@shared_task
def clean_up() -> None:
    """Forget finished changes and deleted mail, and remove bytes that nothing refers to."""
    removal.erase_removed()
    sync.forget_done_operations()
    pop3_account.erase_deleted()
    checks.forget_old()
    rawstore.collect()
    transfer.sweep()
    switchover.erase_passwords()
    invitations.clean_up()
    indexing.forget_gone()


@shared_task(soft_time_limit=5 * 60, time_limit=6 * 60)
def index_messages() -> None:
    """Let the search index follow the mail, for some seconds at a time; one worker is enough."""
    if not cache.add("webmail.indexing", 1, timeout=_INDEXING_SECONDS * 2):
        return
    try:
        give_up_at = time.monotonic() + _INDEXING_SECONDS
        while time.monotonic() < give_up_at and indexing.index_batch():
            pass
    finally:
        cache.delete("webmail.indexing")
