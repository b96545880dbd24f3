"""Any server that follows RFC 6749: the authorization code grant, refreshing, revocation (RFC 7009), identity."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import requests

from oauthservers import http, pkce
from oauthservers.errors import IdentityError, from_answer
from oauthservers.providers import id_token
from oauthservers.providers.base import (
    IDENTITY_SCOPES,
    AuthorizationParameters,
    ClientRegistration,
    Identity,
    TokenResponse,
    token_response,
)

#: Characters of an address (RFC 5321 §4.5.3.1: 64, an @, 255) and of a subject (OpenID Connect Core §2).
LONGEST_NAME, LONGEST_SUBJECT = 320, 255


def wire_nonce(nonce: str) -> str:
    """What is sent of a nonce: its hash, as OpenID Connect Core §15.5.2 advises and msal expects."""
    return hashlib.sha256(nonce.encode("ascii")).hexdigest()


class GenericProvider:
    """Speaks to one server through one HTTP session."""

    #: Parameters of the authorization request beyond the standard ones.
    extra_parameters: Mapping[str, str] = {}

    def __init__(self, registration: ClientRegistration, session: requests.Session) -> None:
        self.registration = registration
        self.session = session

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

    # -- tokens ----------------------------------------------------------------------------------

    def exchange_code(self, code: str, parameters: AuthorizationParameters) -> TokenResponse:
        """Redeem an authorization code (RFC 6749 §4.1.3, RFC 7636 §4.5); raises OAuthError."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": parameters.redirect_uri,
            "code_verifier": parameters.code_verifier,
        }
        return self._token_request(form, secrets=(code, parameters.code_verifier))

    def refresh(self, refresh_token: str, scopes: Sequence[str]) -> TokenResponse:
        """Ask for a new access token (RFC 6749 §6); raises OAuthError.

        Scopes are left out: the server then gives what was granted, while naming one that it had renamed or dropped
        would be refused.
        """
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self._token_request(form, secrets=(refresh_token,))

    def _token_request(self, form: Mapping[str, str], secrets: Sequence[str]) -> TokenResponse:
        answer = _post(self.session, self.registration, self.registration.token_endpoint, form)
        answer.raise_for_overload()
        document = answer.json()
        if answer.status_code >= 400 or "error" in document:
            raise from_answer(
                document,
                status=answer.status_code,
                retry_after=answer.retry_after,
                secrets=(*secrets, self.registration.client_secret),
            )
        return token_response(document)

    def revoke(self, refresh_token: str) -> bool:
        """Give the refresh token up (RFC 7009 §2.1); False without a revocation endpoint. Raises OAuthError."""
        if not self.registration.revocation_endpoint or not refresh_token:
            return False
        form = {"token": refresh_token, "token_type_hint": "refresh_token"}
        answer = _post(self.session, self.registration, self.registration.revocation_endpoint, form)
        answer.raise_for_overload()
        if answer.status_code >= 400:
            raise from_answer(
                answer.json(),
                status=answer.status_code,
                secrets=(refresh_token, self.registration.client_secret),
            )
        return True

    # -- who signed in ---------------------------------------------------------------------------

    def identify(self, tokens: TokenResponse, nonce: str) -> Identity:
        """By the ID token; where it is missing or names no address, by the userinfo endpoint. Raises OAuthError."""
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
            nonce=wire_nonce(nonce),
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

    def comparable_scope(self, scope: str) -> str:
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


def basic_credentials(registration: ClientRegistration) -> str:
    """Identifier and secret, form-encoded before they are joined (RFC 6749 §2.3.1)."""
    pair = f"{quote_plus(registration.client_id)}:{quote_plus(registration.client_secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _post(
    session: requests.Session, registration: ClientRegistration, url: str, form: Mapping[str, str]
) -> http.Answer:
    body, headers = dict(form), {}
    if registration.client_authentication == "client_secret_basic":
        headers["Authorization"] = basic_credentials(registration)
    else:
        body["client_id"] = registration.client_id
        if registration.client_secret:
            body["client_secret"] = registration.client_secret
    return http.post(session, url, body, headers)


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
