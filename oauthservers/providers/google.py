"""Google Workspace. Refreshing goes through google-auth, the code exchange through the generic client."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import google.auth.exceptions
import google.auth.transport
import google.oauth2.credentials
import google.oauth2.service_account
import requests

from oauthservers import http
from oauthservers.errors import (
    AdministratorRequiredError,
    IdentityError,
    OAuthError,
    ReauthorizationRequiredError,
    TemporaryOAuthError,
    from_answer,
)
from oauthservers.providers.base import DeviceCode, TokenResponse, token_response
from oauthservers.providers.generic import GenericProvider, addresses

#: Google's ID tokens name it in either form.
_ISSUERS = {"https://accounts.google.com", "accounts.google.com"}


class _Response(google.auth.transport.Response):
    def __init__(self, answer: http.Answer) -> None:
        self._answer = answer

    @property
    def status(self) -> int:
        return self._answer.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        return self._answer.headers

    @property
    def data(self) -> bytes:
        return self._answer.body


class _Transport(google.auth.transport.Request):
    """google-auth's way to the network, through our session and our limits.

    What goes wrong is raised from here with its type. Left to google-auth, a 503 with an HTML page and a lost connection
    both come out as "not retryable", and other trouble is tried three times with pauses while the lease runs.
    """

    def __init__(self, session: requests.Session, secrets: Sequence[str]) -> None:
        self._session = session
        self._secrets = secrets
        self.answer: dict[str, Any] = {}

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: Any = None,
        **options: Any,
    ) -> _Response:
        answer = http.post(self._session, url, body, headers)
        answer.raise_for_overload()
        self.answer = answer.json()
        if answer.status_code >= 400 or "error" in self.answer:
            raise self._reason(answer)
        return _Response(answer)

    def _reason(self, answer: http.Answer) -> OAuthError:
        if self.answer.get("error_subtype") in {"invalid_rapt", "rapt_required"}:
            return ReauthorizationRequiredError("invalid_grant", code="sign_in_frequency")
        return from_answer(self.answer, status=answer.status_code, secrets=self._secrets)


class GoogleProvider(GenericProvider):
    """A refresh token comes with the first consent only, unless consent is asked for each time."""

    # The chooser keeps a browser that is signed in as somebody else from going through with the wrong account.
    extra_parameters = {"access_type": "offline", "prompt": "select_account consent"}

    def refresh(self, refresh_token: str, scopes: Sequence[str]) -> TokenResponse:
        """Ask for a new access token; raises OAuthError. Scopes are not sent again: Google keeps them."""
        credentials = google.oauth2.credentials.Credentials(  # type: ignore[no-untyped-call]
            None,
            refresh_token=refresh_token,
            token_uri=self.registration.token_endpoint,
            client_id=self.registration.client_id,
            client_secret=self.registration.client_secret,
        )
        transport = _Transport(self.session, (refresh_token, self.registration.client_secret))
        _fetch(credentials, transport)
        answer = dict(transport.answer)
        # google-auth hands back the token we gave when none came; ours to keep either way.
        if credentials.refresh_token != refresh_token:
            answer["refresh_token"] = credentials.refresh_token
        return token_response(answer)

    def application_token(self, scopes: Sequence[str], subject: str) -> TokenResponse:
        """A service account with domain-wide delegation speaks for ``subject`` (RFC 7523 §2.1); raises OAuthError."""
        try:
            credentials = google.oauth2.service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
                json.loads(self.registration.service_account_key),
                scopes=list(scopes),
                subject=subject,
            )
        except (ValueError, TypeError, AttributeError, KeyError):
            raise AdministratorRequiredError(
                "service_account", code="service_account_key_invalid"
            ) from None
        # Not the address in the key file: a file must not decide where we send what it signs.
        credentials = credentials.with_token_uri(self.registration.token_endpoint)
        transport = _Transport(self.session, ())
        _fetch(credentials, transport)
        return token_response(transport.answer)

    def begin_device(self, scopes: Sequence[str], language: str) -> DeviceCode:
        """Google gives no mail to devices (its list of scopes for limited-input devices); raises OAuthError."""
        raise AdministratorRequiredError("device_flow", code="device_flow_unavailable")

    def is_token_issuer(self, issuer: str, claims: Mapping[str, Any]) -> bool:
        """Google's two names count as one."""
        ours = self.registration.issuer
        return issuer == ours or (ours in _ISSUERS and issuer in _ISSUERS)

    def names(self, claims: Mapping[str, Any]) -> tuple[str, ...]:
        """The address; raises IdentityError while Google has not verified it."""
        found = addresses(claims, "email")
        if found and claims.get("email_verified") not in (True, "true"):
            raise IdentityError("email", "address is not verified", code="identity_unverified")
        return found


def _fetch(credentials: Any, transport: _Transport) -> None:
    """Let google-auth ask; what it raises itself becomes one of our errors."""
    try:
        credentials.refresh(transport)
    except google.auth.exceptions.GoogleAuthError as error:
        raise TemporaryOAuthError(
            "unreadable_answer", type(error).__name__, code="unreadable_answer"
        ) from None
    except (OverflowError, TypeError, ValueError):
        pass  # an expires_in that google-auth cannot reckon with; the answer is read by the caller
