"""Authlib's authorization server with the sandbox's store behind it."""

from __future__ import annotations

import secrets
import time
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidClientError, InvalidGrantError, InvalidRequestError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc8628 import DeviceCodeGrant
from flask import Flask, Response, json

from tests.sandbox.authorization.id_tokens import IdToken
from tests.sandbox.authorization.realm import Realm
from tests.sandbox.authorization.records import Client, Code, Device, StoredToken
from tests.sandbox.authorization.settings import NONE, STRICT
from tests.sandbox.people import Person

SECRET_METHODS = ["client_secret_post", "client_secret_basic"]


class SandboxServer(AuthorizationServer):
    """The three endpoints of RFC 6749 for one realm."""

    def __init__(self, app: Flask, realm: Realm) -> None:
        self.realm = realm
        super().__init__(app, query_client=self._client, save_token=self._save)
        self.register_token_generator("default", self._generate)
        self.register_grant(CodeGrant, [RequiredChallenge(), IdToken(realm)])
        self.register_grant(RefreshGrant, [IdToken(realm)])
        self.register_grant(DeviceGrant, [IdToken(realm)])

    def _client(self, client_id: str) -> Client | None:
        return self.realm.client if client_id == self.realm.client.client_id else None

    def validate_requested_scope(self, scope: str | None) -> None:
        self.realm.allowed_scope(scope or "")

    def _generate(
        self, grant_type: str, scope: str, include_refresh_token: bool, **_: Any
    ) -> dict[str, Any]:
        token = {
            "token_type": "Bearer",
            "access_token": self.realm.new_access_token(),
            "expires_in": self.realm.settings.access_token_seconds,
            "scope": scope,
        }
        if include_refresh_token:
            token["refresh_token"] = self.realm.new_refresh_token()
        return token

    def _save(self, token: dict[str, Any], request: Any) -> None:
        source = request.authorization_code or request.credential
        if request.refresh_token:
            family = request.refresh_token.row["family"]
        else:
            family = secrets.token_urlsafe(12)
            self.realm.store.insert(
                "grants",
                family=family,
                realm=self.realm.key,
                client_id=request.client.client_id,
                address=request.user.address,
                scope=source.get_scope(),
                is_public=request.auth_method == "none",
                started_at=time.time(),
            )
        request.family = family
        self.realm.keep_tokens(token, family)
        if "refresh_token" in token:
            self.realm.keep_refresh_token(token["refresh_token"], family)

    def handle_error_response(self, request: Any, error: OAuth2Error) -> Response:
        status, body, headers = error(self.get_error_uri(request, error))
        if isinstance(body, dict):
            status, body = self.realm.shape_error(status, body)
        return self.handle_response(status, body, headers)

    def token_answer(self, form: dict[str, str]) -> Response:
        """Answers one request to the token endpoint and notes it for the counters."""
        # Reading a refresh token and retiring it must be one step.
        with self.realm.store.exclusively():
            response = self.create_token_response()
            answer = json.loads(response.get_data())
            grant_type, address = form.get("grant_type", ""), ""
            if response.status_code == 200:
                address = self._finish(answer, form)
                response.set_data(json.dumps(answer))
        self.realm.counters.note(
            grant_type=grant_type,
            status=response.status_code,
            error=answer.get("error", ""),
            address=address,
        )
        return response

    def _finish(self, answer: dict[str, Any], form: dict[str, str]) -> str:
        row = self.realm.store.access_token(answer["access_token"])
        person = self.realm.person(row["address"]) if row else None
        if person is None:
            return ""
        settings = self.realm.settings
        self.realm.finish_token(answer, form, person)
        for name, is_left_out in (
            ("refresh_token", settings.omit_refresh_token),
            ("scope", settings.omit_scope),
            ("expires_in", settings.omit_expires_in),
            ("id_token", settings.omit_id_token),
        ):
            if is_left_out:
                answer.pop(name, None)
        return person.address


class RequiredChallenge(CodeChallenge):
    """PKCE with S256 and nothing else (RFC 9700 section 2.1.1)."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        data = grant.request.payload.data
        if data.get("code_challenge_method") != "S256" or not data.get("code_challenge"):
            raise InvalidRequestError("A code_challenge with the method S256 is required.")
        super().validate_code_challenge(grant, redirect_uri)


class CodeGrant(AuthorizationCodeGrant):
    """`is_offline` is set by the consent page before the code is made."""

    TOKEN_ENDPOINT_AUTH_METHODS = SECRET_METHODS
    is_offline = False

    @property
    def realm(self) -> Realm:
        return self.server.realm

    def save_authorization_code(self, code: str, request: Any) -> None:
        data = request.payload.data
        self.realm.store.insert(
            "codes",
            code=code,
            realm=self.realm.key,
            client_id=request.client.client_id,
            redirect_uri=request.payload.redirect_uri,
            address=request.user.address,
            scope=request.scope,
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

    TOKEN_ENDPOINT_AUTH_METHODS = [*SECRET_METHODS, "none"]

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

    TOKEN_ENDPOINT_AUTH_METHODS = [*SECRET_METHODS, "none"]

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
        return bool(is_hasty) and self.realm.slows_down

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
