"""When a token is fresh, when it is due, and how long to wait after trouble. Times are seconds."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.utils import timezone

from oauthservers.models import Grant

#: Assumed when a server does not tell (RFC 6749 §5.1 leaves it out at its own risk).
UNKNOWN_LIFETIME = 3600
#: Renewed in the background this long before the end, or in the last half of a short life.
AHEAD_SECONDS = 600
_ALIVE_SECONDS = 10
_FIRST_PAUSE, _LONGEST_PAUSE = 15.0, 1800.0
IDLE = timedelta(days=7)


def is_fresh(grant: Grant, minimum_seconds: float) -> bool:
    """Whether the access token is good for ``minimum_seconds``, or for two fifths of its life when that is short.

    Without the second half a token that lives two minutes would be refreshed at every single use.
    """
    return _outlasts(grant, minimum_seconds, share=0.4)


def is_due(grant: Grant) -> bool:
    """Whether the background should renew the grant now: its token ends soon, or it slept for a week."""
    if not _outlasts(grant, AHEAD_SECONDS, share=0.5):
        return True
    return grant.refreshed_at is None or grant.refreshed_at < timezone.now() - IDLE


def is_alive(grant: Grant) -> bool:
    """Whether the access token still opens a mailbox, however little time it has left."""
    return grant.remaining.total_seconds() > _ALIVE_SECONDS


def _outlasts(grant: Grant, seconds: float, share: float) -> bool:
    remaining, lifetime = grant.remaining.total_seconds(), grant.lifetime.total_seconds()
    return remaining > 0 and remaining >= min(seconds, share * lifetime)


def next_attempt(failures: int, retry_after: float | None) -> datetime:
    """When to ask again after ``failures`` temporary failures in a row; never before the server's own wish.

    Half of the pause is chance, so that a thousand mailboxes do not come back in the same second.
    """
    pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(failures - 1, 10))
    pause = pause / 2 + random.uniform(0, pause / 2)  # noqa: S311 (spreading load, not a secret)
    return timezone.now() + timedelta(seconds=max(pause, retry_after or 0.0))
