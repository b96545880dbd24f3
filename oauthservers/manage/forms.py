"""The form of an authorization server: the fields its kind needs, filled from a preset when it is new."""

from __future__ import annotations

from itertools import count, islice
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import escape
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oauthservers import credentials, registration_rules
from oauthservers.manage.credential_fields import SECRETS, CredentialsForm
from oauthservers.manage.form_groups import SCOPES, TYPED, Group, headings, names_of
from oauthservers.models import AuthorizationServer
from oauthservers.providers.presets import Preset

__all__ = ["TYPED", "ServerForm"]
Kind = AuthorizationServer.Kind
Access = AuthorizationServer.Access


class ServerForm(CredentialsForm):
    """Add or change a server. A blank secret keeps the stored one; nothing is saved while one field is wrong."""

    ca_file = forms.FileField(
        label=gettext_lazy("CA certificate file"),
        required=False,
        help_text=gettext_lazy("A file in PEM form; it replaces what stands above."),
    )

    class Meta:
        model = AuthorizationServer
        fields = (
            "name",
            "key",
            "is_enabled",
            "access",
            "offers_device_code",
            "offers_pasted_code",
            "publishing",
            "client_id",
            *(f"{name}_expires_on" for name in SECRETS),
            "endpoint",
            "issuer",
            *TYPED,
            "client_authentication",
            *SCOPES,
            "scopes_application",
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
            "offers_device_code": gettext_lazy(
                "For people whose browser does not reach this groupware: they type a short code at the server."
            ),
            "offers_pasted_code": gettext_lazy(
                "For servers that refuse this groupware's address: people copy the code out of a page that does not open."
            ),
            "publishing": gettext_lazy(
                "Of the consent screen. While it is “Testing”, every permission ends after seven days."
            ),
            "issuer": gettext_lazy("The server's own address; it describes its endpoints there."),
            "ca_certificates": gettext_lazy(
                "Only for a server with a certificate of your own authority."
            ),
        }
        widgets = {
            "access": forms.RadioSelect,
            "ca_certificates": forms.Textarea(
                attrs={"rows": 4, "class": "mono", "spellcheck": "false"}
            ),
            **{
                f"{name}_expires_on": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
                for name in SECRETS
            },
            **{
                name: forms.Textarea(attrs={"rows": 2, "class": "mono", "spellcheck": "false"})
                for name in (*SCOPES, "scopes_application")
            },
        }

    def __init__(self, *args: Any, preset: Preset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.preset, self.kind = preset, Kind(preset.kind)
        if self.instance._state.adding:
            self.instance.provider, self.instance.preset_key = preset.kind, preset.key
            self._offer_mail_servers()
        self.fields["key"].required = False
        self._explain()
        self.explain_credentials(self.kind)
        self._mark_needed(is_shown=not self.is_bound)
        shown = {name for names in names_of(self.kind).values() for name in names}
        self.fields = {name: field for name, field in self.fields.items() if name in shown}

    def _offer_mail_servers(self) -> None:
        choices = [
            (server.key, f"{server.protocol.upper()} · {server.host}:{server.port}")
            for server in self.preset.mail_servers
        ]
        if choices:
            self.fields["mail_servers"] = forms.MultipleChoiceField(
                label=_("Register these mail servers as well"),
                choices=choices,
                initial=[key for key, _label in choices],
                required=False,
                widget=forms.CheckboxSelectMultiple,
                help_text=_("Those that are registered already are linked and not doubled."),
            )

    def _explain(self) -> None:
        preset, fields = self.preset, self.fields
        usual = {f"scopes_{name}": scopes for name, scopes in preset.scopes.items()}
        for name, scopes in (*usual.items(), ("scopes_application", preset.application_scopes)):
            if scopes:
                fields[name].widget.attrs["placeholder"] = " ".join(scopes)
                fields[name].help_text = _("Empty: %(scopes)s") % {"scopes": " ".join(scopes)}
        for name in ("endpoint", "issuer", *TYPED):
            if known := getattr(preset, name):
                fields[name].widget.attrs["placeholder"] = known
        fields["access"].label = _("Who allows a mailbox to be opened")
        if self.kind == Kind.MICROSOFT:
            fields["endpoint"].required = True
            pattern = preset.endpoint.replace("/organizations/", "/<tenant>/")
            text = _(
                "%(endpoint)s with your tenant's ID or domain; “organizations” for every company, “common” for personal accounts as well, “consumers” for those alone."
            )
            # Help texts are taken for markup.
            fields["endpoint"].help_text = escape(text % {"endpoint": pattern})
        if self.kind == Kind.GOOGLE:
            fields["issuer"].help_text = _("Empty: Google itself.")

    def _mark_needed(self, *, is_shown: bool) -> None:
        """Mark for the reader what is nearly always needed; whether it is, the checks decide, not the field."""
        needed = {"client_id": True}
        if self.kind != Kind.GENERIC and not self.has_stored("client_secret"):
            needed["client_secret"] = not self.instance.client_certificate
            needed["client_secret_expires_on"] = self.kind == Kind.MICROSOFT
        for name, is_needed in needed.items():
            if name in self.fields:
                self.fields[name].required = is_needed and is_shown

    # -- groups for the page -----------------------------------------------------------------------

    @property
    def groups(self) -> list[Group]:
        """What the page shows, heading by heading."""
        names, groups = names_of(self.kind), []
        for key, title, intro, access in headings():
            # A service account has an ID and a key of its own.
            is_persons = key == "client" and self.kind == Kind.GOOGLE
            shown = [name for name in names.get(key, ()) if name in self.fields]
            pairs = [[n for n in shown if n.startswith(secret)] for secret in SECRETS]
            alone = [self[name] for name in shown if not any(name in pair for pair in pairs)]
            columns = [[self[name] for name in pair] for pair in pairs if pair]
            if shown:
                groups.append(
                    Group(
                        title,
                        alone,
                        intro,
                        Access.DELEGATED if is_persons else access,
                        key,
                        columns,
                    )
                )
        return groups

    # -- checks ------------------------------------------------------------------------------------

    def clean_key(self) -> str:
        """Left empty, the key is made from the name, with a number where another server has it."""
        if self.cleaned_data["key"]:
            return str(self.cleaned_data["key"])
        base = slugify(self.cleaned_data.get("name", ""))[:56] or str(self.kind)
        others = AuthorizationServer.objects.exclude(pk=self.instance.pk)
        taken = set(others.filter(key__startswith=base).values_list("key", flat=True))
        numbered = (f"{base}-{number}" for number in count(2))
        return next(key for key in (base, *islice(numbered, len(taken) + 1)) if key not in taken)

    def clean(self) -> dict[str, Any]:
        """Endpoint, scopes, certificates and proofs; each reason stands at its field."""
        cleaned = super().clean() or {}
        is_application = cleaned.get("access") == Access.APPLICATION
        for name in (*SCOPES, "scopes_application"):
            self._apply(cleaned, name, registration_rules.scope_list)
        if self.kind == Kind.MICROSOFT:
            self._apply(
                cleaned,
                "endpoint",
                lambda value: registration_rules.microsoft_endpoint(
                    value, is_application=is_application
                ),
            )
            self._check_microsoft_scopes(cleaned)
        elif self.kind == Kind.GENERIC:
            self._check_endpoints(cleaned)
        self._check_authorities(cleaned)
        self.clean_credentials(cleaned, self.kind)
        self._mark_needed(is_shown=True)
        return cleaned

    def _apply(self, cleaned: dict[str, Any], name: str, rule: Any) -> None:
        """Let a rule read a value; what it refuses is told at the field."""
        if name in self.errors or not cleaned.get(name):
            return
        try:
            cleaned[name] = rule(cleaned[name])
        except ValidationError as error:
            self.add_error(name, error)

    def _check_microsoft_scopes(self, cleaned: dict[str, Any]) -> None:
        self._apply(cleaned, "scopes_application", _checked_application_scopes)
        usual = {f"scopes_{name}": scopes for name, scopes in self.preset.scopes.items()}
        asked = {
            name: (cleaned.get(name) or "").split() or usual.get(name, ()) for name in SCOPES[:3]
        }
        try:
            registration_rules.one_resource(asked)
        except ValidationError as error:
            self.add_error(None, error)

    def _check_endpoints(self, cleaned: dict[str, Any]) -> None:
        """A generic server needs an issuer or the two endpoints."""
        if cleaned.get("issuer") or "issuer" in self.errors:
            return
        for name in ("authorization_endpoint", "token_endpoint"):
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, _("Give the issuer, or type this endpoint in."))

    def _check_authorities(self, cleaned: dict[str, Any]) -> None:
        if upload := cleaned.get("ca_file"):
            try:
                cleaned["ca_certificates"] = credentials.uploaded_text(upload)
            except ValidationError as error:
                self.add_error("ca_file", error)
        try:
            authorities = credentials.certificate_authorities(cleaned.get("ca_certificates") or "")
            cleaned["ca_certificates"] = authorities
        except ValidationError as error:
            self.add_error("ca_file" if upload else "ca_certificates", error)


def _checked_application_scopes(value: str) -> str:
    registration_rules.application_scopes(value)
    return value
