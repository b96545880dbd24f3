"""Microsoft 365 (Entra ID) through msal.

msal is given a fresh application object for each call: it remembers every HTTP 400 for a minute, so that a repaired
server would go on refusing, and it has a token cache of its own, while the only truth about tokens is the vault.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

import msal
import requests

from oauthservers import discovery, http
from oauthservers.errors import (
    AdministratorRequiredError,
    IdentityError,
    OAuthError,
    TemporaryOAuthError,
    from_answer,
)
from oauthservers.providers import id_token
from oauthservers.providers.base import (
    AuthorizationParameters,
    ClientRegistration,
    DeviceCode,
    TokenResponse,
    device_code,
    token_response,
)
from oauthservers.providers.client_assertion import private_key
from oauthservers.providers.generic import GenericProvider, addresses, wire_nonce

_METADATA_SECONDS = 24 * 3600.0
#: Added by msal itself; naming them raises ValueError.
_RESERVED_SCOPES = {"openid", "profile", "offline_access"}

# Of the vendor's list of errors: "client is public, neither assertion nor secret", and its opposite.
_NO_SECRET_WANTED, _SECRET_WANTED = 700025, 7000218

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
        address = f"{url}?{urlencode(params)}" if params else url
        answer = http.post(self._session, address, data, headers)
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
        self._options = {
            "authority": self._authority,
            "instance_discovery": False,
            "http_client": _HttpClient(session),
        }

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
        return self._tokens_by(
            lambda application: application.acquire_token_by_auth_code_flow(
                dict(flow),
                {"code": code, "state": parameters.state},
                scopes=_mail_scopes(parameters.scopes),
            ),
            (code, parameters.code_verifier),
        )

    def refresh(self, refresh_token: str, scopes: Sequence[str]) -> TokenResponse:
        """Ask for a new access token; raises OAuthError. Scopes are named: a token is for one resource."""
        return self._tokens_by(
            lambda application: application.acquire_token_by_refresh_token(
                refresh_token, scopes=_mail_scopes(scopes)
            ),
            (refresh_token,),
        )

    def application_token(self, scopes: Sequence[str], subject: str) -> TokenResponse:
        """Client credentials for ``…/.default``; which mailboxes they open is set in Exchange. Raises OAuthError."""
        if not (self.registration.client_secret or self.registration.has_certificate):
            raise AdministratorRequiredError("invalid_client", code="invalid_client")
        return self._tokens_by(
            lambda application: application.acquire_token_for_client(scopes=list(scopes)), ()
        )

    def begin_device(self, scopes: Sequence[str], language: str) -> DeviceCode:
        """Ask for a device code, its ready sentence in ``language``; raises OAuthError."""
        answer = _asked(
            lambda: _public(self.registration.client_id, self._options).initiate_device_flow(
                scopes=_mail_scopes(scopes), params={"mkt": language} if language else None
            )
        )
        if "error" in answer:
            raise _device_error(answer, ())
        return device_code(answer)

    def poll_device(self, device_code: str, scopes: Sequence[str]) -> TokenResponse:
        """Ask once; msal offers device codes to public clients only. Raises OAuthError."""
        flow = {"device_code": device_code, "interval": 1}
        answer = _asked(
            lambda: _public(
                self.registration.client_id, self._options
            ).acquire_token_by_device_flow(flow, exit_condition=lambda flow: True)
        )
        if "error" in answer:
            raise _device_error(answer, (device_code,))
        return token_response(answer)

    def _tokens_by(self, ask: Callable[[Any], Any], secrets: Sequence[str]) -> TokenResponse:
        """Ask with our credentials. A grant made as a public client (native redirect, device) must come without them."""
        answer = _asked(lambda: ask(_application(self.registration, self._options)))
        if _NO_SECRET_WANTED in (answer.get("error_codes") or ()):
            answer = _asked(lambda: ask(_public(self.registration.client_id, self._options)))
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
            nonce=wire_nonce(nonce) if nonce else None,
            is_issuer=is_token_issuer,
        )

    def names(self, claims: Mapping[str, Any]) -> tuple[str, ...]:
        """All of them may change and none decides anything but the comparison with the mailbox."""
        return addresses(claims, "preferred_username", "email", "upn")

    def subject(self, claims: Mapping[str, Any]) -> str:
        """The object in its tenant; ``sub`` differs from application to application."""
        return str(claims.get("oid") or claims["sub"])

    @staticmethod
    def comparable_scope(scope: str) -> str:
        """Answers carry another resource prefix than was asked for; the last segment tells."""
        return scope.rpartition("/")[2].casefold()


def _application(registration: ClientRegistration, options: Mapping[str, Any]) -> Any:
    """A new application object with our credential; raises AdministratorRequiredError for an unreadable one."""
    credential: Any = registration.client_secret
    if registration.has_certificate:
        private_key(registration)  # an unreadable one is told here, and not by msal in words
        credential = {
            "private_key": registration.client_private_key,
            "public_certificate": registration.client_certificate,
        }
    if not credential:
        return _public(registration.client_id, options)
    try:
        return msal.ConfidentialClientApplication(
            registration.client_id,
            client_credential=credential,
            token_cache=msal.TokenCache(),
            **options,
        )
    except (ValueError, TypeError):
        raise AdministratorRequiredError(
            "client_certificate", code="client_certificate_invalid"
        ) from None


def _public(client_id: str, options: Mapping[str, Any]) -> Any:
    return msal.PublicClientApplication(client_id, token_cache=msal.TokenCache(), **options)


def _device_error(answer: Mapping[str, Any], secrets: Sequence[str]) -> OAuthError:
    error = from_answer(answer, secrets=secrets)
    if _SECRET_WANTED in error.vendor_codes:
        # The registration is a confidential one only: "Allow public client flows" is off.
        error.code = "public_client_refused"
    return error


def _asked(ask: Callable[[], Any]) -> dict[str, Any]:
    """What msal answers; what it raises becomes one of our errors."""
    try:
        answer: dict[str, Any] = ask()
    except RuntimeError:
        raise IdentityError("id_token", "nonce is another") from None
    except (ValueError, msal.exceptions.MsalError) as error:
        raise TemporaryOAuthError("msal", type(error).__name__) from None
    return answer


def _mail_scopes(scopes: Sequence[str]) -> list[str]:
    return [scope for scope in scopes if scope not in _RESERVED_SCOPES]
