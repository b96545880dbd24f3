"""Signs of life: beat puts a note into each queue, and the worker that takes it writes down when.

An old note means that beat is not running, that no worker looks at the queue, or that so much waits there that nothing
moves. Which of them it is, the processes of the machine say; that something is wrong, this says.
"""

from __future__ import annotations

from datetime import datetime

from django.core.cache import cache
from django.utils import timezone

QUEUES = ("interactive", "sync", "maintenance")
EVERY_SECONDS = 30
#: Seconds without a sign after which something is wrong: two notes were lost and a third is late.
SILENT_SECONDS = 120
_KEEP_SECONDS = 7 * 24 * 3600


def note(queue: str) -> None:
    """A worker took the note of ``queue`` now. Raises redis.RedisError."""
    cache.set(_key(queue), timezone.now(), _KEEP_SECONDS)


def last_seen(queue: str) -> datetime | None:
    """When a worker last took a note of ``queue``; None for a week without. Raises redis.RedisError."""
    seen: datetime | None = cache.get(_key(queue))
    return seen


def age_seconds(queue: str) -> float | None:
    """How long ago that was, in seconds. Raises redis.RedisError."""
    seen = last_seen(queue)
    return None if seen is None else max((timezone.now() - seen).total_seconds(), 0.0)


def _key(queue: str) -> str:
    return f"heartbeat:{queue}"
