"""The values that go in and out of an adapter, and what every adapter can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from oauthservers.errors import TemporaryOAuthError


@dataclass(frozen=True)
class ClientRegistration:
    """We ourselves, as registered at one authorization server, and where its endpoints are (RFC 6749 §2, §3)."""

    client_id: str
    client_secret: str = field(repr=False)
    client_authentication: str = "client_secret_post"
    endpoint: str = ""  # Microsoft alone: https://host/<tenant>/oauth2/v2.0
    issuer: str = ""
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    userinfo_endpoint: str = ""
    jwks_uri: str = ""
    revocation_endpoint: str = ""
    device_authorization_endpoint: str = ""
    requires_issuer_in_response: bool = False
    fallback_client_secret: str = field(default="", repr=False)
    client_certificate: str = ""  # PEM
    client_private_key: str = field(default="", repr=False)  # PEM
    service_account_key: str = field(default="", repr=False)  # Google: JSON

    @property
    def has_certificate(self) -> bool:
        """Whether we prove ourselves by a certificate."""
        return bool(self.client_certificate and self.client_private_key)

    def alternatives(self) -> tuple[ClientRegistration, ...]:
        """Ourselves with one proof each, in the order of trying: certificate, client secret, second client secret."""
        bare = replace(
            self,
            client_secret="",
            fallback_client_secret="",
            client_certificate="",
            client_private_key="",
        )
        found = []
        if self.has_certificate:
            certified = replace(
                bare,
                client_certificate=self.client_certificate,
                client_private_key=self.client_private_key,
            )
            found.append(certified)
        for secret in dict.fromkeys((self.client_secret, self.fallback_client_secret)):
            if secret:
                found.append(replace(bare, client_secret=secret))
        return tuple(found) or (bare,)


@dataclass(frozen=True)
class AuthorizationParameters:
    """What one authorization request carries besides the registration (RFC 6749 §4.1.1, RFC 7636 §4.3)."""

    redirect_uri: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)
    scopes: Sequence[str]
    login_hint: str = ""


@dataclass(frozen=True)
class TokenResponse:
    """A successful token answer (RFC 6749 §5.1). Tokens stay out of ``repr`` and cannot be pickled.

    ``expires_in`` is in seconds, None when the server is silent; ``scopes`` is None when it granted what was asked.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    id_token: str = field(default="", repr=False)
    expires_in: int | None = None
    scopes: tuple[str, ...] | None = None

    def __reduce__(self) -> Any:
        raise TypeError("Tokens are not pickled.")


@dataclass(frozen=True)
class DeviceCode:
    """What a device authorization endpoint hands out (RFC 8628 §3.2). Times are in seconds."""

    device_code: str = field(repr=False)
    user_code: str
    verification_uri: str
    expires_in: int
    interval: int


@dataclass(frozen=True)
class Identity:
    """Who signed in. ``names`` are the addresses the server knows them by, the best one first.

    Names serve for comparison and display; the identity that lasts is ``issuer`` with ``subject``.
    """

    issuer: str
    subject: str
    names: tuple[str, ...]

    def is_known_as(self, address: str) -> bool:
        """Whether one of the names is ``address``, letter case aside."""
        return address.strip().casefold() in {name.casefold() for name in self.names}


class Provider(Protocol):
    """An adapter for one kind of authorization server. It keeps nothing between two calls."""

    registration: ClientRegistration

    def authorization_url(self, parameters: AuthorizationParameters) -> str:
        """The address that the browser leaves for."""

    def is_issuer(self, issuer: str) -> bool:
        """Whether ``iss`` of an authorization response names this server (RFC 9207 §2.4)."""

    def exchange_code(self, code: str, parameters: AuthorizationParameters) -> TokenResponse:
        """Redeem an authorization code; raises OAuthError."""

    def identify(self, tokens: TokenResponse, nonce: str) -> Identity:
        """Say who signed in, by a validated ID token or by userinfo; raises OAuthError."""

    def refresh(self, refresh_token: str, scopes: Sequence[str]) -> TokenResponse:
        """Ask for a new access token; raises OAuthError."""

    def revoke(self, refresh_token: str) -> bool:
        """Tell the server that the token is given up; False when it has no door for that. Raises OAuthError."""

    def begin_device(self, scopes: Sequence[str], language: str) -> DeviceCode:
        """Ask for a code that a person types on another device (RFC 8628 §3.1); raises OAuthError."""

    def poll_device(self, device_code: str, scopes: Sequence[str]) -> TokenResponse:
        """Ask once whether the person has decided (RFC 8628 §3.4); raises OAuthError."""

    def application_token(self, scopes: Sequence[str], subject: str) -> TokenResponse:
        """A token of our own for the mailbox ``subject``, without its owner (RFC 6749 §4.4); raises OAuthError."""

    def missing_scopes(self, wanted: Sequence[str], granted: Sequence[str] | None) -> list[str]:
        """Which of the scopes for mail were asked for and not granted; None means: as asked."""


_LONGEST_LIFE = 365 * 24 * 3600
# RFC 8628 §3.2: five seconds unless the server says otherwise. The rest keeps a strange answer within reason.
_DEVICE_SECONDS, _LONGEST_DEVICE = 900, 3600
_DEVICE_INTERVAL, _LONGEST_INTERVAL = 5, 120

#: Scopes that speak of the person and not of the mailbox; servers rename or leave them out of their answers.
IDENTITY_SCOPES = frozenset({"openid", "profile", "email", "offline_access"})


def token_response(answer: Mapping[str, Any]) -> TokenResponse:
    """Read a token answer; raises TemporaryOAuthError when it is not one, for that is no verdict on our token."""
    access_token = answer.get("access_token")
    if not isinstance(access_token, str) or not access_token or not _is_visible(access_token):
        raise TemporaryOAuthError("unreadable_answer", "no access token", code="unreadable_answer")
    token_type = answer.get("token_type", "Bearer")
    if not isinstance(token_type, str) or token_type.lower() != "bearer":
        raise TemporaryOAuthError(
            "unreadable_answer", "not a bearer token", code="unreadable_answer"
        )
    scope = answer.get("scope")
    return TokenResponse(
        access_token=access_token,
        refresh_token=_text(answer.get("refresh_token")),
        id_token=_text(answer.get("id_token")),
        expires_in=_seconds(answer.get("expires_in")),
        scopes=tuple(scope.split()) if isinstance(scope, str) and scope.strip() else None,
    )


def device_code(answer: Mapping[str, Any]) -> DeviceCode:
    """Read an answer of a device authorization endpoint; raises TemporaryOAuthError when it is not one.

    The address is shown as a link, so it must be one that a browser opens as a page.
    """
    code, user_code = _text(answer.get("device_code")), _text(answer.get("user_code"))
    address = _text(answer.get("verification_uri"))
    is_shown = len(user_code) <= 64 and (user_code + address).isprintable() and len(address) <= 500
    if not (code and user_code and is_shown and address.startswith(("https://", "http://"))):
        raise TemporaryOAuthError("unreadable_answer", "no device code", code="unreadable_answer")
    return DeviceCode(
        code,
        user_code,
        address,
        expires_in=min(_seconds(answer.get("expires_in")) or _DEVICE_SECONDS, _LONGEST_DEVICE),
        interval=min(_seconds(answer.get("interval")) or _DEVICE_INTERVAL, _LONGEST_INTERVAL),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _seconds(value: Any) -> int | None:
    """Whole seconds, a year at most; some servers write them as text.

    A number that no date can hold must not cost the tokens it came with.
    """
    try:
        seconds = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return min(seconds, _LONGEST_LIFE) if seconds > 0 else None


def _is_visible(token: str) -> bool:
    """RFC 6749 appendix A.12: visible ASCII only, so that it cannot end a line of a mail protocol."""
    return token.isascii() and token.isprintable() and " " not in token
