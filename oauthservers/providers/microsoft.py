"""Microsoft 365 (Entra ID) through msal.

msal is given a fresh application object for each call: it remembers every HTTP 400 for a minute, so that a repaired
server would go on refusing, and it has a token cache of its own, while the only truth about tokens is the vault.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msal
import requests

from oauthservers import discovery, http
from oauthservers.errors import IdentityError, TemporaryOAuthError, from_answer
from oauthservers.providers import id_token
from oauthservers.providers.base import (
    AuthorizationParameters,
    ClientRegistration,
    TokenResponse,
    token_response,
)
from oauthservers.providers.generic import GenericProvider, addresses, wire_nonce

_METADATA_SECONDS = 24 * 3600.0
#: Added by msal itself; naming them raises ValueError.
_RESERVED_SCOPES = {"openid", "profile", "offline_access"}

_metadata: dict[str, tuple[float, http.Answer]] = {}
_metadata_lock = threading.Lock()


class _HttpClient:
    """msal's way to the network: our session and limits, typed trouble, and metadata remembered for a day.

    A 5xx would reach us from msal as a bare sentence without Retry-After, and an HTML page would be logged whole.
    """

    def __init__(self, session: requests.Session) -> None:
        self._session = session

    def post(
        self, url: str, params: Any = None, data: Any = None, headers: Any = None, **options: Any
    ) -> http.Answer:
        answer = http.post(self._session, url, data, headers)
        answer.raise_for_overload()
        answer.json()
        return answer

    def get(self, url: str, params: Any = None, headers: Any = None, **options: Any) -> http.Answer:
        now = time.monotonic()
        with _metadata_lock:
            known = _metadata.get(url)
        if known and now - known[0] < _METADATA_SECONDS:
            return known[1]
        answer = http.get(self._session, url, headers)
        answer.raise_for_overload()
        if answer.status_code == 200:
            answer.json()
            with _metadata_lock:
                _metadata[url] = (now, answer)
        return answer

    def close(self) -> None:
        """The session belongs to the caller."""


class MicrosoftProvider(GenericProvider):
    """One endpoint, ``https://host/<tenant>/oauth2/v2.0``, gives everything else."""

    # Without it a browser that is signed in as somebody else goes straight through with the wrong account.
    extra_parameters = {"prompt": "select_account"}

    def __init__(self, registration: ClientRegistration, session: requests.Session) -> None:
        super().__init__(registration, session)
        self._authority = discovery.authority(registration.endpoint)

    def authorization_endpoint(self) -> str:
        return f"{self._authority}/oauth2/v2.0/authorize"

    def authorization_url(self, parameters: AuthorizationParameters) -> str:
        """``login_hint`` and ``prompt=select_account`` exclude each other; the chooser wins."""
        return super().authorization_url(
            AuthorizationParameters(
                parameters.redirect_uri,
                parameters.state,
                parameters.nonce,
                parameters.code_verifier,
                parameters.scopes,
            )
        )

    def is_issuer(self, issuer: str) -> bool:
        """``iss`` of a response; the tenant is compared once the ID token has named it."""
        return urlsplit(issuer).netloc == urlsplit(self._authority).netloc

    # -- tokens ----------------------------------------------------------------------------------

    def exchange_code(self, code: str, parameters: AuthorizationParameters) -> TokenResponse:
        """Redeem an authorization code; raises OAuthError."""
        flow = {
            "state": parameters.state,
            "redirect_uri": parameters.redirect_uri,
            "scope": list(parameters.scopes),
            "code_verifier": parameters.code_verifier,
            "nonce": parameters.nonce,
            "claims_challenge": None,
        }
        try:
            answer = self._application().acquire_token_by_auth_code_flow(
                flow,
                {"code": code, "state": parameters.state},
                scopes=_mail_scopes(parameters.scopes),
            )
        except RuntimeError:
            raise IdentityError("id_token", "nonce is another") from None
        except (ValueError, msal.exceptions.MsalError) as error:
            raise TemporaryOAuthError("msal", type(error).__name__) from None
        return self._token_response(answer, (code, parameters.code_verifier))

    def refresh(self, refresh_token: str, scopes: Sequence[str]) -> TokenResponse:
        """Ask for a new access token; raises OAuthError. Scopes are named: a token is for one resource."""
        try:
            answer = self._application().acquire_token_by_refresh_token(
                refresh_token, scopes=_mail_scopes(scopes)
            )
        except (ValueError, msal.exceptions.MsalError) as error:
            raise TemporaryOAuthError("msal", type(error).__name__) from None
        return self._token_response(answer, (refresh_token,))

    def _application(self) -> Any:
        options = {
            "authority": self._authority,
            "instance_discovery": False,
            "http_client": _HttpClient(self.session),
            "token_cache": msal.TokenCache(),
        }
        if self.registration.client_secret:
            return msal.ConfidentialClientApplication(
                self.registration.client_id,
                client_credential=self.registration.client_secret,
                **options,
            )
        return msal.PublicClientApplication(self.registration.client_id, **options)

    def _token_response(self, answer: Mapping[str, Any], secrets: Sequence[str]) -> TokenResponse:
        if "error" in answer:
            raise from_answer(answer, secrets=(*secrets, self.registration.client_secret))
        return token_response(answer)

    def revoke(self, refresh_token: str) -> bool:
        """Entra has no revocation endpoint; the person removes the consent at Microsoft."""
        return False

    # -- who signed in ---------------------------------------------------------------------------

    def id_token_claims(self, tokens: TokenResponse, nonce: str) -> dict[str, Any]:
        """The validated claims; issuer and keys are those of the tenant's metadata. Raises OAuthError."""
        metadata = discovery.discover_microsoft(self.registration.endpoint, self.session)

        def is_token_issuer(issuer: str, claims: Mapping[str, Any]) -> bool:
            tenant = claims.get("tid")
            return isinstance(tenant, str) and issuer == metadata.issuer.replace(
                discovery.TENANT, tenant
            )

        return id_token.validate(
            tokens.id_token,
            session=self.session,
            jwks_uri=metadata.jwks_uri,
            client_id=self.registration.client_id,
            nonce=wire_nonce(nonce),
            is_issuer=is_token_issuer,
        )

    def names(self, claims: Mapping[str, Any]) -> tuple[str, ...]:
        """All of them may change and none decides anything but the comparison with the mailbox."""
        return addresses(claims, "preferred_username", "email", "upn")

    def subject(self, claims: Mapping[str, Any]) -> str:
        """The object in its tenant; ``sub`` differs from application to application."""
        return str(claims.get("oid") or claims["sub"])

    def comparable_scope(self, scope: str) -> str:
        """Answers carry another resource prefix than was asked for; the last segment tells."""
        return scope.rpartition("/")[2].casefold()


def _mail_scopes(scopes: Sequence[str]) -> list[str]:
    return [scope for scope in scopes if scope not in _RESERVED_SCOPES]
