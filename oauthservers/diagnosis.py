"""The connection test of an authorization server, step by step: name, connection, certificate, metadata, keys.

Each step needs the one before; after the first failure the rest is left out. What the server tells about itself on the
way is kept, so a successful test also fills in the endpoints.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groupware import outbound
from groupware.audit.record import record
from oauthservers import adapter, discovery, http
from oauthservers.error_messages import advise
from oauthservers.errors import MetadataError, OAuthError, UnreachableServerError
from oauthservers.models import AuthorizationServer

_NAMES = {
    "name": gettext_lazy("Name of the server"),
    "connection": gettext_lazy("Connection"),
    "certificate": gettext_lazy("Certificate"),
    "metadata": gettext_lazy("Metadata"),
    "keys": gettext_lazy("Keys"),
}


@dataclass(frozen=True)
class Check:
    """One step as the check list draws it."""

    name: str
    state: str
    word: str
    remedy: str = ""
    detail: str = ""
    duration: str = ""


class _Test:
    """One run; the steps leave what the next ones need."""

    def __init__(self, server: AuthorizationServer) -> None:
        self.server = server
        self.session: requests.Session = adapter.session_for(server)
        known = server.registration()
        self.url = known.endpoint or known.issuer or known.token_endpoint
        self.jwks_uri = known.jwks_uri
        self.detail = ""

    def name(self) -> None:
        self.detail = ", ".join(self._addresses())

    def connection(self) -> None:
        addresses = self._addresses()
        try:
            with socket.create_connection((addresses[0], self._port), http.CONNECT_SECONDS):
                self.detail = f"{addresses[0]}, {self._port}"
        except TimeoutError:
            raise UnreachableServerError("timeout", code="timeout") from None
        except OSError as error:
            raise UnreachableServerError("unreachable", type(error).__name__) from None

    @property
    def _port(self) -> int:
        try:
            return urlsplit(self.url).port or 443
        except ValueError:  # not between 0 and 65535
            raise UnreachableServerError("port", code="port_refused") from None

    def _addresses(self) -> tuple[str, ...]:
        try:
            return outbound.resolve(urlsplit(self.url).hostname or "", self._port)
        except outbound.OutboundError as refusal:
            raise UnreachableServerError(refusal.code, str(refusal), code=refusal.code) from None

    def certificate(self) -> None:
        http.get(self.session, self.url)
        self.detail = "" if self.server.verify_certificate else _("Verification is switched off.")

    def metadata(self) -> None:
        if self.server.provider == AuthorizationServer.Kind.MICROSOFT:
            found = discovery.discover_microsoft(self.server.registration().endpoint, self.session)
            self.jwks_uri, self.detail = found.jwks_uri, found.issuer
        elif self.server.registration().issuer:
            adapter.fetch_metadata(self.server, self.session)
            known = self.server.registration()
            self.jwks_uri, self.detail = known.jwks_uri, known.issuer
        else:
            self.detail = _("The endpoints were typed in; nothing is asked.")

    def keys(self) -> None:
        if not self.jwks_uri:
            self.detail = _("None are needed: the identity comes from the userinfo endpoint.")
            return
        document = http.get(self.session, self.jwks_uri).json()
        keys = document.get("keys")
        if not isinstance(keys, list) or not keys:
            raise MetadataError(description=self.jwks_uri, code="keys_invalid")
        self.detail = f"{self.jwks_uri} ({len(keys)})"


def check(server: AuthorizationServer) -> list[Check]:
    """Test the server now and write the result on its row."""
    checks: list[Check] = []
    error: OAuthError | None = None
    try:
        test = _Test(server)
    except OAuthError as refusal:  # its client secret does not open
        error = refusal
        checks.append(_failed("name", refusal, server, 0.0))
    else:
        for key in _NAMES:
            step: Callable[[], None] = getattr(test, key)
            if error is not None:
                checks.append(Check(str(_NAMES[key]), "off", _("Not tested")))
                continue
            test.detail, started = "", time.monotonic()
            try:
                step()
            except OAuthError as failure:
                error = failure
                checks.append(_failed(key, failure, server, started))
            else:
                checks.append(
                    Check(
                        str(_NAMES[key]),
                        "active",
                        _("Works"),
                        detail=test.detail,
                        duration=_took(started),
                    )
                )
    _write(server, error)
    return checks


def _failed(key: str, error: OAuthError, server: AuthorizationServer, started: float) -> Check:
    advice = advise(error.code, server=server.name)
    return Check(
        str(_NAMES[key]),
        "act",
        _("Failed"),
        remedy=f"{advice.headline} {remedy(error.code)}".strip(),
        detail=str(error),
        duration=_took(started) if started else "",
    )


def remedy(code: str) -> str:
    """What an administrator does about a failed step."""
    remedies: dict[str, Any] = {
        "name_not_found": _(
            "Check the address for typing errors, and that this machine can resolve names."
        ),
        "unreachable": _("Check that a firewall lets this machine reach the server and its port."),
        "timeout": _("Check that a firewall lets this machine reach the server and its port."),
        "tls_failed": _(
            "If the server's certificate comes from your own authority, add its CA certificate below."
        ),
        "metadata_missing": _("Check the address, or type the endpoints in."),
        "issuer_mismatch": _(
            "Copy the issuer exactly as the server writes it, with or without the last slash."
        ),
    }
    return str(remedies.get(code, ""))


def _took(started: float) -> str:
    return _("%(milliseconds)d ms") % {"milliseconds": round((time.monotonic() - started) * 1000)}


def _write(server: AuthorizationServer, error: OAuthError | None) -> None:
    state = (
        AuthorizationServer.Connection.FAILED if error else AuthorizationServer.Connection.CONNECTED
    )
    result = {
        "connection_state": state,
        "connection_checked_at": timezone.now(),
        "connection_error_code": error.code if error else "",
    }
    AuthorizationServer.objects.filter(pk=server.pk).update(**result)
    record(
        "oauthservers.server.tested",
        target=server,
        details={"state": state, "error": error.code if error else ""},
    )
