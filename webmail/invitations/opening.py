"""What became of invitations: followed, done, over, and how far all of them have come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from groupware.audit.record import record
from webmail.invitations.asking import authorized
from webmail.invitations.sending import hashed
from webmail.models import Invitation, MailAccount


def opened(token: str, user: Any) -> tuple[Invitation | None, str]:
    """The invitation that a link names, and why it does not open: unknown, other_person, withdrawn, done, expired.

    An empty reason: it opens, and that is noted. Somebody else learns nothing about it.
    """
    rows = Invitation.objects.select_related("account", "recipient")
    row = rows.filter(token_hash=hashed(token)).first()
    if row is None:
        return None, "unknown"
    if row.recipient_id != user.pk:
        record("webmail.account.invitation_refused", target=row.account)
        return None, "other_person"
    if row.withdrawn_at:
        return row, "withdrawn"
    is_settled = MailAccount.objects.filter(authorized(), pk=row.account_id)
    if row.used_at or is_settled.exists():
        Invitation.objects.filter(pk=row.pk, used_at=None).update(used_at=timezone.now())
        return row, "done"
    if row.expires_at <= timezone.now():
        return row, "expired"
    if row.opened_at is None:
        Invitation.objects.filter(pk=row.pk).update(opened_at=timezone.now())
    return row, ""


def clean_up(days: int = 180) -> int:
    """Forget invitations that ended long ago; return how many."""
    long_ago = timezone.now() - timedelta(days=days)
    return Invitation.objects.filter(expires_at__lt=long_ago).delete()[0]


def labels(rows: Iterable[Invitation]) -> None:
    """Give each row ``state`` and ``word`` as lists show them."""
    now = timezone.now()
    for row in rows:
        row.state, row.word = _label(row, now)


def _label(row: Invitation, now: Any) -> tuple[str, str]:
    if row.used_at:
        return "active", _("Authorized")
    if row.withdrawn_at:
        return "off", _("Withdrawn")
    if row.expires_at <= now:
        return "off", _("Expired")
    if row.opened_at:
        return "waiting", _("Link opened")
    if not row.address:
        return "waiting", _("On the screen only")
    if row.sent_at:
        return "waiting", pgettext("state", "Sent")
    if row.next_send_at is None:
        return "act", _("Could not be sent")
    if row.send_failures:
        return "trouble", _("Sending is tried again")
    return "waiting", _("Being sent")


@dataclass(frozen=True)
class Progress:
    """How far the present invitations have come; every mailbox counts once."""

    invited: int
    authorized: int
    unsent: int
    on_screen_only: int

    @property
    def is_under_way(self) -> bool:
        """Whether somebody is still asked."""
        return self.authorized < self.invited


def progress(rows: QuerySet[Invitation] | None = None) -> Progress:
    """The figures of invitations that were neither withdrawn nor ended by time, of all or of ``rows``."""
    rows = Invitation.objects.all() if rows is None else rows
    present = rows.filter(withdrawn_at=None, expires_at__gt=timezone.now())
    unsent = Q(used_at=None, sent_at=None, next_send_at=None)
    found = present.aggregate(
        invited=Count("account", distinct=True),
        authorized=Count("account", filter=~Q(used_at=None), distinct=True),
        unsent=Count("pk", filter=unsent & ~Q(address="")),
        on_screen_only=Count("pk", filter=Q(used_at=None, address="")),
    )
    return Progress(**found)
