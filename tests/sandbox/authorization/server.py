"""Authlib's authorization server with the sandbox's store behind it."""

from __future__ import annotations

import secrets
import time
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from flask import Flask, Response, json

from tests.sandbox.authorization.clients import Client, authenticate_by_assertion
from tests.sandbox.authorization.grants import (
    CodeGrant,
    DeviceGrant,
    RefreshGrant,
    RequiredChallenge,
)
from tests.sandbox.authorization.id_tokens import IdToken
from tests.sandbox.authorization.realm import Realm


class SandboxServer(AuthorizationServer):
    """The three endpoints of RFC 6749 for one realm."""

    def __init__(self, app: Flask, realm: Realm) -> None:
        self.realm = realm
        super().__init__(app, query_client=self._client, save_token=self._save)
        self.register_token_generator("default", self._generate)
        self.register_client_auth_method("private_key_jwt", authenticate_by_assertion)
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
                # Nobody is there when a client asks in its own name.
                address=request.user.address if request.user else "",
                scope=source.get_scope() if source else token["scope"],
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
        return person.address if person else ""
