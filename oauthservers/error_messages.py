"""Error code → what happened, what still works, whose turn it is, what to press. Never a server's own words.

The rows stand in ``oauthservers.error_table``, the steps of an administrator in ``oauthservers.remedies``.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from oauthservers.error_table import (
    CODES,
    NOBODY,
    PASSING,
    PERSON,
    REGISTRATION,
    SYSTEM_ADMINISTRATOR,
    UNKNOWN,
)
from oauthservers.remedies import STEPS
from oauthservers.vendor_codes import Turn

__all__ = ["CODES", "REGISTRATION", "STEPS", "Advice", "advise", "turn_of"]


@dataclass(frozen=True)
class Advice:
    """Four sentences for one error, and the state (act, trouble) that the status component draws.

    ``turn`` says whose turn it is in a way that code can ask; ``steps`` are for whoever administers.
    """

    headline: str
    still_works: str
    who: str
    button: str
    state: str = "act"
    turn: Turn = Turn.PERSON
    steps: tuple[str, ...] = ()


def advise(
    code: str, *, server: str = "", mailbox: str = "", signed_in_as: str = "", scopes: str = ""
) -> Advice:
    """The sentences for ``code`` in the reader's language; a code without a row gets the general ones."""
    names = {
        "server": server or _("The authorization server"),
        "mailbox": mailbox,
        "signed_in_as": signed_in_as or _("somebody else"),
        "scopes": scopes,
    }
    headline, still_works, who, button = CODES.get(code, UNKNOWN)
    return Advice(
        str(headline) % names,
        str(still_works),
        str(who),
        str(button),
        "trouble" if code in PASSING else "act",
        turn_of(code),
        tuple(str(step) % names for step in STEPS.get(code, ())),
    )


def turn_of(code: str) -> Turn:
    """Whose turn it is after ``code``."""
    who = CODES.get(code, UNKNOWN)[2]
    if who is PERSON:
        return Turn.PERSON
    if who is NOBODY:
        return Turn.TIME
    return Turn.REGISTRATION if who is SYSTEM_ADMINISTRATOR else Turn.PROVIDER
