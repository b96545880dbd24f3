"""Which notices are open: made from what is wrong now, ended when it is not any more.

One row is one fault for one person, and one row is one message with its reminders. Nobody is written to when a fault
ends: whoever mended it knows, and what is still wrong stands in the daily digest of the administrators.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from groupware.notices import registry
from groupware.notices.models import Notice
from groupware.notices.registry import Fault, Kind

#: A fault that comes back within this time after it was over is the same one: nobody is told a second time.
FLAPPING = timedelta(hours=1)
KEPT_FOR = timedelta(days=90)


def reconcile_all() -> None:
    """Ask every kind what is wrong now."""
    for kind in registry.all_kinds():
        reconcile(kind, kind.current())


def reconcile(kind: Kind, faults: Iterable[Fault]) -> None:
    """Open a notice for each fault and recipient that has none; end those whose fault is over."""
    rows = Notice.objects.filter(kind=kind.key, ended_at=None)
    still_open = {(row.subject, row.fault, row.recipient_id): row for row in rows}
    for fault in faults:
        for recipient in fault.recipients:
            row = still_open.pop((fault.subject, fault.fault, recipient.pk), None)
            if row is None:
                _open(kind.key, fault, recipient)
            elif row.facts != fault.facts or row.avoid != list(fault.avoid):
                Notice.objects.filter(pk=row.pk).update(facts=fault.facts, avoid=list(fault.avoid))
    over = [row.pk for row in still_open.values()]
    Notice.objects.filter(pk__in=over).update(ended_at=timezone.now(), due_at=None)


def tell(
    kind: str,
    subject: str,
    fault: str,
    recipients: Sequence[Any],
    facts: dict[str, Any] | None = None,
    avoid: Sequence[str] = (),
) -> None:
    """Open a notice at once, without waiting for the next sweep; who was told already is not told again.

    The kind's ``current`` must say the same, or the next sweep ends it. Raises LookupError for an unknown kind.
    """
    registry.get(kind)
    for recipient in recipients:
        _open(kind, Fault(subject, fault, recipients, facts or {}, avoid), recipient)


def end(subject: str) -> None:
    """What was wrong with ``subject`` is over: nothing more is sent about it."""
    open_rows = Notice.objects.filter(subject=subject, ended_at=None)
    open_rows.update(ended_at=timezone.now(), due_at=None)


def forget_old() -> None:
    """Remove notices that are long over."""
    Notice.objects.filter(ended_at__lt=timezone.now() - KEPT_FOR).delete()


def _open(kind: str, fault: Fault, recipient: Any) -> None:
    now = timezone.now()
    rows = Notice.objects.filter(
        kind=kind, subject=fault.subject, fault=fault.fault, recipient=recipient
    )
    if rows.filter(ended_at=None).exists():
        return
    told = {"facts": fault.facts, "avoid": list(fault.avoid)}
    back = rows.filter(ended_at__gte=now - FLAPPING, times_sent__gt=0).order_by("-ended_at").first()
    try:
        with transaction.atomic():
            if back is not None:
                rows.filter(pk=back.pk).update(ended_at=None, due_at=next_reminder(back), **told)
            else:
                Notice.objects.create(
                    kind=kind,
                    subject=fault.subject,
                    fault=fault.fault,
                    recipient=recipient,
                    raised_at=now,
                    due_at=now,
                    **told,
                )
    except IntegrityError:  # another worker was a moment faster
        return


def next_reminder(notice: Notice) -> datetime | None:
    """When to write again, counted from the day the notice was raised; None: never. At least one message was sent."""
    reminders = registry.get(notice.kind).reminders
    if notice.times_sent > len(reminders):
        return None
    return notice.raised_at + reminders[notice.times_sent - 1]
