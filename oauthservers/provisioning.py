"""The table ``[[authorization_server]]`` of a provisioning file."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from groupware.provision import KEEP, Key, Row, Section, SkipRowError
from oauthservers import credentials, registration_rules
from oauthservers.errors import AdministratorRequiredError
from oauthservers.models import AuthorizationServer
from oauthservers.providers.presets import PRESETS_BY_KEY

Kind = AuthorizationServer.Kind
Access = AuthorizationServer.Access
_ENDPOINTS = (
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
    "revocation_endpoint",
    "device_authorization_endpoint",
)
_SCOPES = ("scopes_imap", "scopes_pop3", "scopes_smtp", "scopes_identity", "scopes_application")
_DATES = ("client_secret_expires_on", "fallback_client_secret_expires_on")
#: Keys that become other columns, or several of them.
_OWN_WAYS = {"client_secret", "client_certificate", "client_private_key", "service_account_key"}
_RENAMED = {
    "preset": "preset_key",
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
        Key("preset", default="", choices=("", *PRESETS_BY_KEY)),
        Key("provider", choices=tuple(Kind.values)),
        Key("use", bool, default=True),
        Key("access", default=Access.DELEGATED.value, choices=tuple(Access.values)),
        Key("offers_device_code", bool, default=False),
        Key("offers_pasted_code", bool, default=False),
        Key("publishing", default="", choices=tuple(AuthorizationServer.Publishing.values)),
        Key("client_id"),
        Key("client_secret", is_secret=True),
        Key("client_secret_expires_on"),
        Key("fallback_client_secret", is_secret=True),
        Key("fallback_client_secret_expires_on"),
        Key("client_certificate", is_secret=True),
        Key("client_private_key", is_secret=True),
        Key("service_account_key", is_secret=True),
        Key("endpoint", default=""),
        Key("issuer", default=""),
        *(Key(name) for name in _ENDPOINTS),
        *(Key(name, list, default=[]) for name in _SCOPES),
        Key(
            "token_endpoint_auth_method",
            default="",
            choices=("", *AuthorizationServer.ClientAuthentication.values),
        ),
        Key("ca_file", is_file=True, default=""),
        Key("verify_certificate", bool, default=True),
        Key("verify_name", bool, default=True),
        Key("allow_common_name", bool, default=False),
    )

    def apply(self, row: Row) -> None:
        """Compare and save one server; a new secret or endpoint makes a noted fault obsolete."""
        kind = self._kind(row)
        server = AuthorizationServer.objects.filter(key=row["key"]).first() or AuthorizationServer()
        # Endpoints that discovery filled in stay, unless they belonged to another issuer.
        is_moved = not server._state.adding and server.issuer != row["issuer"]
        fields = {
            _RENAMED.get(key.name, key.name): self._value(row, key.name, "" if is_moved else KEEP)
            for key in self.keys
            if key.name not in _OWN_WAYS
        }
        fields |= {"provider": kind, **self._credentials(row, server)}
        fields |= self._checked(row, kind)
        fields = {name: value for name, value in fields.items() if value is not KEEP}
        if not (fields.get("client_id") or server.client_id):
            row.problem("missing.", "client_id", "Add client_id.")
            raise SkipRowError
        if row.save(server, fields, {new: old for old, new in _RENAMED.items()}):
            server.clear_fault()

    def _kind(self, row: Row) -> str:
        """The kind that is written, or that of the preset; they must not disagree."""
        written = row.get("provider") or ""
        preset = PRESETS_BY_KEY.get(row["preset"])
        if preset and written and preset.kind != written:
            row.problem(
                f'the preset "{preset.key}" is of the provider "{preset.kind}".',
                "provider",
                "Leave provider out.",
            )
            raise SkipRowError
        if not preset and not written:
            row.problem("missing.", "provider", "Add provider or preset.")
            raise SkipRowError
        return preset.kind if preset else str(written)

    def _value(self, row: Row, name: str, absent: Any) -> Any:
        if name in _ENDPOINTS and name not in row.values:
            return absent
        if name in _DATES:
            return self._date(row, name)
        if name == "token_endpoint_auth_method" and not row[name]:
            preset = PRESETS_BY_KEY.get(row["preset"])
            return preset.client_authentication if preset else "client_secret_post"
        value = row.get(name, KEEP)
        return " ".join(value) if name in _SCOPES else value

    def _date(self, row: Row, name: str) -> Any:
        text = row.get(name, KEEP)
        if text is KEEP or not text:
            return text if text is KEEP else None
        try:
            return date.fromisoformat(text)
        except ValueError:
            row.problem("not a date.", name, 'Write it as "2027-04-30".')
            raise SkipRowError from None

    def _credentials(self, row: Row, server: AuthorizationServer) -> dict[str, Any]:
        """Secret, certificate and service account, as they are stored."""
        fields: dict[str, Any] = {}
        if "client_secret" in row.values:
            fields["client_secret"] = row["client_secret"]
            if fields["client_secret"] != _stored_secret(server):
                fields["client_secret_set_at"] = timezone.now()
        if "client_certificate" in row.values or "client_private_key" in row.values:
            fields |= self._certificate(row)
        if "service_account_key" in row.values:
            text = row["service_account_key"]
            fields["service_account_key"] = text
            if text:
                account = _told(row, "service_account_key", credentials.service_account, text)
                fields.setdefault("client_id", row.get("client_id") or account["client_id"])
        return fields

    def _certificate(self, row: Row) -> dict[str, Any]:
        given = row.get("client_certificate", ""), row.get("client_private_key", "")
        if not any(given):
            return {
                "client_certificate": "",
                "client_private_key": "",
                "client_certificate_expires_on": None,
            }
        try:
            read = credentials.client_certificate(*given, timezone.localdate())
        except ValidationError as error:
            row.problem(" ".join(error.messages), f"client_{error.code}")
            raise SkipRowError from None
        return {
            "client_certificate": read.pem,
            "client_private_key": read.private_key,
            "client_certificate_expires_on": read.expires_on,
        }

    def _checked(self, row: Row, kind: str) -> dict[str, Any]:
        """What the kind needs: an endpoint of Microsoft's form, scopes of one resource, an issuer or endpoints."""
        is_application = row["access"] == Access.APPLICATION
        fields: dict[str, Any] = {}
        for name in _SCOPES:
            fields[name] = _told(row, name, registration_rules.scope_list, " ".join(row[name]))
        if row["ca_file"]:
            fields["ca_certificates"] = _told(
                row, "ca_file", credentials.certificate_authorities, row["ca_file"]
            )
        if kind == Kind.MICROSOFT:
            if row["endpoint"] or is_application:
                fields["endpoint"] = _told(
                    row,
                    "endpoint",
                    lambda text: registration_rules.microsoft_endpoint(
                        text, is_application=is_application
                    ),
                    row["endpoint"],
                )
            _told(
                row,
                "scopes_application",
                registration_rules.application_scopes,
                fields["scopes_application"],
            )
            _told(
                row,
                "scopes_imap",
                registration_rules.one_resource,
                {name: fields[name].split() for name in _SCOPES[:3]},
            )
        elif kind == Kind.GENERIC:
            self._check_generic(row)
        return fields

    def _check_generic(self, row: Row) -> None:
        preset = PRESETS_BY_KEY.get(row["preset"])
        if row["issuer"] or (preset and preset.token_endpoint):
            return
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


def _told(row: Row, key: str, check: Any, value: Any) -> Any:
    """What ``check`` makes of ``value``; what it refuses becomes a problem of the file."""
    try:
        return check(value)
    except ValidationError as error:
        row.problem(" ".join(error.messages), key)
        raise SkipRowError from None


def _stored_secret(server: AuthorizationServer) -> str | None:
    try:
        return server.registration().client_secret if server.provider else None
    except AdministratorRequiredError:  # its key is gone; the file brings the secret again
        return None
