"""What is asked of a server without a browser: tokens (RFC 6749 §3.2), device codes (RFC 8628), revocation (RFC 7009)."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote_plus

import requests

from oauthservers import http
from oauthservers.errors import AdministratorRequiredError, from_answer
from oauthservers.providers.base import (
    AuthorizationParameters,
    ClientRegistration,
    DeviceCode,
    TokenResponse,
    device_code,
    token_response,
)
from oauthservers.providers.client_assertion import ASSERTION_TYPE, assertion

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class TokenEndpoint:
    """The requests that carry our own credentials: secret in the body, in a header, or a signed assertion."""

    def __init__(self, registration: ClientRegistration, session: requests.Session) -> None:
        self.registration = registration
        self.session = session

    def exchange_code(self, code: str, parameters: AuthorizationParameters) -> TokenResponse:
        """Redeem an authorization code (RFC 6749 §4.1.3, RFC 7636 §4.5); raises OAuthError."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": parameters.redirect_uri,
            "code_verifier": parameters.code_verifier,
        }
        return self._tokens(form, secrets=(code, parameters.code_verifier))

    def refresh(self, refresh_token: str, scopes: Sequence[str]) -> TokenResponse:
        """Ask for a new access token (RFC 6749 §6); raises OAuthError.

        Scopes are left out: the server then gives what was granted, while naming one that it had renamed or dropped
        would be refused.
        """
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self._tokens(form, secrets=(refresh_token,))

    def application_token(self, scopes: Sequence[str], subject: str) -> TokenResponse:
        """Client credentials (RFC 6749 §4.4.2). The server decides which mailboxes they open; raises OAuthError."""
        form = {"grant_type": "client_credentials"}
        if scopes:
            form["scope"] = " ".join(scopes)
        return self._tokens(form, secrets=())

    def begin_device(self, scopes: Sequence[str], language: str) -> DeviceCode:
        """Ask for a device code (RFC 8628 §3.1); raises OAuthError.

        ``language`` is for servers that answer with ready sentences; the standard knows none.
        """
        address = self.registration.device_authorization_endpoint
        if not address:
            raise AdministratorRequiredError("device_flow", code="device_flow_unavailable")
        return device_code(self._answer(address, {"scope": " ".join(scopes)}, secrets=()))

    def poll_device(self, device_code: str, scopes: Sequence[str]) -> TokenResponse:
        """Ask once whether the person has decided (RFC 8628 §3.4); raises OAuthError."""
        form = {"grant_type": DEVICE_GRANT, "device_code": device_code}
        return self._tokens(form, secrets=(device_code,))

    def revoke(self, refresh_token: str) -> bool:
        """Give the refresh token up (RFC 7009 §2.1); False without a revocation endpoint. Raises OAuthError."""
        if not self.registration.revocation_endpoint or not refresh_token:
            return False
        form = {"token": refresh_token, "token_type_hint": "refresh_token"}
        answer = self._post(self.registration.revocation_endpoint, form)
        if answer.status_code >= 400:
            raise from_answer(
                answer.json(),
                status=answer.status_code,
                secrets=(refresh_token, self.registration.client_secret),
            )
        return True

    def _tokens(self, form: Mapping[str, str], secrets: Sequence[str]) -> TokenResponse:
        return token_response(self._answer(self.registration.token_endpoint, form, secrets))

    def _answer(
        self, address: str, form: Mapping[str, str], secrets: Sequence[str]
    ) -> dict[str, Any]:
        """The JSON object of a good answer; raises OAuthError for every other."""
        answer = self._post(address, form)
        document = answer.json()
        if answer.status_code >= 400 or "error" in document:
            raise from_answer(
                document,
                status=answer.status_code,
                retry_after=answer.retry_after,
                secrets=(*secrets, self.registration.client_secret),
            )
        return document

    def _post(self, url: str, form: Mapping[str, str]) -> http.Answer:
        """Post with our credentials; raises TemporaryOAuthError for an overloaded server."""
        known, body = self.registration, dict(form)
        headers = {}
        if known.has_certificate:
            body["client_id"] = known.client_id
            body["client_assertion_type"] = ASSERTION_TYPE
            body["client_assertion"] = assertion(known, known.token_endpoint)
        elif known.client_authentication == "client_secret_basic":
            headers["Authorization"] = basic_credentials(known)
        else:
            body["client_id"] = known.client_id
            if known.client_secret:
                body["client_secret"] = known.client_secret
        answer = http.post(self.session, url, body, headers)
        answer.raise_for_overload()
        return answer


def basic_credentials(registration: ClientRegistration) -> str:
    """Identifier and secret, form-encoded before they are joined (RFC 6749 §2.3.1)."""
    pair = f"{quote_plus(registration.client_id)}:{quote_plus(registration.client_secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
