"""A plain OpenID provider: discovery, introspection, revocation, device codes, strict rotation."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from flask import Flask, Response, jsonify, request

from tests.sandbox.authorization.clients import CLIENT_METHODS, Client
from tests.sandbox.authorization.devices import DeviceEndpoint, device_page
from tests.sandbox.authorization.faulting import answered
from tests.sandbox.authorization.pages import Pages
from tests.sandbox.authorization.realm import IDENTITY_SCOPES, Realm
from tests.sandbox.authorization.records import StoredToken
from tests.sandbox.authorization.server import SandboxServer
from tests.sandbox.authorization.settings import STRICT
from tests.sandbox.authorization.userinfo import userinfo


class GenericRealm(Realm):
    """Refresh tokens work once; using an old one ends the whole grant (RFC 9700 section 4.14)."""

    key = "generic"
    title = "lab.example identity"
    rotation = STRICT
    mail_scopes = {"mail:imap": ("imap",), "mail:pop3": ("pop3",), "mail:smtp": ("smtp",)}

    def redirect_issuer(self) -> str:
        return self.base_url


class _TokenLookup:
    """Finds a token of this realm by its text, whichever kind it is."""

    CLIENT_AUTH_METHODS = CLIENT_METHODS
    server: SandboxServer

    def query_token(self, token_string: str, token_type_hint: str | None) -> StoredToken | None:
        store = self.server.realm.store
        row = store.access_token(token_string) or store.refresh_token(token_string)
        return StoredToken(row) if row and row["realm"] == self.server.realm.key else None


class Introspection(_TokenLookup, IntrospectionEndpoint):
    def check_permission(self, token: StoredToken, client: Client, request: Any) -> bool:
        return token.check_client(client)

    def introspect_token(self, token: StoredToken) -> dict[str, Any]:
        realm, row = self.server.realm, token.row
        person = realm.person(row["address"])
        payload = {
            "active": True,
            "client_id": row["client_id"],
            "username": row["address"],
            "scope": row["scope"],
            "sub": person.subject if person else "",
            "iss": realm.issuer(),
            "iat": int(row["issued_at"]),
        }
        if "expires_at" in row:
            payload["exp"] = int(row["expires_at"])
        return payload


class Revocation(_TokenLookup, RevocationEndpoint):
    def revoke_token(self, token: StoredToken, request: Any) -> None:
        store = self.server.realm.store
        if "expires_at" in token.row:
            store.change(
                "UPDATE access_tokens SET is_revoked = 1 WHERE token = ?", token.row["token"]
            )
        else:
            store.revoke_family(token.row["family"])


def add_routes(app: Flask, realm: Realm, server: SandboxServer, pages: Pages) -> None:
    """Plain addresses, all of them named in the metadata."""
    for endpoint in (DeviceEndpoint, Introspection, Revocation):
        server.register_endpoint(endpoint)

    def posts(path: str, counted_as: str, endpoint: str) -> None:
        def view() -> Response:
            return answered(realm, counted_as, lambda: server.create_endpoint_response(endpoint))

        app.add_url_rule(path, endpoint, view, methods=["POST"])

    posts("/introspect", "introspect", "introspection")
    posts("/revoke", "revoke", "revocation")
    posts("/device_authorization", "device", "device_authorization")

    @app.route("/authorize", methods=["GET", "POST"])
    def authorize() -> Response:
        return pages.authorize()

    @app.post("/token")
    def token() -> Response:
        return answered(realm, "token", lambda: server.token_answer(request.form))

    @app.route("/device", methods=["GET", "POST"])
    def device() -> Response:
        return device_page(pages)

    @app.get("/userinfo")
    def user() -> Response:
        return answered(realm, "userinfo", lambda: userinfo(realm))

    @app.get("/jwks")
    def keys() -> Response:
        return answered(realm, "keys", lambda: jsonify({"keys": [realm.public_key()]}))

    @app.get("/.well-known/openid-configuration")
    @app.get("/.well-known/oauth-authorization-server")
    def metadata() -> Response:
        return answered(realm, "discovery", lambda: jsonify(_metadata(realm)))


def _metadata(realm: Realm) -> dict[str, Any]:
    root = realm.base_url
    return {
        "issuer": root,
        "authorization_endpoint": f"{root}/authorize",
        "token_endpoint": f"{root}/token",
        "userinfo_endpoint": f"{root}/userinfo",
        "jwks_uri": f"{root}/jwks",
        "introspection_endpoint": f"{root}/introspect",
        "revocation_endpoint": f"{root}/revoke",
        "device_authorization_endpoint": f"{root}/device_authorization",
        "scopes_supported": sorted(IDENTITY_SCOPES | set(realm.mail_scopes)),
        "response_types_supported": ["code"],
        "grant_types_supported": [
            "authorization_code",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": CLIENT_METHODS,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }
