"""Notices as e-mail: plain text with an HTML twin, in the recipient's language, to an address that is read.

A notice is due while ``due_at`` is past. Who sends it first pushes ``due_at`` ahead (compare-and-set): two workers do
not send the same one, and one that died leaves a row that is due again. Between the server's yes and our row lies a
moment in which a crash sends it twice; that is the better of the two mistakes.
"""

from __future__ import annotations

import logging
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.utils import make_msgid
from random import SystemRandom
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone, translation

from groupware.notices import registry
from groupware.notices.models import Notice
from groupware.notices.registry import Words
from groupware.notices.telling import next_reminder

logger = logging.getLogger(__name__)

_CLAIM = timedelta(minutes=10)
_NO_ADDRESS = timedelta(hours=1)
_FIRST_PAUSE, _LONGEST_PAUSE = 60.0, 6 * 3600.0
#: About two days of trying.
MOST_FAILURES = 12
_random = SystemRandom()


def due() -> list[int]:
    """Notices to send now, the oldest first."""
    rows = Notice.objects.filter(ended_at=None, due_at__lte=timezone.now())
    return list(rows.order_by("due_at").values_list("pk", flat=True)[:500])


def send(pk: int) -> bool:
    """Send one notice if it is still due and nobody else is at it; True when the mail server took it."""
    row = Notice.objects.select_related("recipient").filter(pk=pk, ended_at=None).first()
    if row is None or row.due_at is None or row.due_at > timezone.now():
        return False
    claimed = timezone.now() + _CLAIM
    if not Notice.objects.filter(pk=pk, due_at=row.due_at, ended_at=None).update(due_at=claimed):
        return False
    address = address_for(row.recipient, row.avoid)
    if not address:  # the digest names the person; an address may be entered any day
        Notice.objects.filter(pk=pk, due_at=claimed).update(due_at=timezone.now() + _NO_ADDRESS)
        return False
    with preferences_of(row.recipient):
        message = composed(registry.get(row.kind).words(row), address)
    try:
        message.send()
    except OSError as error:  # the base of every error of smtplib and of the network
        _failed(row, claimed, error)
        return False
    row.times_sent += 1
    Notice.objects.filter(pk=pk).update(
        address=address,
        times_sent=F("times_sent") + 1,
        last_sent_at=timezone.now(),
        send_failures=0,
    )
    Notice.objects.filter(pk=pk, due_at=claimed).update(due_at=next_reminder(row))
    logger.info("notice sent", extra={"notice": str(row.public_id), "kind": row.kind})
    return True


def _failed(row: Notice, claimed: Any, error: OSError) -> None:
    failures = row.send_failures + 1
    limit = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**row.send_failures)
    again = timezone.now() + timedelta(seconds=_random.uniform(limit / 2, limit))
    Notice.objects.filter(pk=row.pk, due_at=claimed).update(
        send_failures=failures, due_at=again if failures < MOST_FAILURES else None
    )
    logger.warning(
        "notice not sent",
        extra={"notice": str(row.public_id), "kind": row.kind, "error": type(error).__name__},
    )


def address_for(person: Any, avoid: list[str]) -> str:
    """Where ``person`` reads what is not in ``avoid``: the other address, else the one they sign in with; else none."""
    if not person.is_active:
        return ""
    dead = {address.casefold() for address in avoid}
    offered = (person.notice_address, person.email)
    return next((one for one in offered if one and one.casefold() not in dead), "")


@contextmanager
def preferences_of(person: Any) -> Iterator[None]:
    """Language and time zone as ``person`` chose them, for words that are written outside a request."""
    known = dict(settings.LANGUAGES)
    language = person.language if person.language in known else settings.LANGUAGE_CODE
    try:
        zone = zoneinfo.ZoneInfo(person.time_zone or settings.TIME_ZONE)
    except zoneinfo.ZoneInfoNotFoundError:
        zone = zoneinfo.ZoneInfo(settings.TIME_ZONE)
    with translation.override(language), timezone.override(zone):
        yield


def composed(words: Words, address: str) -> EmailMultiAlternatives:
    """The message in the language that is active. ``Auto-Submitted`` keeps it from being answered (RFC 3834 §5)."""
    context = {
        "words": words,
        "link": f"{settings.PUBLIC_URL}{words.path}",
        "public_url": settings.PUBLIC_URL,
        "settings_link": f"{settings.PUBLIC_URL}/settings/",
        "language": translation.get_language(),
    }
    message = EmailMultiAlternatives(
        subject=" ".join(words.subject.split()),
        body=render_to_string("notices/mail.txt", context),
        to=[address],
        headers={
            "Auto-Submitted": "auto-generated",
            "Message-ID": make_msgid(domain=urlsplit(settings.PUBLIC_URL).hostname),
        },
    )
    message.attach_alternative(render_to_string("notices/mail.html", context), "text/html")
    return message
