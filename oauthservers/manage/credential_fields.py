"""The part of the server form that proves who we are: two secrets, a certificate, a service account. Write-only."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oauthservers import credentials
from oauthservers.models import AuthorizationServer

Kind = AuthorizationServer.Kind
SECRETS = ("client_secret", "fallback_client_secret")
_CERTIFICATE = ("client_certificate", "client_private_key", "client_certificate_expires_on")


def _secret(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        strip=True,
        widget=forms.PasswordInput(
            render_value=False, attrs={"autocomplete": "new-password", "spellcheck": "false"}
        ),
    )


def _file(label: Any, accept: str, help_text: Any = "") -> forms.FileField:
    return forms.FileField(
        label=label,
        required=False,
        help_text=help_text,
        widget=forms.FileInput(attrs={"accept": accept}),
    )


class CredentialsForm(forms.ModelForm):
    """Secrets and files that are read, checked and sealed, and never come back to the screen."""

    client_secret = _secret(gettext_lazy("Client secret"))
    client_secret_expiry_unknown = forms.BooleanField(
        label=gettext_lazy("The expiry date is not known"), required=False
    )
    fallback_client_secret = _secret(gettext_lazy("Second client secret"))
    fallback_client_secret_expiry_unknown = forms.BooleanField(
        label=gettext_lazy("The expiry date of the second one is not known"), required=False
    )
    client_certificate_file = _file(
        gettext_lazy("Client certificate file"),
        ".pem,.crt,.cer,.txt",
        gettext_lazy("PEM. The file may hold the private key as well."),
    )
    client_private_key_file = _file(
        gettext_lazy("Private key file"),
        ".pem,.key,.txt",
        gettext_lazy("PEM, without a password. It is stored encrypted and never shown."),
    )
    removes_certificate = forms.BooleanField(
        label=gettext_lazy("Remove the certificate and its key"), required=False
    )
    service_account_file = _file(
        gettext_lazy("Service account key file"),
        ".json",
        gettext_lazy("The JSON key of a service account with domain-wide delegation."),
    )
    removes_service_account = forms.BooleanField(
        label=gettext_lazy("Remove the service account key"), required=False
    )

    #: Set by the cleaning: what is to be written beside the model's own fields.
    credentials_found: dict[str, Any]

    def explain_credentials(self, kind: str) -> None:
        """Say what is stored; take out what can be removed when nothing is."""
        server = self.instance
        stays = _("One is stored. Empty: it stays.")
        for name in SECRETS:
            is_stored = bool(server.__dict__.get(name)) and not server._state.adding
            if is_stored:
                self.fields[name].help_text = stays
            self.fields[f"{name}_expiry_unknown"].initial = (
                is_stored and getattr(server, f"{name}_expires_on") is None
            )
        if kind == Kind.MICROSOFT:
            self.fields["client_secret_expires_on"].help_text = _(
                "Microsoft shows it beside the secret, under Certificates & secrets."
            )
        if not server.client_certificate:
            del self.fields["removes_certificate"]
        if not server.__dict__.get("service_account_key"):
            del self.fields["removes_service_account"]

    def has_stored(self, name: str) -> bool:
        """Whether an encrypted column of the saved row holds something, without opening it."""
        return not self.instance._state.adding and bool(self.instance.__dict__.get(name))

    def clean_credentials(self, cleaned: dict[str, Any], kind: str) -> None:
        """Read the files and see that dates and proofs are complete; what is wrong is told at its field."""
        self.credentials_found = {}
        self._read_certificate(cleaned)
        self._read_service_account(cleaned)
        if kind == Kind.MICROSOFT:
            for name in SECRETS:
                self._check_expiry(cleaned, name)
        self._check_proofs(cleaned, kind)

    def _read_certificate(self, cleaned: dict[str, Any]) -> None:
        certificate, key = (
            self._text(cleaned, name)
            for name in ("client_certificate_file", "client_private_key_file")
        )
        if cleaned.get("removes_certificate"):
            self.credentials_found |= dict(zip(_CERTIFICATE, ("", "", None), strict=True))
        elif certificate or key:
            try:
                read = credentials.client_certificate(certificate, key, timezone.localdate())
            except ValidationError as error:
                self.add_error(f"client_{error.code}_file", error)
                return
            values = (read.pem, read.private_key, read.expires_on)
            self.credentials_found |= dict(zip(_CERTIFICATE, values, strict=True))

    def _read_service_account(self, cleaned: dict[str, Any]) -> None:
        text = self._text(cleaned, "service_account_file")
        if cleaned.get("removes_service_account"):
            self.credentials_found["service_account_key"] = ""
        elif text:
            try:
                account = credentials.service_account(text)
            except ValidationError as error:
                self.add_error("service_account_file", error)
                return
            self.credentials_found["service_account_key"] = text
            cleaned["client_id"] = cleaned.get("client_id") or account["client_id"]

    def _text(self, cleaned: dict[str, Any], name: str) -> str:
        upload = cleaned.get(name)
        if not upload:
            return ""
        try:
            return credentials.uploaded_text(upload)
        except ValidationError as error:
            self.add_error(name, error)
            return ""

    def _check_expiry(self, cleaned: dict[str, Any], name: str) -> None:
        """Microsoft's secrets always end, and with them every mailbox at once (at most 24 months)."""
        date, unknown = f"{name}_expires_on", f"{name}_expiry_unknown"
        is_there = cleaned.get(name) or self.has_stored(name)
        if cleaned.get(name) and cleaned.get(date) and cleaned[date] < timezone.localdate():
            self.add_error(date, _("This secret has expired. Make a new one at the server."))
        elif (
            is_there
            and not cleaned.get(date)
            and not cleaned.get(unknown)
            and date not in self.errors
        ):
            self.add_error(
                date,
                _(
                    "Give the day on which the secret expires, or say that it is not known. "
                    "Without it nobody can be warned before all mailboxes stop."
                ),
            )

    def _check_proofs(self, cleaned: dict[str, Any], kind: str) -> None:
        """What the server will want to see: a secret, a certificate or a service account."""
        has_certificate = self.credentials_found.get(
            "client_certificate", self.instance.client_certificate
        )
        has_account = self.credentials_found.get(
            "service_account_key", self.has_stored("service_account_key")
        )
        is_application = cleaned.get("access") == AuthorizationServer.Access.APPLICATION
        if is_application and kind == Kind.GOOGLE:
            if not has_account and "service_account_file" not in self.errors:
                self.add_error(
                    "service_account_file",
                    _("Application access at Google needs the key of a service account."),
                )
            return
        if not cleaned.get("client_id") and "client_id" not in self.errors:
            self.add_error(
                "client_id", _("Give the client ID that the server shows after registration.")
            )
        has_secret = cleaned.get("client_secret") or self.has_stored("client_secret")
        # A public client (RFC 6749 §2.1); at Microsoft it signs in by a code alone.
        by_code = cleaned.get("offers_device_code") or cleaned.get("offers_pasted_code")
        is_public = kind == Kind.GENERIC or (kind == Kind.MICROSOFT and by_code)
        is_open = is_public and not is_application
        if not (has_secret or has_certificate or is_open or "client_secret" in self.errors):
            self.add_error(
                "client_secret",
                _("Give the client secret, or upload a certificate.")
                if kind != Kind.GOOGLE
                else _("Give the client secret."),
            )

    def take_credentials(self) -> list[str]:
        """Put new secrets on the instance and return the names of the columns that changed."""
        server, changed = self.instance, []
        for name in SECRETS:
            if secret := self.cleaned_data.get(name):
                setattr(server, name, secret)
                changed.append(name)
        if "client_secret" in changed:
            server.client_secret_set_at = timezone.now()
            changed.append("client_secret_set_at")
        for name, value in self.credentials_found.items():
            setattr(server, name, value)
            changed.append(name)
        return changed
