"""Removing a mail account: gone for everybody at once, its mail deleted in slices afterwards.

Nothing is deleted on the mail server. A mailbox of a hundred thousand messages would hold the request and the
database up for minutes; so the row is marked (``removed_at``), which hides it everywhere, and a task goes through it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import models, transaction
from django.utils import timezone

from groupware.audit.record import record
from groupware.leases import is_free
from webmail.models import MailAccount, MailServer, Message, RemoteOperation
from webmail.signals import account_removed

_SLICE = 500
_SECONDS = 60.0  # of one run; what is left waits for the next one


@dataclass(frozen=True)
class Figures:
    """What goes with an account."""

    messages: int
    drafts: int
    waiting: int


def figures_of(account: MailAccount) -> Figures:
    """Count what removing the account takes away here."""
    return Figures(
        account.messages.count(),
        account.outgoing_messages.drafts().exclude(version=0).count(),
        account.outgoing_messages.in_outbox().count(),
    )


def begin(account: MailAccount) -> None:
    """Give the account up: hidden, neither received nor sent from. The rows follow by ``erase_removed``.

    ``account_removed`` tells others, whose connections are still on the row.
    """
    with transaction.atomic():
        record(
            "webmail.account.deleted",
            target=account,
            details={"messages": account.messages.count()},
        )
        account.removed_at = timezone.now()
        account.is_enabled = False
        account.save(update_fields=["removed_at", "is_enabled"])
        account_removed.send(sender=MailAccount, account=account)


def erase_removed(*, clock: Callable[[], float] = time.monotonic) -> bool:
    """Delete what belongs to removed accounts; True when the time of one run, a minute, was not enough.

    An account that is being received just now waits for the next sweep.
    """
    give_up_at = clock() + _SECONDS
    removed = MailAccount.objects.filter(is_free(), removed_at__isnull=False).order_by("removed_at")
    for account in removed:
        if not _erase(account, lambda: clock() < give_up_at):
            return True
    MailServer.objects.unused_individual().delete()
    return False


def _erase(account: MailAccount, has_time: Callable[[], bool]) -> bool:
    for rows in (
        RemoteOperation.objects.filter(account=account),
        account.outgoing_messages.all(),
        Message.objects.filter(account=account),
    ):
        while slice_of := list(rows.order_by("pk").values_list("pk", flat=True)[:_SLICE]):
            if not has_time():
                return False
            _delete(rows.model, slice_of)
    account.delete()
    return True


def _delete(model: type[models.Model], pks: list[int]) -> None:
    with transaction.atomic():
        model._base_manager.filter(pk__in=pks).delete()
