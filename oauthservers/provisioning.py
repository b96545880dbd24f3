"""The table ``[[authorization_server]]`` of a provisioning file."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from groupware.provision import KEEP, Key, Row, Section, SkipRowError
from oauthservers import discovery
from oauthservers.errors import AdministratorRequiredError, MetadataError
from oauthservers.models import AuthorizationServer

Kind = AuthorizationServer.Kind
_ENDPOINTS = (
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
    "revocation_endpoint",
    "device_authorization_endpoint",
)
_SCOPES = ("scopes_imap", "scopes_pop3", "scopes_smtp", "scopes_identity")
_RENAMED = {
    "use": "is_enabled",
    "ca_file": "ca_certificates",
    "token_endpoint_auth_method": "client_authentication",
}


class AuthorizationServerSection(Section):
    """Makes registered servers equal to the file. Nothing is asked over the network."""

    table = "authorization_server"
    order = 20
    keys = (
        Key("key", required=True),
        Key("name", required=True),
        Key("provider", required=True, choices=tuple(Kind.values)),
        Key("use", bool, default=True),
        Key("client_id", required=True),
        Key("client_secret", is_secret=True),
        Key("endpoint", default=""),
        Key("issuer", default=""),
        *(Key(name) for name in _ENDPOINTS),
        *(Key(name, list, default=[]) for name in _SCOPES),
        Key(
            "token_endpoint_auth_method",
            default="client_secret_post",
            choices=tuple(AuthorizationServer.ClientAuthentication.values),
        ),
        Key("ca_file", is_file=True, default=""),
        Key("verify_certificate", bool, default=True),
        Key("verify_name", bool, default=True),
        Key("allow_common_name", bool, default=False),
    )

    def apply(self, row: Row) -> None:
        """Compare and save one server; a new secret or endpoint makes a noted fault obsolete."""
        self._check(row)
        server = AuthorizationServer.objects.filter(key=row["key"]).first() or AuthorizationServer()
        # Endpoints that discovery filled in stay, unless they belonged to another issuer.
        is_moved = not server._state.adding and server.issuer != row["issuer"]
        fields = {
            _RENAMED.get(key.name, key.name): self._value(row, key.name, "" if is_moved else KEEP)
            for key in self.keys
            if key.name != "client_secret"
        }
        fields = {name: value for name, value in fields.items() if value is not KEEP}
        if "client_secret" in row.values:
            fields["client_secret"] = row["client_secret"]
        if "client_secret" in fields and fields["client_secret"] != _stored_secret(server):
            fields["client_secret_set_at"] = timezone.now()
        if row.save(server, fields, {new: old for old, new in _RENAMED.items()}):
            server.clear_fault()

    def _value(self, row: Row, name: str, absent: Any) -> Any:
        if name in _ENDPOINTS and name not in row.values:
            return absent
        value = row[name]
        return " ".join(value) if name in _SCOPES else value

    def _check(self, row: Row) -> None:
        """What the kind needs: an endpoint of Microsoft's form, an issuer or endpoints for the others."""
        if row["provider"] == Kind.MICROSOFT:
            if row["endpoint"]:
                try:
                    discovery.authority(row["endpoint"])
                except MetadataError:
                    row.problem(
                        "not an endpoint of Microsoft's form.",
                        "endpoint",
                        'Write "https://host/<tenant>/oauth2/v2.0".',
                    )
                    raise SkipRowError from None
        elif row["provider"] == Kind.GENERIC and not row["issuer"]:
            missing = [
                name for name in ("authorization_endpoint", "token_endpoint") if not row.get(name)
            ]
            if missing:
                row.problem(
                    f"neither issuer nor {' and '.join(missing)} is given.",
                    "issuer",
                    "Add an issuer or the endpoints.",
                )
                raise SkipRowError


def _stored_secret(server: AuthorizationServer) -> str | None:
    try:
        return server.registration().client_secret if server.provider else None
    except AdministratorRequiredError:  # its key is gone; the file brings the secret again
        return None
