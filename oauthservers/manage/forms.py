"""The form of an authorization server: the fields its kind needs, and a client secret that is only ever written."""

from __future__ import annotations

from typing import Any

from cryptography import x509
from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.html import escape
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oauthservers import discovery
from oauthservers.errors import MetadataError
from oauthservers.models import AuthorizationServer
from oauthservers.providers.presets import PRESETS, PURPOSES

Kind = AuthorizationServer.Kind
_COMMON = ("name", "key", "is_enabled", "client_id", "client_secret")
_TYPED = (
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
    "revocation_endpoint",
)
_SCOPES = tuple(f"scopes_{purpose}" for purpose in PURPOSES)
_TLS = ("verify_certificate", "verify_name", "allow_common_name", "ca_certificates", "ca_file")
_OF_KIND = {
    Kind.MICROSOFT: ("endpoint",),
    Kind.GOOGLE: ("issuer",),
    Kind.GENERIC: ("issuer", *_TYPED, "client_authentication"),
}
_LARGEST_CA_FILE = 256 * 1024


def _form_field(field: models.Field, **options: Any) -> forms.Field | None:
    """An address typed without a scheme is meant as https."""
    if isinstance(field, models.URLField):
        options["assume_scheme"] = "https"
    return field.formfield(**options)


class ServerForm(forms.ModelForm):
    """Add or change a server. A blank client secret keeps the stored one."""

    client_secret = forms.CharField(
        label=gettext_lazy("Client secret"),
        required=False,
        strip=True,
        widget=forms.PasswordInput(
            render_value=False, attrs={"autocomplete": "new-password", "spellcheck": "false"}
        ),
    )
    ca_file = forms.FileField(
        label=gettext_lazy("CA certificate file"),
        required=False,
        help_text=gettext_lazy("A file in PEM form; it replaces what stands above."),
    )

    class Meta:
        model = AuthorizationServer
        formfield_callback = _form_field
        fields = (
            "name",
            "key",
            "is_enabled",
            "client_id",
            "endpoint",
            "issuer",
            *_TYPED,
            "client_authentication",
            *_SCOPES,
            "verify_certificate",
            "verify_name",
            "allow_common_name",
            "ca_certificates",
        )
        help_texts = {
            "key": gettext_lazy(
                "A short name for provisioning files; letters, digits and hyphens."
            ),
            "is_enabled": gettext_lazy(
                "Switched off, no mailbox can be authorized and no access is renewed."
            ),
            "endpoint": gettext_lazy(
                "https://login.microsoftonline.com/<tenant>/oauth2/v2.0, with your tenant's ID or domain."
            ),
            "issuer": gettext_lazy("The server's own address; it describes its endpoints there."),
            "verify_certificate": gettext_lazy(
                "Client secret and tokens travel over this connection."
            ),
            "ca_certificates": gettext_lazy(
                "Only for a server with a certificate of your own authority."
            ),
        }
        widgets = {
            "ca_certificates": forms.Textarea(
                attrs={"rows": 4, "class": "mono", "spellcheck": "false"}
            ),
            **{name: forms.Textarea(attrs={"rows": 2, "class": "mono"}) for name in _SCOPES},
        }

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = Kind(kind)
        self.instance.provider = kind
        shown = (*_COMMON, *_OF_KIND[self.kind], *_SCOPES, *_TLS)
        self.fields = {name: self.fields[name] for name in shown}
        self.fields["key"].required = False
        self._explain()

    def _explain(self) -> None:
        preset = PRESETS[self.kind]
        for purpose in PURPOSES:
            usual = " ".join(preset.scopes.get(purpose, ()))
            field = self.fields[f"scopes_{purpose}"]
            if usual:
                field.widget.attrs["placeholder"] = usual
                field.help_text = _("Empty: %(scopes)s") % {"scopes": usual}
        if self.kind == Kind.MICROSOFT:
            self.fields["endpoint"].widget.attrs["placeholder"] = preset.endpoint
            self.fields["endpoint"].required = True
            # Help texts are taken for markup.
            self.fields["endpoint"].help_text = escape(self.fields["endpoint"].help_text)
        if self.kind == Kind.GOOGLE:
            self.fields["issuer"].widget.attrs["placeholder"] = preset.issuer
            self.fields["issuer"].help_text = _("Empty: Google itself.")
        if is_known := bool(self.instance.client_secret_set_at):
            self.fields["client_secret"].help_text = _("One is stored. Empty: it stays.")
        self.fields["client_secret"].required = self.kind != Kind.GENERIC and not is_known

    # -- groups for the page -----------------------------------------------------------------------

    @property
    def registration_fields(self) -> list[forms.BoundField]:
        """Name and client."""
        return [self[name] for name in _COMMON]

    @property
    def endpoint_fields(self) -> list[forms.BoundField]:
        """Where the server is."""
        return [self[name] for name in _OF_KIND[self.kind]]

    @property
    def scope_fields(self) -> list[forms.BoundField]:
        """What is asked for."""
        return [self[name] for name in _SCOPES]

    @property
    def tls_fields(self) -> list[forms.BoundField]:
        """How the server is verified."""
        return [self[name] for name in _TLS]

    # -- checks ------------------------------------------------------------------------------------

    def clean_key(self) -> str:
        """Left empty, the key is made from the name."""
        key = self.cleaned_data["key"] or slugify(self.cleaned_data.get("name", ""))
        if not key:
            raise ValidationError(_("Give a key of letters, digits and hyphens."))
        return str(key)

    def clean_endpoint(self) -> str:
        """Microsoft's endpoint has one form, from which everything else follows."""
        endpoint = str(self.cleaned_data["endpoint"]).rstrip("/")
        try:
            discovery.authority(endpoint)
        except MetadataError:
            raise ValidationError(
                _(
                    "Write the endpoint as https://host/<tenant>/oauth2/v2.0, for example %(example)s."
                ),
                params={"example": PRESETS[Kind.MICROSOFT].endpoint},
            ) from None
        return endpoint

    def clean(self) -> dict[str, Any]:
        """A generic server needs an issuer or the two endpoints; certificates must be certificates."""
        cleaned = super().clean() or {}
        needed = ("authorization_endpoint", "token_endpoint")
        if self.kind == Kind.GENERIC and not cleaned.get("issuer"):
            for name in needed:
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, _("Give the issuer, or type this endpoint in."))
        for name in (*_TYPED, "issuer"):
            if name in self.fields and str(cleaned.get(name) or "https:").split(":")[0] != "https":
                self.add_error(
                    name, _("The address must start with https://, for secrets travel there.")
                )
        if upload := cleaned.get("ca_file"):
            cleaned["ca_certificates"] = self._uploaded(upload)
        if pem := cleaned.get("ca_certificates"):
            try:
                x509.load_pem_x509_certificates(pem.encode())
            except ValueError:
                self.add_error("ca_certificates", _("This is not a certificate in PEM form."))
        return cleaned

    def _uploaded(self, upload: Any) -> str:
        if upload.size > _LARGEST_CA_FILE:
            self.add_error("ca_file", _("The file is too large for certificates."))
            return ""
        try:
            return upload.read().decode("ascii").strip()
        except UnicodeDecodeError:
            self.add_error("ca_file", _("This is not a certificate in PEM form."))
            return ""

    def save(self, commit: bool = True) -> AuthorizationServer:
        """Save; a new issuer drops the endpoints that the old one described."""
        if "issuer" in self.changed_data and not self.instance._state.adding:
            for name in (*_TYPED, "device_authorization_endpoint"):
                if name not in self.changed_data:
                    setattr(self.instance, name, "")
            self.instance.requires_issuer_in_response = False
        if secret := self.cleaned_data["client_secret"]:
            self.instance.set_client_secret(secret)
        server = super().save(commit)
        server.clear_fault()
        return server
