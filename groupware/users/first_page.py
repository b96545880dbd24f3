"""The page that somebody sees first after signing in, when they asked for none: what waits for them comes before the portal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_offers: list[Callable[[Any], str]] = []


def offer(page: Callable[[Any], str]) -> None:
    """Add a function that returns an address for a person, or nothing."""
    _offers.append(page)


def for_person(person: Any) -> str:
    """The first address that an app offers to ``person``; empty: the portal."""
    return next((address for page in _offers if (address := page(person))), "")
