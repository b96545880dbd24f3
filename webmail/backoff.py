"""How long to wait before trying again: full jitter under a limit that doubles with each failure."""

from __future__ import annotations

from random import SystemRandom

_random = SystemRandom()


def between(shortest: float, longest: float) -> float:
    """A pause of random length, in seconds."""
    return _random.uniform(shortest, longest)


def after(failures: int, *, base: float, longest: float, shortest: float = 1.0) -> float:
    """Seconds to wait after ``failures`` failures in a row before this one."""
    limit = min(longest, base * 2 ** min(failures, 20))
    return between(shortest, max(limit, shortest))
