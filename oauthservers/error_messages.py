"""Error code → what happened, what still works, whose turn it is, what to press. Never a server's own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# Who must act.
_PERSON = gettext_lazy("You can mend this.")
_ADMINISTRATOR = gettext_lazy("Your administrator has to act.")
_SYSTEM_ADMINISTRATOR = gettext_lazy("A system administrator has to act.")
_NOBODY = gettext_lazy("Nobody has to act.")

_MAIL_STAYS = gettext_lazy("Mail already here stays readable.")
_NOTHING_SAVED = gettext_lazy("Nothing was saved; an earlier connection goes on working.")
_RETRIES = gettext_lazy("Mail already here stays readable, and we try again by ourselves.")

_CONNECT = gettext_lazy("Authenticate again")
_AGAIN = gettext_lazy("Try again")
_OTHER_ACCOUNT = gettext_lazy("Use another account")

_Row = tuple[Any, Any, Any, Any]


@dataclass(frozen=True)
class Advice:
    """Four sentences for one error, and the state (act, trouble) that the status component draws."""

    headline: str
    still_works: str
    who: str
    button: str
    state: str = "act"


def _each(headlines: Mapping[str, Any], still_works: Any, who: Any, button: Any) -> dict[str, _Row]:
    return {code: (headline, still_works, who, button) for code, headline in headlines.items()}


# A grant that ended.
_ENDED = _each(
    {
        "invalid_grant": gettext_lazy("Access to this mailbox ended."),
        "refresh_interrupted": gettext_lazy(
            "Access to this mailbox ended because renewing it was interrupted."
        ),
        "sign_in_frequency": gettext_lazy(
            "Your organization asks for a new sign-in from time to time."
        ),
        "disconnected": gettext_lazy("This mailbox is disconnected."),
    },
    _MAIL_STAYS,
    _PERSON,
    _CONNECT,
)

# An attempt that the person can repeat.
_NOT_AUTHORIZED = _each(
    {
        "access_denied": gettext_lazy("You stopped the connection."),
        "missing_scope": gettext_lazy("Not everything was allowed. Missing: %(scopes)s"),
        "code_refused": gettext_lazy("%(server)s did not accept its own answer any more."),
        "code_missing": gettext_lazy("The answer of %(server)s was incomplete."),
        "expired": gettext_lazy("This sign-in took too long."),
        "state_unknown": gettext_lazy("This sign-in took too long or was opened elsewhere."),
        "other_session": gettext_lazy("This sign-in was started in another browser."),
        "other_person": gettext_lazy("This sign-in was started by somebody else."),
    },
    _NOTHING_SAVED,
    _PERSON,
    _AGAIN,
)

# An answer that should not be: somebody else's, or forged.
_NOT_BELIEVED = _each(
    {
        "identity_invalid": gettext_lazy("The proof of who signed in does not hold."),
        "issuer_mismatch": gettext_lazy("The answer came from another server than the one asked."),
        "issuer_missing": gettext_lazy("The answer did not say which server it came from."),
        "other_server": gettext_lazy("The answer came back to the address of another server."),
    },
    _NOTHING_SAVED,
    _SYSTEM_ADMINISTRATOR,
    _AGAIN,
)

# A registration that does not work.
_REGISTRATION = _each(
    {
        "invalid_client": gettext_lazy(
            "%(server)s does not accept the client ID or client secret of the groupware."
        ),
        "client_secret_expired": gettext_lazy("The client secret for %(server)s has expired."),
        "client_secret_wrong": gettext_lazy(
            "The client secret for %(server)s is wrong. The value is needed, not the secret's ID."
        ),
        "registration_refused": gettext_lazy(
            "%(server)s refuses the registration of the groupware."
        ),
        "invalid_scope": gettext_lazy("%(server)s does not know the scopes that it is asked for."),
        "redirect_uri_mismatch": gettext_lazy("The redirect URI is not registered at %(server)s."),
        "server_switched_off": gettext_lazy("%(server)s is switched off in the groupware."),
        "encryption_key_missing": gettext_lazy(
            "Stored access cannot be opened: its encryption key is missing."
        ),
        "ca_certificates_invalid": gettext_lazy(
            "The CA certificates entered for %(server)s cannot be read."
        ),
        "address_refused": gettext_lazy(
            "The groupware may not connect to the address of %(server)s."
        ),
        "port_refused": gettext_lazy("The groupware may not connect to the port of %(server)s."),
        "metadata_missing": gettext_lazy("%(server)s publishes no metadata at the given address."),
        "metadata_invalid": gettext_lazy("The metadata of %(server)s cannot be used."),
        "keys_invalid": gettext_lazy("The keys that %(server)s publishes cannot be used."),
        "endpoint_invalid": gettext_lazy(
            "The endpoint of %(server)s does not have the form https://host/<tenant>/oauth2/v2.0."
        ),
        "endpoints_missing": gettext_lazy("Neither issuer nor endpoints of %(server)s are known."),
    },
    _MAIL_STAYS,
    _SYSTEM_ADMINISTRATOR,
    "",
)

# Trouble that passes.
_PASSING = _each(
    {
        "unreachable": gettext_lazy("%(server)s cannot be reached."),
        "timeout": gettext_lazy("%(server)s does not answer in time."),
        "throttled": gettext_lazy("%(server)s asks us to wait."),
        "server_error": gettext_lazy("%(server)s has trouble of its own."),
        "unreadable_answer": gettext_lazy("%(server)s answered with something unreadable."),
        "temporarily_unavailable": gettext_lazy("%(server)s is not available at the moment."),
        "refresh_busy": gettext_lazy("Access is being renewed."),
        "name_lookup_failed": gettext_lazy("The name of %(server)s could not be looked up."),
    },
    _RETRIES,
    _NOBODY,
    _AGAIN,
)
_PASSING |= _each(
    {
        "name_not_found": gettext_lazy("The name of %(server)s is not known."),
        "name_invalid": gettext_lazy("The address of %(server)s is not a name of a server."),
        "tls_failed": gettext_lazy("The certificate of %(server)s could not be verified."),
    },
    _RETRIES,
    _SYSTEM_ADMINISTRATOR,
    _AGAIN,
)

_SPECIAL: dict[str, _Row] = {
    "identity_mismatch": (
        gettext_lazy("You signed in as %(signed_in_as)s; this mailbox is %(mailbox)s."),
        _NOTHING_SAVED,
        _PERSON,
        _OTHER_ACCOUNT,
    ),
    "identity_unknown": (
        gettext_lazy("%(server)s did not tell who signed in."),
        _NOTHING_SAVED,
        _ADMINISTRATOR,
        _AGAIN,
    ),
    "identity_unverified": (
        gettext_lazy("%(server)s has not verified the address of the account that signed in."),
        _NOTHING_SAVED,
        _ADMINISTRATOR,
        _OTHER_ACCOUNT,
    ),
    "missing_refresh_token": (
        gettext_lazy("%(server)s allowed access for the moment only and not for longer."),
        gettext_lazy(
            "Nothing was saved. Remove this application from the account's settings there, then authenticate again."
        ),
        _PERSON,
        _AGAIN,
    ),
    "administrator_consent": (
        gettext_lazy("Your organization must approve this application first."),
        _MAIL_STAYS,
        _ADMINISTRATOR,
        _AGAIN,
    ),
    "signed_out": (
        gettext_lazy("You are signed out of the groupware."),
        gettext_lazy("Nothing was saved. Sign in, then authenticate again."),
        _PERSON,
        gettext_lazy("Sign in"),
    ),
}

_UNKNOWN: _Row = (
    gettext_lazy("The connection was not made."),
    _NOTHING_SAVED,
    _PERSON,
    _AGAIN,
)

CODES: Mapping[str, _Row] = {
    **_ENDED,
    **_NOT_AUTHORIZED,
    **_NOT_BELIEVED,
    **_REGISTRATION,
    **_PASSING,
    **_SPECIAL,
}


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
    headline, still_works, who, button = CODES.get(code, _UNKNOWN)
    state = "trouble" if code in _PASSING else "act"
    return Advice(str(headline) % names, str(still_works), str(who), str(button), state)
