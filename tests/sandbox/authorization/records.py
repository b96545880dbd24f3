"""What Authlib asks of clients, codes, tokens and device codes, over the rows of the store."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin
from authlib.oauth2.rfc8628 import DEVICE_CODE_GRANT_TYPE, DeviceCredentialMixin
from authlib.oidc.core import AuthorizationCodeMixin

LOOPBACK = {"127.0.0.1", "[::1]", "localhost"}
CODE_SECONDS = 600


@dataclass
class Client(ClientMixin):
    """The one registered client of a server.

    `redirect_bases` are prefixes ending in `/`, standing for a long list of exact addresses;
    `redirect_uris` are exact, except that a loopback one without a port accepts every port
    (RFC 8252 section 7.3).
    """

    client_id: str
    client_secret: str
    name: str
    redirect_bases: list[str] = field(default_factory=list)
    redirect_uris: list[str] = field(default_factory=list)

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return ""

    def get_allowed_scope(self, scope: str | None) -> str:
        # Which scopes exist is the server's question; the realm answers it.
        return scope or ""

    def check_client_secret(self, client_secret: str) -> bool:
        return secrets.compare_digest(self.client_secret.encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return True

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in {"authorization_code", "refresh_token", DEVICE_CODE_GRANT_TYPE}

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        if redirect_uri in self.redirect_uris:
            return True
        if any(sign in redirect_uri for sign in ("?", "#", "\\", "..")):
            return False
        if any(redirect_uri.startswith(base) for base in self.redirect_bases):
            return True
        parts = urlsplit(redirect_uri)
        host = re.sub(r":\d+$", "", parts.netloc)
        if parts.scheme != "http" or host not in LOOPBACK:
            return False
        return f"http://{host}{parts.path}" in self.redirect_uris


@dataclass(frozen=True)
class Code(AuthorizationCodeMixin):
    """An authorization code that waits to be redeemed."""

    row: dict[str, Any]

    @property
    def code_challenge(self) -> str:
        return str(self.row["code_challenge"])

    @property
    def code_challenge_method(self) -> str:
        return str(self.row["code_challenge_method"])

    def get_redirect_uri(self) -> str:
        return str(self.row["redirect_uri"])

    def get_scope(self) -> str:
        return str(self.row["scope"])

    def get_nonce(self) -> str | None:
        return self.row["nonce"]

    def get_auth_time(self) -> int:
        return int(self.row["issued_at"])

    @property
    def is_over(self) -> bool:
        return float(self.row["issued_at"]) + CODE_SECONDS < time.time()


@dataclass(frozen=True)
class StoredToken(TokenMixin):
    """An access or a refresh token as introspection, revocation and refreshing see it."""

    row: dict[str, Any]

    def check_client(self, client: Client) -> bool:
        return bool(self.row["client_id"] == client.client_id)

    def get_scope(self) -> str:
        return str(self.row["scope"])

    def get_expires_in(self) -> int:
        return int(self.row.get("expires_at", 0) - self.row["issued_at"])

    def is_expired(self) -> bool:
        return bool(self.row.get("expires_at", time.time() + 1) < time.time())

    def is_revoked(self) -> bool:
        return bool(self.row["is_revoked"] or self.row.get("rotated_at"))


@dataclass(frozen=True)
class Device(DeviceCredentialMixin):
    """A device code and what its person has decided so far."""

    row: dict[str, Any]

    def get_client_id(self) -> str:
        return str(self.row["client_id"])

    def get_scope(self) -> str:
        return str(self.row["scope"])

    def get_user_code(self) -> str:
        return str(self.row["user_code"])

    def is_expired(self) -> bool:
        return bool(self.row["expires_at"] < time.time())
