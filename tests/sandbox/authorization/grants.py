"""What a client may bring to the token endpoint: a code, a refresh token, a device code, itself."""

from __future__ import annotations

import time
from typing import Any

from authlib.oauth2.rfc6749 import InvalidClientError, InvalidGrantError, InvalidRequestError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc8628 import DeviceCodeGrant

from tests.sandbox.authorization.clients import CLIENT_METHODS, Client
from tests.sandbox.authorization.realm import Realm
from tests.sandbox.authorization.records import Code, Device, StoredToken
from tests.sandbox.authorization.settings import NONE, STRICT
from tests.sandbox.people import Person


class RequiredChallenge(CodeChallenge):
    """PKCE with S256 and nothing else (RFC 9700 section 2.1.1)."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        data = grant.request.payload.data
        if data.get("code_challenge_method") != "S256" or not data.get("code_challenge"):
            raise InvalidRequestError("A code_challenge with the method S256 is required.")
        super().validate_code_challenge(grant, redirect_uri)


class CodeGrant(AuthorizationCodeGrant):
    """The consent page sets `is_offline` and `granted_scope` before the code is made."""

    TOKEN_ENDPOINT_AUTH_METHODS = CLIENT_METHODS
    is_offline = False
    granted_scope: str | None = None

    @property
    def realm(self) -> Realm:
        return self.server.realm

    def generate_authorization_code(self) -> str:
        return self.realm.code_prefix + str(super().generate_authorization_code())

    def save_authorization_code(self, code: str, request: Any) -> None:
        data = request.payload.data
        self.realm.store.insert(
            "codes",
            code=code,
            realm=self.realm.key,
            client_id=request.client.client_id,
            redirect_uri=request.payload.redirect_uri,
            address=request.user.address,
            scope=request.scope if self.granted_scope is None else self.granted_scope,
            nonce=data.get("nonce"),
            code_challenge=data.get("code_challenge"),
            code_challenge_method=data.get("code_challenge_method"),
            is_offline=self.is_offline,
            issued_at=time.time(),
        )

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        row = self.realm.store.one(
            "SELECT * FROM codes WHERE code = ? AND realm = ?", code, self.realm.key
        )
        if row is None or Code(row).is_over:
            return None
        if row["family"]:
            # RFC 6749 section 4.1.2: a code that comes twice ends what it has brought.
            self.realm.store.revoke_family(row["family"])
            raise InvalidGrantError("The code was already redeemed.")
        return Code(row)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        self.realm.store.change(
            "UPDATE codes SET family = ? WHERE code = ?",
            self.request.family,
            authorization_code.row["code"],
        )

    def authenticate_user(self, authorization_code: Code) -> Person | None:
        return self.realm.person(authorization_code.row["address"])

    def generate_token(self, scope: str, **options: Any) -> dict[str, Any]:
        code = self.request.authorization_code
        options["include_refresh_token"] = bool(code.row["is_offline"])
        narrowed = self.realm.token_scope(scope, self.request.form.get("scope"))
        return super().generate_token(scope=narrowed, **options)


class RefreshGrant(RefreshTokenGrant):
    """Refreshing with the realm's rule for the old token."""

    TOKEN_ENDPOINT_AUTH_METHODS = [*CLIENT_METHODS, "none"]

    @property
    def realm(self) -> Realm:
        return self.server.realm

    def authenticate_refresh_token(self, refresh_token: str) -> StoredToken | None:
        row = self.realm.store.refresh_token(refresh_token)
        if row is None or row["realm"] != self.realm.key:
            return None
        if self.request.auth_method == "none" and not row["is_public"]:
            raise InvalidClientError("A client secret is required.", status_code=401)
        if row["rotated_at"] and self.realm.settings.rotation == STRICT:
            self.realm.counters.count("reused_refresh_token")
            self.realm.store.revoke_family(row["family"])
            return None
        return None if row["is_revoked"] else StoredToken(row)

    def _validate_token_scope(self, token: StoredToken) -> None:
        self.realm.token_scope(token.get_scope(), self.request.payload.scope)

    def issue_token(self, user: Person, refresh_token: StoredToken) -> dict[str, Any]:
        scope = self.realm.token_scope(refresh_token.get_scope(), self.request.payload.scope)
        return self.generate_token(
            user=user,
            scope=scope,
            include_refresh_token=self.realm.settings.rotation != NONE,
        )

    def authenticate_user(self, refresh_token: StoredToken) -> Person | None:
        return self.realm.person(refresh_token.row["address"])

    def revoke_old_credential(self, refresh_token: StoredToken) -> None:
        if self.realm.settings.rotation == STRICT:
            self.realm.store.change(
                "UPDATE refresh_tokens SET rotated_at = ? WHERE token = ?",
                time.time(),
                refresh_token.row["token"],
            )


class DeviceGrant(DeviceCodeGrant):
    """Polling for what a person decides on another screen (RFC 8628 section 3.4)."""

    TOKEN_ENDPOINT_AUTH_METHODS = [*CLIENT_METHODS, "none"]

    @property
    def realm(self) -> Realm:
        return self.server.realm

    def query_device_credential(self, device_code: str) -> Device:
        row = self.realm.store.one(
            "SELECT * FROM devices WHERE device_code = ? AND realm = ?", device_code, self.realm.key
        )
        if row is None:
            raise InvalidGrantError("The device code is unknown.")
        if row["family"]:
            raise InvalidGrantError("The device code was already redeemed.")
        return Device(row)

    def query_user_grant(self, user_code: str) -> tuple[Person | None, bool] | None:
        row = self.realm.store.one("SELECT * FROM devices WHERE user_code = ?", user_code)
        if row is None or row["is_approved"] is None:
            return None
        return self.realm.person(row["address"]), bool(row["is_approved"])

    def should_slow_down(self, credential: Device) -> bool:
        """RFC 8628 section 3.5: the interval grows by five seconds at every hasty poll."""
        now, polled_at = time.time(), credential.row["polled_at"]
        interval = credential.row["interval"]
        is_hasty = polled_at is not None and now - polled_at < interval - 0.5
        self.realm.store.change(
            "UPDATE devices SET polled_at = ?, interval = ? WHERE device_code = ?",
            now,
            interval + 5 if is_hasty else interval,
            credential.row["device_code"],
        )
        return bool(is_hasty) and self.realm.settings.slows_down

    def generate_token(self, scope: str, **options: Any) -> dict[str, Any]:
        options["include_refresh_token"] = self.realm.is_offline(scope, {}, was_asked=True)
        return super().generate_token(scope=self.realm.token_scope(scope, None), **options)

    def save_token(self, token: dict[str, Any]) -> None:
        super().save_token(token)
        self.realm.store.change(
            "UPDATE devices SET family = ? WHERE device_code = ?",
            self.request.family,
            self.request.credential.row["device_code"],
        )
