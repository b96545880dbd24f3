"""Access of the application itself, without a person: client credentials as Microsoft has them."""

from __future__ import annotations

from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from flask import request as http

from tests.sandbox.authorization.clients import CLIENT_METHODS
from tests.sandbox.people import CONTOSO_TENANT

_MAIL_RESOURCES = {
    "https://outlook.office365.com",
    "https://outlook.office.com",
    "https://ps.outlook.com",
}
_OTHER_RESOURCES = {"https://graph.microsoft.com"}


class NumberedError(OAuth2Error):
    """An error for which the number of the vendor's error page is known."""

    def __init__(self, error: str, description: str, number: int, status: int = 400) -> None:
        super().__init__(description=description, status_code=status)
        self.error = error
        self.number = number

    def get_body(self) -> list[tuple[str, Any]]:
        return [*super().get_body(), ("number", self.number)]


class ApplicationGrant(ClientCredentialsGrant):
    """RFC 6749 section 4.4. The token holds whatever permissions the application has just now."""

    TOKEN_ENDPOINT_AUTH_METHODS = CLIENT_METHODS

    def validate_token_request(self) -> None:
        _check_tenant((http.view_args or {}).get("tenant", ""))
        self.request.client = self.authenticate_token_endpoint_client()
        self._resource = _resource(self.request.payload.scope or "")

    def generate_token(self, **options: Any) -> dict[str, Any]:
        options["scope"] = ""
        if self._resource in _MAIL_RESOURCES:
            permissions = self.server.realm.settings.application_permissions
            options["scope"] = " ".join(f"{self._resource}/{name}" for name in permissions)
        return super().generate_token(**options)


def _check_tenant(tenant: str) -> None:
    """Whose mailboxes are meant must be said; the shared entrances cannot know."""
    tenant = tenant.lower()
    if tenant in {"common", "consumers"}:
        raise NumberedError(
            "invalid_request",
            "The grant type is not supported over the /common or /consumers endpoints. Please use "
            "the /organizations or tenant-specific endpoint.",
            9001023,
        )
    if tenant == "organizations":
        raise NumberedError(
            "invalid_request",
            "No tenant-identifying information found in either the request or implied by any "
            "provided credentials.",
            50059,
        )
    if tenant != CONTOSO_TENANT:
        raise NumberedError(
            "unauthorized_client",
            f"Application was not found in the directory '{tenant}'.",
            700016,
        )


def _resource(scope: str) -> str:
    resource, separator, rest = scope.partition("/.default")
    if not separator or rest or " " in scope:
        raise NumberedError(
            "invalid_scope",
            f"The provided request must include a 'scope' input parameter. The provided value for "
            f"the input parameter 'scope' is not valid. The scope {scope} is not valid. Client "
            "credential flows must have a scope value with /.default suffixed to the resource "
            "identifier (application ID URI).",
            1002012,
        )
    if resource.rstrip("/") not in _MAIL_RESOURCES | _OTHER_RESOURCES:
        raise NumberedError(
            "invalid_resource",
            f"The resource principal named {resource} was not found in the tenant.",
            500011,
        )
    return resource.rstrip("/")
