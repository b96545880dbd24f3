"""Token status: the same words, the same dot, the same one button wherever the authorization of a mailbox is shown.

``status_of(account, direction)`` is the one function; ``FILTERS`` and ``counts`` speak of the same states
(``webmail.token_states``). Lists give it accounts from ``prepared(queryset)``, and nothing is asked per row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groupware.sentences import joined
from oauthservers import error_messages, token_words
from oauthservers.models import AuthorizationServer, Grant
from oauthservers.token_words import WORDS
from oauthservers.vendor_codes import AT_PROVIDER
from webmail import token_states as states
from webmail.models import MailAccount
from webmail.token_states import (
    DIRECTIONS,
    FILTERS,
    RANKS,
    RECEIVE,
    SEND,
    counts,
    forget,
    grant_of,
    may_authorize,
    prepared,
    server_of,
)

__all__ = [
    "DIRECTIONS",
    "FILTERS",
    "RECEIVE",
    "SEND",
    "WORDS",
    "TokenStatus",
    "counts",
    "forget",
    "grant_of",
    "is_theirs",
    "may_authorize",
    "prepared",
    "server_of",
    "status_of",
    "statuses_of",
]


_NOT_YET = {
    RECEIVE: gettext_lazy("Mail is received as soon as it is."),
    SEND: gettext_lazy("Mail can be sent as soon as it is."),
}
_FINISH = gettext_lazy("Finish it, or begin again.")
_NOT_GIVEN = {
    RECEIVE: (
        gettext_lazy("Permission for receiving was not given at %(server)s."),
        gettext_lazy("Sending goes on."),
    ),
    SEND: (
        gettext_lazy("Permission for sending was not given at %(server)s."),
        gettext_lazy("Receiving goes on."),
    ),
}
_AUTHENTICATE = gettext_lazy("Authenticate")
_AGAIN = gettext_lazy("Authenticate again")


@dataclass(frozen=True)
class TokenStatus:
    """One direction of an account: a word with its dot, what to say about it, the one thing to press.

    ``headline`` tells what happened, ``still_works`` what goes on, ``who`` whose turn it is; ``button`` is empty when
    pressing is of no use. ``detail_*`` are for the folded part: our code and the server's own words.
    """

    key: str
    word: str
    state: str
    headline: str = ""
    still_works: str = ""
    who: str = ""
    button: str = ""
    since: datetime | None = None
    server: AuthorizationServer | None = None
    detail_code: str = ""
    detail_text: str = ""

    @property
    def sentence(self) -> str:
        """What happened and what still works, in one run."""
        return joined(self.headline, self.still_works)

    @property
    def wants_somebody(self) -> bool:
        """Whether nothing goes on before a person has acted."""
        return RANKS[self.key] > RANKS[token_words.EXPIRED]

    @property
    def what_is_said(self) -> tuple[str, ...]:
        """The words, to see whether two directions say the same."""
        return (self.key, self.sentence, self.who, self.detail_text)

    @property
    def wants_a_sign_in(self) -> bool:
        """Whether signing in is what helps."""
        return self.key in {
            token_words.NOT_AUTHORIZED,
            token_words.WAITING_FOR_APPROVAL,
            token_words.AUTHORIZATION_NEEDED,
        }


def statuses_of(account: MailAccount, reader: Any = None) -> dict[str, TokenStatus]:
    """The status of both directions by name; the ones without authorization are left out."""
    found = {direction: status_of(account, direction, reader) for direction in DIRECTIONS}
    return {name: status for name, status in found.items() if status.key != token_words.NONE}


def status_of(account: MailAccount, direction: str, reader: Any = None) -> TokenStatus:
    """The token status of one direction (``receive`` or ``send``) in the reader's language.

    ``reader`` is who looks, where that may be somebody else than the owner: whose turn it is, is said to them.
    """
    key = states.key_of(account, direction)
    words = _SENTENCES[key](account, direction)
    word, state = WORDS[key]
    if words.get("who") == _YOU and not is_theirs(account, reader):
        words["who"] = _("%(address)s has to sign in.") % {"address": account.sign_in_address}
    words = {name: str(value) if name in _TEXTS else value for name, value in words.items()}
    return TokenStatus(key, str(word), state, server=server_of(account, direction), **words)


_TEXTS = {"headline", "still_works", "who", "button", "detail_code", "detail_text"}
_YOU = gettext_lazy("You can mend this.")
_NOBODY = gettext_lazy("Nobody has to act.")


def is_theirs(account: MailAccount, reader: Any) -> bool:
    """Whether it is for the reader to sign in: their own account, or a shared one that they look after."""
    if reader is None or account.owner_id == reader.pk:
        return True
    return account.owner_id is None and may_authorize(account, reader)


def _opens_for_all(account: MailAccount, direction: str) -> bool:
    server = server_of(account, direction)
    return server is not None and server.access == AuthorizationServer.Access.APPLICATION


def _names(account: MailAccount, direction: str) -> dict[str, str]:
    server = server_of(account, direction)
    return {"server": server.name if server else "", "mailbox": account.sign_in_address}


# -- what to say of each state ---------------------------------------------------------------------


def _none(account: MailAccount, direction: str) -> dict[str, Any]:
    return {}


def _not_authorized(account: MailAccount, direction: str) -> dict[str, Any]:
    if _opens_for_all(account, direction):
        sentence = _("%(server)s opens every mailbox of the organization; nobody has to sign in.")
        names = _names(account, direction)
        return {"headline": sentence % names, "who": _NOBODY, "button": _("Check access")}
    return {
        "headline": _("This mailbox is not authorized yet."),
        "still_works": _NOT_YET[direction],
        "who": _YOU,
        "button": _AUTHENTICATE,
    }


def _waiting(account: MailAccount, direction: str) -> dict[str, Any]:
    return {
        "headline": _("A sign-in was begun and is not finished yet."),
        "who": _FINISH,
        "button": _("Go on signing in"),
    }


def _active(account: MailAccount, direction: str) -> dict[str, Any]:
    grant = grant_of(account, direction)
    if grant is None:
        return {}
    if not grant.failures:
        return {"headline": _("Access is renewed by itself."), "since": grant.refreshed_at}
    told = error_messages.advise(grant.error_code, **_names(account, direction))
    late = _("Renewing access is late and is tried again by itself.")
    return {
        "headline": told.headline,
        "still_works": late,
        "who": _NOBODY,
        "since": grant.refreshed_at,
        **_details(grant.error_code, grant.error_detail),
    }


def _expired(account: MailAccount, direction: str) -> dict[str, Any]:
    grant = grant_of(account, direction)
    if grant is None:
        return {}
    told = error_messages.advise(grant.error_code, **_names(account, direction))
    stays = _(
        "Access has run out and is renewed as soon as that is possible. Mail already here stays readable."
    )
    return {
        "headline": told.headline,
        "still_works": stays,
        "who": _NOBODY,
        "since": grant.access_token_expires_at,
        **_details(grant.error_code, grant.error_detail),
    }


def _needed(account: MailAccount, direction: str) -> dict[str, Any]:
    code = getattr(account, f"{direction}_error_code")
    grant = grant_of(account, direction)
    if grant is None or (grant.state == Grant.State.ACTIVE and code == states.MISSING_SCOPE):
        headline, still_works = _NOT_GIVEN[direction]
        return {
            "headline": str(headline) % _names(account, direction),
            "still_works": still_works,
            "who": _YOU,
            "button": _AGAIN,
            "since": getattr(account, f"{direction}_error_since"),
            **_details(code, getattr(account, f"{direction}_error_text")),
        }
    is_revoked = grant.state == Grant.State.REVOKED
    code = grant.error_code or ("disconnected" if is_revoked else "invalid_grant")
    told = error_messages.advise(code, **_names(account, direction))
    return {
        "headline": told.headline,
        "still_works": told.still_works,
        "who": _YOU,
        "button": _AGAIN,
        "since": grant.state_since,
        **_details(code, grant.error_detail),
    }


def _administrator(account: MailAccount, direction: str) -> dict[str, Any]:
    server = server_of(account, direction)
    grant = grant_of(account, direction)
    since, text, button = None, "", ""
    if server is None:
        code = "authorization_server_missing"
    elif not server.is_enabled:
        code = "server_switched_off"
    elif server.fault_code:
        code, text, since = server.fault_code, server.fault_detail, server.fault_since
    elif getattr(account, f"{direction}_error_code") in states.KEY_CODES:
        code = "encryption_key_missing"
        since = getattr(account, f"{direction}_error_since")
    elif grant and grant.error_code == states.NOT_PERMITTED_CODE:
        code, text, since = grant.error_code, grant.error_detail, grant.refreshed_at
        button = _("Check access")
    elif getattr(account, f"{direction}_error_code") in AT_PROVIDER:
        code = getattr(account, f"{direction}_error_code")
        text = getattr(account, f"{direction}_error_text")
        since = getattr(account, f"{direction}_error_since")
    else:
        code, button = states.attempt_code_of(account, direction), _("Try again")
    if code == states.CONSENT_CODE:
        button = _("Ask for approval")
    told = error_messages.advise(code, **_names(account, direction))
    return {
        "headline": told.headline,
        "still_works": told.still_works,
        "who": told.who,
        "button": button,
        "since": since,
        **_details(code, text),
    }


def _details(code: str, text: str) -> dict[str, str]:
    return {"detail_code": code, "detail_text": text}


_SENTENCES = {
    token_words.NONE: _none,
    token_words.NOT_AUTHORIZED: _not_authorized,
    token_words.WAITING_FOR_APPROVAL: _waiting,
    token_words.ACTIVE: _active,
    token_words.EXPIRED: _expired,
    token_words.AUTHORIZATION_NEEDED: _needed,
    token_words.WAITING_FOR_ADMINISTRATOR: _administrator,
}
