"""Any server that follows RFC 6749: the authorization request, who signed in, and which scopes were granted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests

from oauthservers import http, pkce
from oauthservers.errors import IdentityError
from oauthservers.providers import id_token
from oauthservers.providers.base import (
    IDENTITY_SCOPES,
    AuthorizationParameters,
    ClientRegistration,
    Identity,
    TokenResponse,
)
from oauthservers.providers.token_endpoint import TokenEndpoint

#: Characters of an address (RFC 5321 §4.5.3.1: 64, an @, 255) and of a subject (OpenID Connect Core §2).
LONGEST_NAME, LONGEST_SUBJECT = 320, 255


def wire_nonce(nonce: str) -> str:
    """What is sent of a nonce: its hash, as OpenID Connect Core §15.5.2 advises and msal expects."""
    return hashlib.sha256(nonce.encode("ascii")).hexdigest()


class GenericProvider(TokenEndpoint):
    """Speaks to one server through one HTTP session: the authorization request, who signed in, and scopes."""

    #: Parameters of the authorization request beyond the standard ones.
    extra_parameters: Mapping[str, str] = {}

    # -- the authorization request ---------------------------------------------------------------

    def authorization_url(self, parameters: AuthorizationParameters) -> str:
        """The address the browser leaves for (RFC 6749 §4.1.1), with PKCE and a nonce."""
        query = {
            "response_type": "code",
            "client_id": self.registration.client_id,
            "redirect_uri": parameters.redirect_uri,
            "scope": " ".join(parameters.scopes),
            "state": parameters.state,
            "nonce": wire_nonce(parameters.nonce),
            "code_challenge": pkce.challenge(parameters.code_verifier),
            "code_challenge_method": "S256",
            **self.extra_parameters,
        }
        if parameters.login_hint:
            query["login_hint"] = parameters.login_hint
        address = self.authorization_endpoint()
        return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(query)}"

    def authorization_endpoint(self) -> str:
        """Where the browser is sent."""
        return self.registration.authorization_endpoint

    def is_issuer(self, issuer: str) -> bool:
        """Simple string comparison (RFC 9207 §2.4). Where no issuer is known, the redirect URI tells servers apart."""
        return not self.registration.issuer or issuer == self.registration.issuer

    # -- who signed in ---------------------------------------------------------------------------

    def identify(self, tokens: TokenResponse, nonce: str) -> Identity:
        """By the ID token; where it is missing or names no address, by the userinfo endpoint. Raises OAuthError.

        ``nonce`` is empty where none was sent: device codes know none.
        """
        claims = self.id_token_claims(tokens, nonce) if tokens.id_token else None
        if claims is not None and (names := self.names(claims)):
            return _identity(str(claims["iss"]), self.subject(claims), names)
        if not self.registration.userinfo_endpoint:
            raise IdentityError(
                description="neither ID token nor userinfo", code="identity_unknown"
            )
        about = _userinfo(self.session, self.registration, tokens.access_token)
        subject = str(about.get("sub") or "")
        if claims is not None and claims["sub"] != subject:
            raise IdentityError("userinfo", "subject differs from the ID token")
        names = self.names(about)
        if not names:
            raise IdentityError("userinfo", "no address", code="identity_unknown")
        return _identity(self.registration.issuer, subject or names[0], names)

    def id_token_claims(self, tokens: TokenResponse, nonce: str) -> dict[str, Any]:
        """The validated claims of the ID token; raises OAuthError."""
        return id_token.validate(
            tokens.id_token,
            session=self.session,
            jwks_uri=self.registration.jwks_uri,
            client_id=self.registration.client_id,
            nonce=wire_nonce(nonce) if nonce else None,
            is_issuer=self.is_token_issuer,
        )

    def is_token_issuer(self, issuer: str, claims: Mapping[str, Any]) -> bool:
        """Whether ``iss`` of an ID token is this server. Here an unknown issuer is nobody."""
        return bool(self.registration.issuer) and issuer == self.registration.issuer

    def names(self, claims: Mapping[str, Any]) -> tuple[str, ...]:
        """The addresses among the claims, best first."""
        return addresses(claims, "email")

    def subject(self, claims: Mapping[str, Any]) -> str:
        """What stays the same when the address changes."""
        return str(claims["sub"])

    # -- scopes ----------------------------------------------------------------------------------

    def missing_scopes(self, wanted: Sequence[str], granted: Sequence[str] | None) -> list[str]:
        """Scopes for mail that were asked for and not granted; silence means all were (RFC 6749 §5.1)."""
        if granted is None:
            return []
        have = {self.comparable_scope(scope) for scope in granted}
        return [
            scope
            for scope in wanted
            if scope not in IDENTITY_SCOPES and self.comparable_scope(scope) not in have
        ]

    @staticmethod
    def comparable_scope(scope: str) -> str:
        """Scopes are case-sensitive strings (RFC 6749 §3.3)."""
        return scope


def addresses(claims: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    """The values of these claims that look like a mail address, without repeats."""
    values = (claims.get(name) for name in names)
    found = (value.strip() for value in values if isinstance(value, str) and "@" in value)
    return tuple(
        dict.fromkeys(name for name in found if len(name) <= LONGEST_NAME and name.isprintable())
    )


def _identity(issuer: str, subject: str, names: tuple[str, ...]) -> Identity:
    """Raises IdentityError for a subject that is none: 255 ASCII characters at most (OpenID Connect Core §2)."""
    if len(subject) > LONGEST_SUBJECT or not subject.isprintable():
        raise IdentityError("subject", "the subject is too long or not printable")
    return Identity(issuer, subject, names)


def _userinfo(
    session: requests.Session, registration: ClientRegistration, access_token: str
) -> dict[str, Any]:
    """OpenID Connect Core §5.3."""
    headers = {"Authorization": f"Bearer {access_token}"}
    answer = http.get(session, registration.userinfo_endpoint, headers)
    answer.raise_for_overload()
    if answer.status_code != 200:
        raise IdentityError("userinfo", f"HTTP {answer.status_code}", code="identity_unknown")
    return answer.json()
