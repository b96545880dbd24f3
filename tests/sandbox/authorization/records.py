"""What Authlib asks of codes, tokens and device codes, over the rows of the store."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc6749 import TokenMixin
from authlib.oauth2.rfc8628 import DeviceCredentialMixin
from authlib.oidc.core import AuthorizationCodeMixin

from tests.sandbox.authorization.clients import Client

CODE_SECONDS = 600


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
