"""The steps of a connection test, each a method that returns what it found or raises OAuthError.

Part of ``oauthservers.diagnosis``, which runs them.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone

from groupware import handshake, outbound
from oauthservers import adapter, discovery, http
from oauthservers.errors import (
    AccessDeniedError,
    AdministratorRequiredError,
    MetadataError,
    ReauthorizationRequiredError,
    UnreachableServerError,
)
from oauthservers.models import AuthorizationServer
from oauthservers.providers import presets
from oauthservers.providers.base import Provider

_SOON = timedelta(days=14)
#: Answers that speak of the client itself; others say that the question was strange.
_OF_THE_CLIENT = {"invalid_client", "unauthorized_client", "deleted_client", "disabled_client"}


class ConnectionSteps:
    """One run; the steps leave what the next ones need. A step returns its code and detail."""

    def __init__(self, server: AuthorizationServer, mailbox: str) -> None:
        self.server = server
        self.mailbox = mailbox
        self.session = adapter.session_for(server)
        known = server.registration()
        self.url = known.endpoint or known.issuer or known.token_endpoint
        self.jwks_uri = known.jwks_uri
        self.access_token = ""

    @property
    def _host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def _port(self) -> int:
        try:
            return urlsplit(self.url).port or 443
        except ValueError:  # not between 0 and 65535
            raise UnreachableServerError("port", code="port_refused") from None

    def name(self) -> tuple[str, str]:
        try:
            addresses = outbound.resolve(self._host, self._port)
        except outbound.OutboundError as refusal:
            raise UnreachableServerError(refusal.code, str(refusal), code=refusal.code) from None
        return "", f"{self._host}: {', '.join(addresses)}"

    def connection(self) -> tuple[str, str]:
        with self._connected():
            return "", f"{self._host}:{self._port}"

    def certificate(self) -> tuple[str, str]:
        """The chain alone; the name is the next step's."""
        if not self.server.verify_certificate:
            return "not_verified", str(self._handshake(verify_certificate=False))
        found = self._handshake(verify_name=False)
        is_ending = found.valid_until < timezone.now() + _SOON
        return "ends_soon" if is_ending else "", str(found)

    def server_name(self) -> tuple[str, str]:
        """Which rule accepted the name: the certificate's own names, or its common name."""
        if not (self.server.verify_certificate and self.server.verify_name):
            return "not_compared", ""
        found = self._handshake()
        by_common_name = found.is_named_by_common_name(self._host)
        detail = f"CN={found.common_name}" if by_common_name else ", ".join(found.names[:6])
        return "by_common_name" if by_common_name else "by_name", detail

    def metadata(self) -> tuple[str, str]:
        if self.server.provider == AuthorizationServer.Kind.MICROSOFT:
            found = discovery.discover_microsoft(self.server.registration().endpoint, self.session)
            self.jwks_uri = found.jwks_uri
            return "", found.issuer
        if not self.server.registration().issuer:
            return "endpoints_typed", ""
        adapter.fetch_metadata(self.server, self.session)
        known = self.server.registration()
        self.jwks_uri = known.jwks_uri
        return "", known.issuer

    def keys(self) -> tuple[str, str]:
        if not self.jwks_uri:
            return "no_keys_needed", ""
        keys = http.get(self.session, self.jwks_uri).json().get("keys")
        if not isinstance(keys, list) or not keys:
            raise MetadataError(description=self.jwks_uri, code="keys_invalid")
        return "", f"{self.jwks_uri} ({len(keys)})"

    def client(self) -> tuple[str, str]:
        """Offer an invented refresh token: who refuses the token has accepted the client (RFC 6749 §5.2).

        Each proof is offered by itself, so that a second client secret does not hide that the first one has ended.
        """
        if self.server.access == AuthorizationServer.Access.APPLICATION:
            return "client_by_application", ""
        if adapter.needs_metadata(self.server):
            adapter.fetch_metadata(self.server, self.session)
        registration = self.server.registration()
        refusals: list[AdministratorRequiredError] = []
        for proof in registration.alternatives():
            provider = presets.adapter(self.server.provider, proof, self.session)
            try:
                code, detail = _offered(provider, self.server.scopes_for(["imap"]))
            except AdministratorRequiredError as refusal:
                refusals.append(refusal)
            else:
                return ("client_by_second", str(refusals[0])) if refusals else (code, detail)
        raise refusals[0]

    def device(self) -> tuple[str, str]:
        """Ask for a code that nobody will use; it ends by itself."""
        provider = adapter.provider_for(self.server)
        code = provider.begin_device(self.server.scopes_for(["imap"]), "en")
        return "", code.verification_uri

    def application(self) -> tuple[str, str]:
        """A token without any person: this proves client, consent of the administrator and scopes."""
        if self.server.provider == AuthorizationServer.Kind.GOOGLE and not self.mailbox:
            return "not_without_mailbox", ""
        provider = adapter.provider_for(self.server)
        scopes = self.server.application_scopes
        self.access_token = provider.application_token(scopes, self.mailbox).access_token
        return "", " ".join(scopes)

    def _connected(self) -> Any:
        try:
            return handshake.connect(self._host, self._port, http.CONNECT_SECONDS)
        except outbound.OutboundError as refusal:
            raise UnreachableServerError(refusal.code, str(refusal), code=refusal.code) from None
        except TimeoutError:
            raise UnreachableServerError("timeout", code="timeout") from None
        except OSError as error:
            raise UnreachableServerError("unreachable", type(error).__name__) from None

    def _handshake(self, **changes: bool) -> handshake.Certificate:
        choices = {
            "verify_certificate": self.server.verify_certificate,
            "verify_name": self.server.verify_name,
            "allow_common_name": self.server.allow_common_name,
            **changes,
        }
        context = outbound.tls_context(**choices, ca_pem=self.server.ca_certificates)
        try:
            return handshake.certificate(self._connected(), self._host, context)
        except OSError as error:
            words = getattr(error, "verify_message", "") or type(error).__name__
            raise UnreachableServerError("tls", words, code=handshake.fault(error)) from None


def _offered(provider: Provider, scopes: Sequence[str]) -> tuple[str, str]:
    """What the server says to an invented token; raises OAuthError when it speaks of the client."""
    try:
        provider.refresh(secrets.token_urlsafe(24), scopes)
    except (ReauthorizationRequiredError, AccessDeniedError) as refusal:
        return "client_accepted", str(refusal)
    except AdministratorRequiredError as refusal:
        if refusal.error in _OF_THE_CLIENT or refusal.code == "invalid_scope":
            raise
        return "client_unclear", str(refusal)
    return "client_unclear", ""
