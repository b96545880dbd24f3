"""Error code → what happened, what still works, whose turn it is, what to press. Never a server's own words.

The rows stand in ``webmail.error_table``; those of authorization servers are worded in ``oauthservers.error_messages``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oauthservers import error_messages as authorization
from webmail.error_table import ADMINISTRATOR, CODES, NOBODY, NONE, OWNER, SETTINGS

__all__ = ["CODES", "RECEIVE", "SEND", "Advice", "advise"]

RECEIVE = "receive"
SEND = "send"


@dataclass(frozen=True)
class Advice:
    """Four sentences for one error; ``button`` is empty when there is nothing to press."""

    headline: str
    still_works: str
    who: str
    button: str


_STILL = {
    RECEIVE: _("Mail already here stays readable, and sending goes on."),
    SEND: _("Receiving goes on, and nothing that you wrote is lost."),
}
# Before the first consent there is no mail here, and sending may wait for the same consent.
_NOT_YET = {
    RECEIVE: _("Mail is received as soon as the mailbox is authorized."),
    SEND: _("Mail can be sent as soon as the mailbox is authorized."),
}


# A state (value of MailAccount.Health) that waits for a person: who that is, what to press, and which sentences would say otherwise.
_TURNS = {
    "owner_required": (OWNER, SETTINGS, (NOBODY,)),
    "administrator_required": (ADMINISTRATOR, NONE, (NOBODY, OWNER)),
}


def advise(code: str, direction: str, health: str = "") -> Advice:
    """The sentences for ``code`` in the reader's language. ``direction`` is ``receive`` or ``send``.

    ``health`` is the value of ``MailAccount.Health`` that the error led to, where there is one: whose turn it is agrees with it.
    """
    advice = _of_code(code, direction)
    if health in _TURNS:
        who, button, otherwise = _TURNS[health]
        if advice.who in {str(sentence) for sentence in otherwise}:
            return replace(advice, who=str(who), button=str(button))
    return advice


def _of_code(code: str, direction: str) -> Advice:
    still_works = str((_NOT_YET if code == "not_authorized" else _STILL)[direction])
    if code in CODES:
        headline, who, button = CODES[code]
        return Advice(str(headline), still_works, str(who), str(button))
    if code in authorization.CODES:
        told = authorization.advise(code)
        return Advice(told.headline, still_works, told.who, told.button)
    unknown = gettext("The mail server reports an error that is not known here.")
    return Advice(unknown, still_works, str(NOBODY), "")
