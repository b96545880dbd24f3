"""Which fields a kind of server has, and under which headings they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django import forms
from django.utils.translation import gettext as _

from oauthservers.manage.credential_fields import SECRETS
from oauthservers.models import AuthorizationServer
from oauthservers.providers.presets import PURPOSES

Kind = AuthorizationServer.Kind
Access = AuthorizationServer.Access
TYPED = (
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
    "revocation_endpoint",
    "device_authorization_endpoint",
)
SCOPES = tuple(f"scopes_{purpose}" for purpose in PURPOSES)
_TLS = ("verify_certificate", "verify_name", "allow_common_name", "ca_certificates", "ca_file")
_SECRETS = tuple(
    f"{name}{ending}" for name in SECRETS for ending in ("", "_expires_on", "_expiry_unknown")
)
_CERTIFICATE = ("client_certificate_file", "client_private_key_file", "removes_certificate")
_ACCOUNT = ("service_account_file", "removes_service_account")
_DEVICE, _PASTED = "offers_device_code", "offers_pasted_code"

#: Kind → the fields of each group. Google's device codes open no mailbox ("OAuth 2.0 for TV …", allowed scopes).
_SHOWN: dict[str, dict[str, tuple[str, ...]]] = {
    Kind.MICROSOFT: {
        "flows": (_DEVICE, _PASTED),
        "addresses": ("endpoint",),
        "client": ("client_id", *_SECRETS),
        "certificate": _CERTIFICATE,
    },
    Kind.GOOGLE: {
        "flows": (_PASTED, "publishing"),
        "addresses": ("issuer", *(name for name in TYPED if not name.startswith("device"))),
        "client": ("client_id", *(name for name in _SECRETS if "expir" not in name)),
        "account": _ACCOUNT,
    },
    Kind.GENERIC: {
        "flows": (_DEVICE, _PASTED),
        "addresses": ("issuer", *TYPED),
        "client": ("client_id", "client_authentication", *_SECRETS),
        "certificate": _CERTIFICATE,
    },
}


@dataclass(frozen=True)
class Group:
    """Fields under one heading. ``access``: shown for this way of access only; ``columns``: what stands side by side."""

    title: str
    fields: list[forms.BoundField]
    intro: str = ""
    access: str = ""
    key: str = ""
    columns: Sequence[list[forms.BoundField]] = ()


def names_of(kind: str) -> dict[str, tuple[str, ...]]:
    """The fields of every heading for a kind of server."""
    return {
        "registration": ("name", "key", "is_enabled"),
        "access": ("access",),
        **_SHOWN[kind],
        "scopes": SCOPES,
        "application": ("scopes_application",),
        "tls": _TLS,
        "mail_servers": ("mail_servers",),
    }


def headings() -> Sequence[tuple[str, str, str, str]]:
    """Key, title, a sentence, and the way of access it belongs to; in the order of the page."""
    return (
        ("registration", "", "", ""),
        ("mail_servers", _("Mail servers"), "", ""),
        ("access", _("Access"), "", ""),
        (
            "flows",
            _("Ways to authorize"),
            _("Signing in with the browser is always offered."),
            Access.DELEGATED,
        ),
        ("addresses", _("Addresses"), "", ""),
        (
            "client",
            _("Client"),
            _(
                "During a change both secrets are valid: enter the new one first and keep the old one as the second. "
                "The second is tried while the first is refused."
            ),
            "",
        ),
        (
            "certificate",
            _("Client certificate"),
            _("In place of a secret, and tried before it. It lasts longer and never travels."),
            "",
        ),
        ("account", _("Service account"), "", Access.APPLICATION),
        ("scopes", _("Scopes"), "", Access.DELEGATED),
        ("application", _("Scopes"), "", Access.APPLICATION),
        ("tls", _("Security of the connection"), "", ""),
    )
