"""A client with several proofs of its identity: a certificate, a client secret, a second secret while one is changed.

The first one is tried first. Only a server that does not accept the proof itself (``invalid_client``) makes the next
one be tried; every other answer is the answer. Which proof was accepted is remembered for a quarter of an hour in this
process, so that an expired secret does not double every request; then the first one gets its chance again.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from oauthservers.errors import AdministratorRequiredError, OAuthError, TemporaryOAuthError
from oauthservers.providers.base import (
    AuthorizationParameters,
    ClientRegistration,
    DeviceCode,
    Identity,
    Provider,
    TokenResponse,
)

logger = logging.getLogger(__name__)

#: A server says so of the proof, not of the registration as a whole.
REFUSED = frozenset(
    {
        "invalid_client",
        "client_secret_expired",
        "client_secret_wrong",
        "client_certificate_invalid",
    }
)
REMEMBERED_SECONDS = 900.0

_T = TypeVar("_T")
_accepted: dict[tuple[str, str], tuple[float, str]] = {}
_lock = threading.Lock()


class AnyProof:
    """A provider that speaks by the proof the server accepts. ``providers`` have one proof each, the best one first."""

    def __init__(self, registration: ClientRegistration, providers: Sequence[Provider]) -> None:
        self.registration = registration
        self._providers = providers

    def authorization_url(self, parameters: AuthorizationParameters) -> str:
        """No proof is in it."""
        return self._providers[0].authorization_url(parameters)

    def is_issuer(self, issuer: str) -> bool:
        return self._providers[0].is_issuer(issuer)

    def identify(self, tokens: TokenResponse, nonce: str) -> Identity:
        return self._providers[0].identify(tokens, nonce)

    def missing_scopes(self, wanted: Sequence[str], granted: Sequence[str] | None) -> list[str]:
        return self._providers[0].missing_scopes(wanted, granted)

    def exchange_code(self, code: str, parameters: AuthorizationParameters) -> TokenResponse:
        return self._ask(lambda provider: provider.exchange_code(code, parameters))

    def refresh(self, refresh_token: str, scopes: Sequence[str]) -> TokenResponse:
        return self._ask(lambda provider: provider.refresh(refresh_token, scopes))

    def revoke(self, refresh_token: str) -> bool:
        return self._ask(lambda provider: provider.revoke(refresh_token))

    def begin_device(self, scopes: Sequence[str], language: str) -> DeviceCode:
        return self._ask(lambda provider: provider.begin_device(scopes, language))

    def poll_device(self, device_code: str, scopes: Sequence[str]) -> TokenResponse:
        return self._ask(lambda provider: provider.poll_device(device_code, scopes))

    def application_token(self, scopes: Sequence[str], subject: str) -> TokenResponse:
        return self._ask(lambda provider: provider.application_token(scopes, subject))

    def _ask(self, call: Callable[[Provider], _T]) -> _T:
        """Ask by each proof until one is accepted; when none is, the refusal of the first one is raised."""
        refusals: dict[int, AdministratorRequiredError] = {}
        for number, provider in self._in_order():
            try:
                answer = call(provider)
            except AdministratorRequiredError as error:
                if error.code not in REFUSED:
                    raise
                refusals[number] = error
            except OAuthError as error:
                if not isinstance(error, TemporaryOAuthError):
                    self._remember(number, refusals)
                raise
            else:
                self._remember(number, refusals)
                return answer
        raise refusals[0]

    def _in_order(self) -> list[tuple[int, Provider]]:
        """The proof that was accepted last comes first."""
        with _lock:
            since, accepted = _accepted.get(_key(self.registration), (0.0, ""))
        is_known = bool(accepted) and time.monotonic() - since < REMEMBERED_SECONDS
        numbered = list(enumerate(self._providers))
        if not is_known:
            return numbered
        return sorted(numbered, key=lambda pair: _digest(pair[1].registration) != accepted)

    def _remember(self, number: int, refusals: dict[int, AdministratorRequiredError]) -> None:
        """Keep in mind which proof works. Unless others were refused just now, the memory does not get younger."""
        if not refusals:
            return
        logger.warning(
            "another client credential was accepted",
            extra={"number": number + 1, "refused": sorted(n + 1 for n in refusals)},
        )
        with _lock:
            proof = self._providers[number].registration
            _accepted[_key(self.registration)] = (time.monotonic(), _digest(proof))


def _key(registration: ClientRegistration) -> tuple[str, str]:
    return registration.client_id, registration.endpoint or registration.token_endpoint


def _digest(registration: ClientRegistration) -> str:
    proof = f"{registration.client_secret}\n{registration.client_certificate}"
    return hashlib.sha256(proof.encode()).hexdigest()
