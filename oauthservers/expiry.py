"""When the groupware's own proofs at an authorization server end: client secrets and the client certificate.

Servers accept an expired secret not one second longer, and then every mailbox stops at once; so the days are counted
beforehand. Warnings go out 60, 30, 14, 7 and 1 days before, and each day after.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oauthservers.models import AuthorizationServer

#: Days before the end on which a warning is due, the farthest first.
WARNING_DAYS = (60, 30, 14, 7, 1)
_SOON_DAYS = 14


class State(StrEnum):
    """How urgent it is. ``act`` begins two weeks before the end, ``warning`` two months."""

    VALID = "valid"
    WARNING = "warning"
    ACT = "act"
    EXPIRED = "expired"


_WHAT: dict[str, Any] = {
    "client_secret": _("Client secret"),
    "fallback_client_secret": _("Second client secret"),
    "client_certificate": _("Client certificate"),
}


@dataclass(frozen=True)
class Expiry:
    """One thing that ends on a day. ``days_left`` is 0 on its last day and negative afterwards."""

    what: str
    expires_on: date
    days_left: int
    state: State

    @property
    def label(self) -> str:
        """What ends, in the reader's language."""
        return str(_WHAT[self.what])

    @property
    def threshold(self) -> str:
        """Which warning is due: "60" … "1" days before, or the day itself once it is over; empty: none yet."""
        if self.days_left < 0:
            return timezone.localdate().isoformat()
        reached = [days for days in WARNING_DAYS if self.days_left <= days]
        return str(reached[-1]) if reached else ""


def expiries(server: AuthorizationServer) -> list[Expiry]:
    """What of ``server`` has a last day, the nearest first. A thing whose last day nobody entered is not listed."""
    today = timezone.localdate()
    found = []
    for what in _WHAT:
        on = getattr(server, f"{what}_expires_on")
        if on is not None:
            days = (on - today).days
            found.append(Expiry(what, on, days, _state(days)))
    return sorted(found, key=lambda expiry: expiry.expires_on)


def _state(days: int) -> State:
    if days < 0:
        return State.EXPIRED
    if days <= _SOON_DAYS:
        return State.ACT
    return State.WARNING if days <= WARNING_DAYS[0] else State.VALID
