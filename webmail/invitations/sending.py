"""The mail of an invitation: its link is made at the moment of sending, and only the hash of it is kept."""

from __future__ import annotations

import hashlib
import logging
import secrets
from datetime import timedelta
from random import SystemRandom
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from groupware.notices.mailing import composed, preferences_of
from groupware.notices.registry import Words
from webmail.invitations.asking import live
from webmail.models import Invitation

logger = logging.getLogger(__name__)

MOST_FAILURES = 8
_CLAIM = timedelta(minutes=10)
_FIRST_PAUSE, _LONGEST_PAUSE = 60.0, 4 * 3600.0
_random = SystemRandom()


def hashed(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def due() -> list[int]:
    """Invitations to send now, the oldest first."""
    rows = Invitation.objects.filter(live(), next_send_at__lte=timezone.now())
    return list(rows.order_by("next_send_at").values_list("pk", flat=True)[:500])


def send(pk: int) -> bool:
    """Send one invitation if it is still due and nobody else is at it; True when the mail server took it."""
    rows = Invitation.objects.filter(live(), pk=pk)
    row = rows.select_related("account", "recipient", "invited_by").first()
    if row is None or row.next_send_at is None or row.next_send_at > timezone.now():
        return False
    token, claimed = secrets.token_urlsafe(32), timezone.now() + _CLAIM
    is_mine = rows.filter(next_send_at=row.next_send_at).update(
        next_send_at=claimed, token_hash=hashed(token)
    )
    if not is_mine:
        return False
    with preferences_of(row.recipient):
        message = composed(_words(row, token), row.address)
    mine = Invitation.objects.filter(pk=pk, next_send_at=claimed)
    try:
        message.send()
    except OSError as error:  # the base of every error of smtplib and of the network
        mine.update(**_after(row.send_failures + 1, type(error).__name__))
        logger.warning("invitation not sent", extra={"invitation": str(row.public_id)})
        return False
    mine.update(sent_at=timezone.now(), next_send_at=None, send_failures=0, error_code="")
    return True


def _after(failures: int, error: str) -> dict[str, Any]:
    limit = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (failures - 1))
    pause = timedelta(seconds=_random.uniform(limit / 2, limit))
    again = timezone.now() + pause if failures < MOST_FAILURES else None
    return {"send_failures": failures, "error_code": error[:64], "next_send_at": again}


def _words(row: Invitation, token: str) -> Words:
    names = {"mailbox": row.account.address, "administrator": str(row.invited_by or "")}
    subject = _("Authorize the mailbox %(mailbox)s") % names
    asked = (
        _("%(administrator)s asks you to authorize the mailbox %(mailbox)s.")
        if row.invited_by
        else _("The mailbox %(mailbox)s has to be authorized.")
    )
    return Words(
        subject=subject,
        paragraphs=[
            asked % names,
            _(
                "Until then mail of this mailbox is neither received nor sent in the groupware. "
                "Mail that is already there stays readable."
            ),
            _(
                "The link is for you alone: sign in to the groupware as %(person)s. "
                "It can be used for two weeks. No password is asked for by mail."
            )
            % {"person": row.recipient.username},
        ],
        button=_("Authorize the mailbox"),
        path=reverse("webmail:invitation", args=[token]),
    )
