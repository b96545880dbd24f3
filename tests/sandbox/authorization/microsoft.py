"""An authorization server shaped like Microsoft's identity platform, version 2.0."""

from __future__ import annotations

import base64
import re
import uuid
from datetime import UTC, datetime
from typing import Any

from authlib.oauth2.rfc6749 import InvalidScopeError
from flask import Flask, Response, abort, json, jsonify
from flask import request as http

from tests.sandbox.authorization.application import ApplicationGrant
from tests.sandbox.authorization.devices import DeviceEndpoint, device_page
from tests.sandbox.authorization.faulting import answered
from tests.sandbox.authorization.pages import Pages
from tests.sandbox.authorization.realm import IDENTITY_SCOPES, Realm
from tests.sandbox.authorization.server import SandboxServer
from tests.sandbox.authorization.settings import TOLERANT
from tests.sandbox.people import PERSONAL_TENANT, Person

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ALIASES = {"common", "organizations", "consumers"}
_OUTLOOK = "https://outlook.office.com/"

_CODES: tuple[tuple[str, str, int], ...] = (
    ("invalid_grant", "already redeemed", 54005),
    ("invalid_grant", "Code challenge", 501481),
    ("invalid_grant", "'code'", 70008),
    ("invalid_grant", "", 50173),
    ("invalid_client", "does not exist", 700016),
    ("invalid_client", "secret is required", 7000218),
    ("invalid_client", "keys are expired", 7000222),
    ("invalid_client", "valid time range", 700024),
    ("invalid_client", "client assertion", 700027),
    ("invalid_client", "Client assertion", 700027),
    ("invalid_client", "", 7000215),
    ("invalid_scope", "resource", 28003),
    ("invalid_scope", "", 70011),
    ("access_denied", "", 65004),
    ("authorization_declined", "", 65004),
    ("authorization_pending", "", 70016),
    ("bad_verification_code", "", 70018),
    ("expired_token", "", 70019),
    ("unsupported_grant_type", "", 70003),
    ("login_required", "", 50058),
    ("consent_required", "", 65001),
    ("invalid_request", "Redirect URI", 50011),
    ("invalid_request", "", 9002313),
)
"""OAuth error, words in its description, number of the vendor's error page; first match wins."""


class MicrosoftRealm(Realm):
    """Many tenants behind one address; refresh tokens change and the old ones stay good."""

    key = "microsoft"
    title = "Contoso directory"
    rotation = TOLERANT
    access_token_prefix = "EwB"
    slows_down = False
    mail_scopes = {
        _OUTLOOK + "IMAP.AccessAsUser.All": ("imap",),
        _OUTLOOK + "POP.AccessAsUser.All": ("pop3",),
        _OUTLOOK + "SMTP.Send": ("smtp",),
    }
    application_scopes = {
        "IMAP.AccessAsApp": ("imap",),
        "POP.AccessAsApp": ("pop3",),
        "SMTP.SendAsApp": ("smtp",),
    }
    other_scopes = (
        "https://graph.microsoft.com/User.Read",
        "https://graph.microsoft.com/Mail.Send",
    )

    def issuer(self, person: Person | None = None) -> str:
        tenant = person.tenant if person else "{tenantid}"
        return f"{self.base_url}/{tenant}/v2.0"

    def canonical(self, scope: str) -> str:
        # The resource in front of a permission is re-stamped at will, so only its end counts.
        return scope.rpartition("/")[2].lower()

    def token_scope(self, granted: str, requested: str | None) -> str:
        scope = super().token_scope(granted, requested)
        resources = self._resources(scope)
        if len(resources) > 1 and requested:
            raise InvalidScopeError("Scopes of more than one resource were asked for.")
        if len(resources) > 1:
            kept = resources[0]
            scope = " ".join(s for s in scope.split() if _resource(s) in ("", kept))
        return scope

    def _resources(self, scope: str) -> list[str]:
        found = (_resource(name) for name in scope.split() if name not in IDENTITY_SCOPES)
        return list(dict.fromkeys(found))

    def sign_in_problem(self, person: Person, tenant: str) -> str:
        is_personal = person.tenant == PERSONAL_TENANT
        fits = {
            "common": True,
            "organizations": not is_personal,
            "consumers": is_personal,
        }.get(tenant.lower(), tenant.lower() == person.tenant)
        if fits:
            return ""
        return f"AADSTS50020: User account {person.address} does not exist in this tenant."

    def user_info(self, person: Person, scope: str) -> dict[str, Any]:
        scopes = set(scope.split())
        claims: dict[str, Any] = {"sub": person.subject, "tid": person.tenant, "ver": "2.0"}
        if "profile" in scopes:
            claims |= {
                "name": person.display_name,
                "oid": person.object_id,
                "preferred_username": person.address,
            }
        if "email" in scopes:
            claims["email"] = person.address
        return claims

    def finish_token(
        self, answer: dict[str, Any], form: dict[str, str], person: Person | None
    ) -> None:
        answer["ext_expires_in"] = answer["expires_in"]
        if person is None:
            del answer["scope"]
            return
        kept = [name for name in answer["scope"].split() if name != "offline_access"]
        answer["scope"] = " ".join(kept)
        if form.get("client_info") == "1":
            info = json.dumps({"uid": person.object_id, "utid": person.tenant})
            answer["client_info"] = base64.urlsafe_b64encode(info.encode()).decode().rstrip("=")

    def shape_error(self, status: int, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        error, description = body["error"], body.get("error_description") or ""
        error = {"access_denied": "authorization_declined"}.get(error, error)
        if "device code is unknown" in description:
            error = "bad_verification_code"
        number = body.get("number") or _number(error, description)
        if number == 700016:
            error, status = "unauthorized_client", 400
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        return status, {
            "error": error,
            "error_description": (
                f"AADSTS{number}: {description or error} Trace ID: {trace} "
                f"Correlation ID: {correlation} Timestamp: {now}"
            ),
            "error_codes": [number],
            "timestamp": now,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"{self.base_url}/error?code={number}",
        }

    def redirect_error(self, error: str, description: str) -> dict[str, str]:
        _, body = self.shape_error(400, {"error": error, "error_description": description})
        parameters = {"error": error, "error_description": body["error_description"]}
        if error == "access_denied":
            parameters["error_subcode"] = "cancel"
        return parameters


def _resource(scope: str) -> str:
    return scope.rpartition("/")[0]


def _number(error: str, description: str) -> int:
    return next((n for e, words, n in _CODES if e == error and words in description), 90090)


_DEVICE_MESSAGES = {
    "en": "To sign in, use a web browser to open the page {verification_uri} and enter the code "
    "{user_code} to authenticate.",
    "ja": "サインインするには、Web ブラウザーを使用して、ページ {verification_uri} を開き、コード "
    "{user_code} を入力して認証します。",
    "fr": "Pour vous connecter, utilisez un navigateur web pour ouvrir la page {verification_uri} "
    "et entrez le code {user_code} pour vous authentifier.",
    "ru": "Чтобы выполнить вход, откройте в браузере страницу {verification_uri} и введите код "
    "{user_code} для проверки подлинности.",
}


class MicrosoftDeviceEndpoint(DeviceEndpoint):
    verification_path = "/common/oauth2/deviceauth"

    def create_endpoint_response(self, request: Any) -> tuple[int, Any, Any]:
        status, answer, headers = super().create_endpoint_response(request)
        del answer["verification_uri_complete"]
        language = http.values.get("mkt", "en").partition("-")[0].lower()
        words = _DEVICE_MESSAGES.get(language, _DEVICE_MESSAGES["en"])
        answer["message"] = words.format(**answer)
        return status, answer, headers


def add_routes(app: Flask, realm: Realm, server: SandboxServer, pages: Pages) -> None:
    """The addresses below `/<tenant>/` as Microsoft lays them out."""
    server.register_endpoint(MicrosoftDeviceEndpoint)
    server.register_grant(ApplicationGrant)

    @app.url_value_preprocessor
    def only_known_tenants(endpoint: str | None, values: dict[str, Any] | None) -> None:
        tenant = (values or {}).get("tenant")
        if tenant is not None and tenant not in _ALIASES and not _GUID.fullmatch(tenant):
            abort(realm_error(realm, "invalid_tenant", 90002))

    @app.route("/<tenant>/oauth2/v2.0/authorize", methods=["GET", "POST"])
    def authorize(tenant: str) -> Response:
        return pages.authorize(tenant)

    @app.post("/<tenant>/oauth2/v2.0/token")
    def token(tenant: str) -> Response:
        return answered(realm, "token", lambda: server.token_answer(http.form))

    @app.post("/<tenant>/oauth2/v2.0/devicecode")
    def devicecode(tenant: str) -> Response:
        return answered(
            realm, "device", lambda: server.create_endpoint_response("device_authorization")
        )

    @app.route("/common/oauth2/deviceauth", methods=["GET", "POST"])
    def deviceauth() -> Response:
        return device_page(pages)

    @app.get("/<tenant>/v2.0/.well-known/openid-configuration")
    def metadata(tenant: str) -> Response:
        return answered(realm, "discovery", lambda: jsonify(_metadata(realm, tenant)))

    @app.get("/<tenant>/discovery/v2.0/keys")
    def keys(tenant: str) -> Response:
        return answered(realm, "keys", lambda: jsonify({"keys": [realm.public_key()]}))


def realm_error(realm: Realm, error: str, number: int) -> Response:
    """An error answer with one of the vendor's numbers."""
    _, body = realm.shape_error(400, {"error": error})
    body["error_codes"] = [number]
    body["error_description"] = body["error_description"].replace("AADSTS90090", f"AADSTS{number}")
    response = jsonify(body)
    response.status_code = 400
    return response


def _metadata(realm: Realm, tenant: str) -> dict[str, Any]:
    root = f"{realm.base_url}/{tenant}"
    named = {"common": "{tenantid}", "organizations": "{tenantid}", "consumers": PERSONAL_TENANT}
    return {
        "issuer": f"{realm.base_url}/{named.get(tenant, tenant)}/v2.0",
        "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
        "token_endpoint": f"{root}/oauth2/v2.0/token",
        "device_authorization_endpoint": f"{root}/oauth2/v2.0/devicecode",
        "jwks_uri": f"{root}/discovery/v2.0/keys",
        "token_endpoint_auth_methods_supported": [
            "client_secret_post",
            "private_key_jwt",
            "client_secret_basic",
        ],
        "response_modes_supported": ["query"],
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": sorted(IDENTITY_SCOPES),
        "tenant_region_scope": None if tenant in _ALIASES else "EU",
    }
