"""An authorization server shaped like Google's."""

from __future__ import annotations

import datetime
from typing import Any

from authlib.oauth2.rfc6749 import InvalidScopeError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from flask import Flask, Response, jsonify, request

from tests.sandbox.authorization.devices import DeviceEndpoint, device_page
from tests.sandbox.authorization.faulting import answered
from tests.sandbox.authorization.pages import Pages
from tests.sandbox.authorization.realm import Realm
from tests.sandbox.authorization.server import SandboxServer
from tests.sandbox.authorization.service_accounts import (
    GRANT_TYPE as ASSERTION_GRANT,
)
from tests.sandbox.authorization.service_accounts import AssertionGrant, ServiceAccounts
from tests.sandbox.authorization.settings import NONE
from tests.sandbox.authorization.userinfo import userinfo
from tests.sandbox.people import Person

MAIL_SCOPE = "https://mail.google.com/"
_DEVICE_SCOPES = {"openid", "email", "profile"}


class GoogleRealm(Realm):
    """The refresh token comes once and never changes."""

    key = "google"
    title = "example.jp accounts"
    rotation = NONE
    access_token_prefix = "ya29."
    # The slash must be written %2F in an address, which trips whoever copies the code by hand.
    code_prefix = "4/0"
    is_granular = True
    mail_scopes = {MAIL_SCOPE: ("imap", "pop3", "smtp")}

    def __init__(self, *about: Any) -> None:
        super().__init__(*about)
        self.service_accounts = ServiceAccounts(self.base_url)

    def redirect_issuer(self) -> str:
        return self.base_url

    def is_offline(self, scope: str, parameters: dict[str, str], *, was_asked: bool) -> bool:
        return parameters.get("access_type") == "offline" and was_asked

    def allowed_scope(self, requested: str) -> str:
        # There is no such scope at Google; access_type=offline stands in for it.
        if "offline_access" in requested.split():
            raise InvalidScopeError("Some requested scopes were invalid.")
        return super().allowed_scope(requested)

    def user_info(self, person: Person, scope: str) -> dict[str, Any]:
        return super().user_info(person, scope) | {"hd": person.domain}

    def new_refresh_token(self) -> str:
        return "1//0" + super().new_refresh_token()

    def finish_token(
        self, answer: dict[str, Any], form: dict[str, str], person: Person | None
    ) -> None:
        if form.get("grant_type") == ASSERTION_GRANT:
            del answer["scope"]

    def shape_error(self, status: int, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if request.form.get("grant_type") == ASSERTION_GRANT:
            return status, body
        if body["error"] == "invalid_grant":
            is_code = "code" in (body.get("error_description") or "").lower()
            words = "Malformed auth code." if is_code else "Token has been expired or revoked."
            return 400, {"error": "invalid_grant", "error_description": words}
        if body["error"] == "invalid_client":
            is_unknown = "does not exist" in (body.get("error_description") or "")
            words = "The OAuth client was not found." if is_unknown else "Unauthorized"
            return 401, {"error": "invalid_client", "error_description": words}
        return status, body


class GoogleDeviceEndpoint(DeviceEndpoint):
    """Grants no mail: the scope of mail is refused on limited-input devices."""

    def create_endpoint_response(self, request: Any) -> tuple[int, Any, Any]:
        if set((request.payload.scope or "").split()) - _DEVICE_SCOPES:
            raise InvalidScopeError("Invalid device flow scope.")
        status, answer, headers = super().create_endpoint_response(request)
        answer["verification_url"] = answer.pop("verification_uri")
        del answer["verification_uri_complete"]
        return status, answer, headers


def add_routes(app: Flask, realm: Realm, server: SandboxServer, pages: Pages) -> None:
    """Google spreads these over several hosts; here all are on one."""
    server.register_endpoint(GoogleDeviceEndpoint)
    server.register_grant(AssertionGrant)
    certificate = _certificate(realm)

    @app.route("/o/oauth2/v2/auth", methods=["GET", "POST"])
    def authorize() -> Response:
        return pages.authorize()

    @app.post("/token")
    def token() -> Response:
        return answered(realm, "token", lambda: server.token_answer(request.form))

    @app.post("/revoke")
    def revoke() -> Response:
        return answered(realm, "revoke", lambda: _revoke(realm))

    @app.post("/device/code")
    def device_code() -> Response:
        return answered(
            realm, "device", lambda: server.create_endpoint_response("device_authorization")
        )

    @app.route("/device", methods=["GET", "POST"])
    def device() -> Response:
        return device_page(pages)

    @app.get("/v1/userinfo")
    def user() -> Response:
        return answered(realm, "userinfo", lambda: userinfo(realm))

    @app.get("/.well-known/openid-configuration")
    def metadata() -> Response:
        return answered(realm, "discovery", lambda: jsonify(_metadata(realm)))

    @app.get("/oauth2/v3/certs")
    def keys() -> Response:
        return answered(realm, "keys", lambda: jsonify({"keys": [realm.public_key()]}))

    @app.get("/oauth2/v1/certs")
    def certificates() -> Response:
        return answered(
            realm, "certificates", lambda: jsonify({realm.signing_key.kid: certificate})
        )


def _revoke(realm: Realm) -> Response:
    """Takes a refresh or an access token, from whoever has it."""
    token = request.values.get("token", "")
    row = realm.store.refresh_token(token) or realm.store.access_token(token)
    if row is None or row["realm"] != realm.key:
        response = jsonify(
            {"error": "invalid_token", "error_description": "Token expired or revoked"}
        )
        response.status_code = 400
        return response
    realm.store.revoke_family(row["family"])
    realm.store.forget_consent(realm.key, row["address"])
    return jsonify({})


def _metadata(realm: Realm) -> dict[str, Any]:
    root = realm.base_url
    return {
        "issuer": root,
        "authorization_endpoint": f"{root}/o/oauth2/v2/auth",
        "device_authorization_endpoint": f"{root}/device/code",
        "token_endpoint": f"{root}/token",
        "userinfo_endpoint": f"{root}/v1/userinfo",
        "revocation_endpoint": f"{root}/revoke",
        "jwks_uri": f"{root}/oauth2/v3/certs",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }


def _certificate(realm: Realm) -> str:
    """The signing key as a certificate: the form in which google-auth fetches it."""
    key = realm.signing_key.private_key
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Sandbox token signing")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
