"""Numbers about webmail: the unread badge of a person, and the lines that administrators see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, Min, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from groupware.health import HealthCheck
from groupware.notices.moments import in_words
from webmail.models import MailAccount, Mailbox, OutgoingMessage, RemoteOperation

Health = MailAccount.Health
_OVERDUE = timedelta(minutes=10)


def unread(user: Any) -> int:
    """Unread messages in the inboxes of ``user``; read from the folders, not counted."""
    inboxes = Mailbox.objects.visible_to(user).with_role(Mailbox.Role.INBOX)
    return inboxes.aggregate(total=Sum("unseen"))["total"] or 0


def health() -> list[HealthCheck]:
    """Receiving, sending, and what waits for a server."""
    return [_receiving(), _sending(), _operations()]


def _receiving() -> HealthCheck:
    now = timezone.now()
    accounts = MailAccount.objects.in_use()
    by_state = dict(accounts.values_list("receive_health").annotate(Count("pk")).order_by())
    late = (
        accounts.filter(next_sync_at__lt=now - _OVERDUE)
        .exclude(receive_health=Health.OWNER_REQUIRED)
        .count()
    )
    detail = _(
        "%(working)d working, %(owner)d waiting for their owner, %(administrator)d for an administrator."
    ) % {
        "working": by_state.get(Health.WORKING, 0),
        "owner": by_state.get(Health.OWNER_REQUIRED, 0),
        "administrator": by_state.get(Health.ADMINISTRATOR_REQUIRED, 0),
    }
    longest = accounts.filter(received_at__isnull=False).aggregate(Min("received_at"))
    if oldest := longest["received_at__min"]:
        detail += " " + _("Longest without receiving: since %(moment)s.") % {
            "moment": in_words(oldest)
        }
    if late:
        detail += " " + _("Overdue: %(count)d.") % {"count": late}
    return HealthCheck(
        _("Receiving"), not late and not by_state.get(Health.ADMINISTRATOR_REQUIRED), detail
    )


def _sending() -> HealthCheck:
    late = OutgoingMessage.objects.filter(
        state=OutgoingMessage.State.QUEUED, attempts=0, send_after__lt=timezone.now() - _OVERDUE
    ).count()
    unclear = OutgoingMessage.objects.filter(state=OutgoingMessage.State.UNCLEAR).count()
    waiting = OutgoingMessage.objects.filter(state=OutgoingMessage.State.QUEUED).count()
    numbers = {"waiting": waiting, "late": late, "unclear": unclear}
    detail = _("%(waiting)d waiting, %(late)d of them overdue; %(unclear)d unclear.") % numbers
    return HealthCheck(_("Sending"), not late, detail)


def _operations() -> HealthCheck:
    waiting = RemoteOperation.objects.filter(state=RemoteOperation.State.WAITING)
    late = waiting.filter(created_at__lt=timezone.now() - timedelta(hours=1)).count()
    detail = _("%(count)d waiting for more than an hour.") % {"count": late}
    return HealthCheck(_("Changes for mail servers"), not late, detail)
