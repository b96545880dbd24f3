"""What an authorization server, or the way to it, answers instead of a token.

Decisions are taken by the OAuth error value (RFC 6749 §5.2), never by a vendor's numbers or sentences; the numbers are
kept for people. Three kinds matter to the rest of the house: the person must act
(``ReauthorizationRequiredError``), an administrator must act (``AdministratorRequiredError``), or time will help
(``TemporaryOAuthError``). No error ever carries a token, a code or a client secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from oauthservers import vendor_codes
from oauthservers.vendor_codes import Turn

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]+")
_LONG_RUN = re.compile(r"[A-Za-z0-9_\-.~+/=]{60,}")
_LONGEST_DESCRIPTION = 500


class OAuthError(Exception):
    """An answer that is not the one hoped for. ``code`` is stable and chooses the words on the screen."""

    code = "oauth_error"

    def __init__(
        self,
        error: str = "",
        description: str = "",
        *,
        code: str = "",
        vendor_codes: Iterable[int] = (),
    ) -> None:
        """``error`` is the RFC's value, ``description`` the server's own words (cleaned by ``clean``)."""
        self.code = code or type(self).code
        self.error = error or self.code
        self.description = clean(description)
        self.vendor_codes = tuple(vendor_codes)
        super().__init__(f"{self.error}: {self.description}" if self.description else self.error)


class ReauthorizationRequiredError(OAuthError):
    """The person has to authorize the mailbox again; asking the server again is of no use."""

    code = "invalid_grant"


class AdministratorRequiredError(OAuthError):
    """The registration at the authorization server is at fault; no person can mend it by signing in."""

    code = "invalid_client"


class TemporaryOAuthError(OAuthError):
    """Nobody has to act. ``retry_after`` is the server's wish in seconds, if it told one."""

    code = "temporarily_unavailable"

    def __init__(
        self,
        error: str = "",
        description: str = "",
        *,
        code: str = "",
        vendor_codes: Iterable[int] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(error, description, code=code, vendor_codes=vendor_codes)
        self.retry_after = retry_after


class UnreachableServerError(TemporaryOAuthError):
    """No answer came: name, connection, TLS or time (``code`` says which)."""

    code = "unreachable"


class AccessDeniedError(OAuthError):
    """The person, or a rule of their organisation, said no (RFC 6749 §4.1.2.1)."""

    code = "access_denied"


class AuthorizationPendingError(OAuthError):
    """The person has not decided yet (RFC 8628 §3.5)."""

    code = "authorization_pending"


class SlowDownError(AuthorizationPendingError):
    """As pending; from now on five seconds more between questions (RFC 8628 §3.5)."""

    code = "slow_down"


class ExpiredTokenError(OAuthError):
    """The device code is too old (RFC 8628 §3.5)."""

    code = "expired_token"


class CallbackRefusedError(OAuthError):
    """What came back does not belong to a running attempt of this person in this browser."""

    code = "state_unknown"


class IdentityError(OAuthError):
    """Who signed in cannot be established: the ID token or the userinfo answer is not to be believed."""

    code = "identity_invalid"


class IdentityMismatchError(OAuthError):
    """Somebody else signed in than the mailbox belongs to."""

    code = "identity_mismatch"

    def __init__(self, signed_in_as: str, mailbox_address: str) -> None:
        super().__init__(description=f"{signed_in_as} is not {mailbox_address}")
        self.signed_in_as = signed_in_as
        self.mailbox_address = mailbox_address


class MissingScopeError(OAuthError):
    """Something that was asked for was not granted."""

    code = "missing_scope"

    def __init__(self, scopes: Iterable[str]) -> None:
        self.scopes = tuple(scopes)
        super().__init__(description=" ".join(self.scopes))


class MissingRefreshTokenError(OAuthError):
    """The consent came without a refresh token: it would be over within the hour."""

    code = "missing_refresh_token"


class MetadataError(OAuthError):
    """The server's metadata cannot be used (RFC 8414 §3.3)."""

    code = "metadata_invalid"


_OF_THE_PERSON = {"invalid_grant", "interaction_required", "consent_required", "login_required"}
_OF_THE_ADMINISTRATOR = {
    "invalid_client",
    "unauthorized_client",
    "deleted_client",
    "disabled_client",
    "invalid_scope",
    "invalid_request",
    "unsupported_grant_type",
    "unsupported_response_type",
    "invalid_target",
    "invalid_resource",
    "redirect_uri_mismatch",
    "org_internal",
}
_DENIALS = {"access_denied", "authorization_declined"}
_ADMINISTRATOR_CONSENT = {"admin_policy_enforced"}
#: Error values of the registration that have words of their own without a vendor's number.
_OWN_CODES = {
    "invalid_client": "invalid_client",
    "invalid_scope": "invalid_scope",
    "redirect_uri_mismatch": "redirect_uri_mismatch",
    "deleted_client": "client_unknown",
    "disabled_client": "client_unknown",
    "org_internal": "app_is_internal",
}
_OVERLOADED = {429, 500, 502, 503, 504}


def from_answer(
    answer: Mapping[str, Any],
    *,
    status: int = 400,
    retry_after: float | None = None,
    secrets: Iterable[str] = (),
) -> OAuthError:
    """Turn an error answer of a token endpoint or an authorization response into the error that fits.

    ``secrets`` are what was sent with the request; a server that echoes them does not get them into a log.
    """
    error = clean(str(answer.get("error") or ""))[:64]
    description = without(str(answer.get("error_description") or ""), secrets)
    numbers = tuple(
        number for number in _list(answer.get("error_codes")) if isinstance(number, int)
    ) or vendor_codes.numbers_in(description)
    if error in _ADMINISTRATOR_CONSENT:
        return AccessDeniedError(
            error, description, code="administrator_consent", vendor_codes=numbers
        )
    # Microsoft answers invalid_grant and the like for these, yet only an administrator there can mend them.
    if code := vendor_codes.refined(numbers, [Turn.PROVIDER]):
        return AccessDeniedError(error, description, code=code, vendor_codes=numbers)
    if error in _OF_THE_PERSON:
        code = vendor_codes.SUBTYPES.get(str(answer.get("error_subtype") or ""), "")
        code = code or vendor_codes.refined(numbers, [Turn.PERSON])
        return ReauthorizationRequiredError(error, description, code=code, vendor_codes=numbers)
    if error in _DENIALS:
        return AccessDeniedError(error, description, vendor_codes=numbers)
    if error in {"authorization_pending", "slow_down"}:
        kind = SlowDownError if error == "slow_down" else AuthorizationPendingError
        return kind(error, description)
    if error in {"expired_token", "bad_verification_code"}:
        return ExpiredTokenError(error, description, vendor_codes=numbers)
    passing = vendor_codes.refined(numbers, [Turn.TIME])
    if error in _OF_THE_ADMINISTRATOR and status not in _OVERLOADED and not passing:
        code = vendor_codes.refined(numbers, [Turn.REGISTRATION])
        code = code or _OWN_CODES.get(error, "registration_refused")
        return AdministratorRequiredError(error, description, code=code, vendor_codes=numbers)
    return TemporaryOAuthError(
        error, description, code=passing, retry_after=retry_after, vendor_codes=numbers
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def without(text: str, secrets: Iterable[str]) -> str:
    """Blot out what must not be repeated."""
    for secret in secrets:
        if len(secret) > 3:
            text = text.replace(secret, "…")
    return text


def clean(text: str) -> str:
    """Make a stranger's words fit for one line of a log: no control characters, no token-like runs, an end."""
    return _LONG_RUN.sub("…", _UNPRINTABLE.sub(" ", text)).strip()[:_LONGEST_DESCRIPTION]
