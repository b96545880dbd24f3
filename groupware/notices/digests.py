"""The daily digest: what waits for administrators, one message in the morning, none when there is nothing.

Every function says in lines what is on its administrators' table (``GroupwareFunction.digest``). The row of the day
is made before the message: a second worker finds it, and at worst a digest is missing for a day.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from groupware.functions import registry
from groupware.functions.models import FunctionAdministrator
from groupware.notices import mailing
from groupware.notices.models import Notice, SentDigest
from groupware.notices.registry import Words
from groupware.users.models import User

logger = logging.getLogger(__name__)

#: Not before this hour of the recipient's morning.
MORNING = 7
_NAMES_SHOWN = 10


def send_due() -> int:
    """Send today's digest to each administrator for whom it is morning; how many were sent."""
    return sum(_send(person) for person in administrators())


def administrators() -> Sequence[Any]:
    """Everybody who looks after the installation or after one of its functions."""
    appointed = FunctionAdministrator.objects.values("user")
    return list(User.objects.active().filter(Q(is_system_administrator=True) | Q(pk__in=appointed)))


def _send(person: Any) -> bool:
    address = mailing.address_for(person, [])
    with mailing.preferences_of(person):
        now = timezone.localtime()
        if not address or now.hour < MORNING or not _claimed(person, now):
            return False
        lines = lines_for(person)
        if not lines:
            return False
        message = mailing.composed(_words(lines), address)
    try:
        message.send()
    except OSError as error:  # tried again within the hour
        SentDigest.objects.filter(recipient=person, day=now.date()).delete()
        logger.warning("digest not sent", extra={"error": type(error).__name__})
        return False
    SentDigest.objects.filter(recipient=person, day=now.date()).update(sent_at=timezone.now())
    return True


def _claimed(person: Any, now: datetime) -> bool:
    if SentDigest.objects.filter(recipient=person, day=now.date()).exists():
        return False
    try:
        with transaction.atomic():
            SentDigest.objects.create(recipient=person, day=now.date())
    except IntegrityError:
        return False
    return True


def lines_for(person: Any) -> list[str]:
    """What waits for ``person`` as administrator, in the language that is active."""
    lines = []
    for function in registry.enabled():
        if function.digest:
            lines += function.digest(person)
    if person.is_system_administrator:
        lines += _out_of_reach()
    return lines


def _out_of_reach() -> list[str]:
    """People whom no notice reaches: they have no address besides the one that stopped, or it refuses."""
    rows = Notice.objects.filter(ended_at=None, times_sent=0, recipient__is_active=True)
    missed = {
        str(row.recipient)
        for row in rows.select_related("recipient")
        if row.send_failures >= mailing.MOST_FAILURES
        or not mailing.address_for(row.recipient, row.avoid)
    }
    if not (count := len(missed)):
        return []
    names = ", ".join(sorted(missed)[:_NAMES_SHOWN])
    return [
        ngettext(
            "%(count)d person could not be reached: no other address is known. %(names)s",
            "%(count)d people could not be reached: no other address is known. %(names)s",
            count,
        )
        % {"count": count, "names": names if count <= _NAMES_SHOWN else f"{names} …"}
    ]


def _words(lines: Sequence[str]) -> Words:
    return Words(
        subject=_("What waits for administrators of the groupware"),
        paragraphs=lines,
        button=_("Open the groupware"),
        path="/",
    )
