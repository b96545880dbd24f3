"""The breaker of an authorization server: when it is away, five thousand mailboxes do not ask it one by one.

          failures in a row < FAILURES              probe_at over: one caller asks
   CLOSED ───────────────────────────────▶ OPEN ───────────────────────────────▶ OPEN (longer pause)
     ▲                                      │
     └── any answer of the server ──────────┘   the grants that wait are woken, a few at a time

Any answer closes it, good or bad: a verdict on a token or on our registration shows that the server is there. An outage
is one line in the log and one event in the audit log at its beginning and at its end, whatever the number of mailboxes.
Faults of the registration have a probe of their own, a quarter of an hour apart (``oauthservers.vault``).
"""

from __future__ import annotations

import logging
import random
from datetime import datetime, timedelta

from django.db.models import F
from django.db.models.functions import Mod
from django.utils import timezone

from groupware.audit.record import record
from oauthservers.errors import TemporaryOAuthError
from oauthservers.models import AuthorizationServer, Grant

logger = logging.getLogger(__name__)

#: Temporary failures in a row that open the breaker.
FAILURES = 5
_FIRST_PAUSE, _LONGEST_PAUSE = 15.0, 300.0
_LONGEST_WISH = 900.0  # seconds of a Retry-After; one answer must not stop every mailbox for longer
#: Waiting grants are woken in so many groups, so many seconds apart.
_GROUPS, _GROUP_SECONDS = 10, 6


def require_probe(server: AuthorizationServer) -> None:
    """Let one caller in a while pass; raise TemporaryOAuthError for all the others while the breaker is open."""
    now = timezone.now()
    probe_at = server.outage_probe_at or now
    is_probe = probe_at <= now and AuthorizationServer.objects.filter(
        pk=server.pk, outage_probe_at=server.outage_probe_at
    ).update(outage_probe_at=_next_probe(server.outage_failures, None))
    if not is_probe:
        raise TemporaryOAuthError(
            server.outage_code,
            code=server.outage_code,
            retry_after=max((probe_at - now).total_seconds(), 1.0),
        )


def failed(server: AuthorizationServer, error: TemporaryOAuthError) -> None:
    """Count a temporary failure; the one that is too many opens the breaker."""
    rows = AuthorizationServer.objects.filter(pk=server.pk)
    rows.update(outage_failures=F("outage_failures") + 1)
    failures = rows.values_list("outage_failures", flat=True).get()
    if failures < FAILURES:
        return
    probe_at = _next_probe(failures, error.retry_after)
    columns = {"outage_code": error.code, "outage_probe_at": probe_at}
    if rows.filter(outage_since=None).update(outage_since=timezone.now(), **columns):
        logger.error("outage began", extra={"server": server.key, "error": error.code})
        record("oauthservers.server.outage_began", target=server, details={"error": error.code})
    else:
        rows.update(**columns)


def answered(server: AuthorizationServer) -> None:
    """The server answered: nothing is counted any more, and who waited because of an outage may go on."""
    rows = AuthorizationServer.objects.filter(pk=server.pk)
    ended = rows.exclude(outage_since=None).update(
        outage_failures=0, outage_code="", outage_since=None, outage_probe_at=None
    )
    if not ended:
        rows.filter(outage_failures__gt=0).update(outage_failures=0)
        return
    logger.warning("outage ended", extra={"server": server.key})
    record("oauthservers.server.outage_ended", target=server)
    _wake(server)


def _wake(server: AuthorizationServer) -> None:
    now = timezone.now()
    waiting = Grant.objects.alive().filter(server=server, next_attempt_at__gt=now)
    for number in range(_GROUPS):
        until = now + timedelta(seconds=number * _GROUP_SECONDS)
        group = waiting.annotate(group=Mod(F("pk"), _GROUPS)).filter(group=number)
        group.filter(next_attempt_at__gt=until).update(next_attempt_at=until)


def _next_probe(failures: int, retry_after: float | None) -> datetime:
    """Pauses grow to five minutes; a quarter of each is chance. The server's own wish comes first."""
    pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(max(failures - FAILURES, 0), 10))
    pause = 0.75 * pause + random.uniform(0, 0.25 * pause)  # noqa: S311 (spreading load, not a secret)
    wish = min(retry_after or 0.0, _LONGEST_WISH)
    return timezone.now() + timedelta(seconds=max(pause, wish))
