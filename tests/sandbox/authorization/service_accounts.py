"""Service accounts as Google has them: a key file, and a signed assertion in place of a person."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import BaseGrant, TokenEndpointMixin
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from tests.sandbox.authorization.clients import Client

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# The libraries of the vendor write this address whatever the key file says.
_VENDOR_AUDIENCE = "https://oauth2.googleapis.com/token"
_LONGEST_SECONDS = 3600
_CLOCK_SECONDS = 300
_NOT_DELEGATED = (
    "Client is unauthorized to retrieve access tokens using this method, or client not authorized "
    "for any of the scopes requested."
)
_BAD_TIME = (
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
    "Check your iat and exp values in the JWT claim."
)


@dataclass(frozen=True)
class ServiceAccount:
    client_email: str
    client_id: str
    key: RSAKey


class ServiceAccounts:
    """The accounts of one server, by their address."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._known: dict[str, ServiceAccount] = {}

    def remembered(self, path: Path) -> None:
        """The account whose key file this is; made there when it is missing."""
        if path.exists():
            file = json.loads(path.read_text())
            self.register(file)
        else:
            file = self.make()
        # The port may be another one at every start.
        path.touch(mode=0o600)
        path.write_text(json.dumps(file | self._addresses(file["client_email"]), indent=1))

    def make(self) -> dict[str, Any]:
        """A new account; the contents of its key file."""
        key = RSAKey.generate_key(2048)
        name = f"webmail-{secrets.token_hex(4)}@groupware-sandbox.iam.gserviceaccount.example"
        file = {
            "type": "service_account",
            "project_id": "groupware-sandbox",
            "private_key_id": secrets.token_hex(20),
            "private_key": key.as_pem(private=True).decode(),
            "client_email": name,
            "client_id": str(100_000_000_000_000_000_000 + secrets.randbelow(10**20)),
            **self._addresses(name),
            "universe_domain": "googleapis.com",
        }
        self.register(file)
        return file

    def _addresses(self, name: str) -> dict[str, str]:
        return {
            "auth_uri": f"{self._base_url}/o/oauth2/v2/auth",
            "token_uri": f"{self._base_url}/token",
            "auth_provider_x509_cert_url": f"{self._base_url}/oauth2/v1/certs",
            "client_x509_cert_url": f"{self._base_url}/robot/v1/metadata/x509/{name}",
        }

    def register(self, file: dict[str, Any]) -> None:
        """Takes an account from a key file that was made here before."""
        key = RSAKey.import_key(file["private_key"])
        self._known[file["client_email"]] = ServiceAccount(
            file["client_email"], file["client_id"], key
        )

    def find(self, client_email: str) -> ServiceAccount | None:
        return self._known.get(client_email)

    def remove(self, client_email: str) -> None:
        del self._known[client_email]


class RefusedAssertionError(OAuth2Error):
    """Refuses an assertion in the vendor's words."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description=description, status_code=status)
        self.error = error


class AssertionGrant(BaseGrant, TokenEndpointMixin):
    """RFC 7523 section 2.1. The assertion is all: no client secret, no refresh token."""

    GRANT_TYPE = GRANT_TYPE

    def validate_token_request(self) -> None:
        realm, assertion = self.server.realm, self.request.form.get("assertion", "")
        claims = _claims(assertion)
        account = realm.service_accounts.find(str(claims.get("iss", "")))
        if account is None:
            raise RefusedAssertionError("invalid_grant", "Invalid grant: account not found")
        try:
            jws.deserialize_compact(assertion, account.key, ["RS256"])
        except JoseError:
            raise RefusedAssertionError("invalid_grant", "Invalid JWT Signature.") from None
        _check_times(claims)
        if claims.get("aud") not in {f"{realm.base_url}/token", _VENDOR_AUDIENCE}:
            raise RefusedAssertionError("invalid_grant", "Invalid JWT: Failed audience check.")
        self.request.scope = str(claims.get("scope", ""))
        self.request.client = Client(account.client_id, "", account.client_email)
        self.request.user = self._subject(claims)

    def _subject(self, claims: dict[str, Any]) -> Any:
        realm, subject = self.server.realm, str(claims.get("sub", claims["iss"]))
        scopes = set(self.request.scope.split())
        if not scopes:
            raise RefusedAssertionError(
                "invalid_scope", "Invalid OAuth scope or ID token audience provided."
            )
        if subject == claims["iss"]:
            return None
        if not realm.settings.domain_wide_delegation or not scopes <= set(realm.mail_scopes):
            raise RefusedAssertionError("unauthorized_client", _NOT_DELEGATED, 401)
        mailbox = realm.directory.find(subject)
        if mailbox is None:
            raise RefusedAssertionError("invalid_grant", "Invalid email or User ID")
        return mailbox

    def create_token_response(self) -> tuple[int, Any, Any]:
        token = self.generate_token(scope=self.request.scope, include_refresh_token=False)
        self.save_token(token)
        return 200, token, self.TOKEN_RESPONSE_HEADER


def _claims(assertion: str) -> dict[str, Any]:
    try:
        return dict(json.loads(jws.extract_compact(assertion.encode()).payload))
    except (JoseError, TypeError, ValueError):
        raise RefusedAssertionError("invalid_grant", "Bad Request") from None


def _check_times(claims: dict[str, Any]) -> None:
    now = time.time()
    issued, ends = float(claims.get("iat", 0)), float(claims.get("exp", 0))
    is_right = issued - _CLOCK_SECONDS < now < ends + _CLOCK_SECONDS
    if not is_right or ends - issued > _LONGEST_SECONDS:
        raise RefusedAssertionError("invalid_grant", _BAD_TIME)
