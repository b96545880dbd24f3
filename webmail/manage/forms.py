"""What function administrators type about mail servers and the policy."""

from __future__ import annotations

import ssl

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from webmail.models import MailAccount, MailServer, WebmailPolicy

USUAL_PORTS = {
    ("imap", "tls"): 993,
    ("imap", "starttls"): 143,
    ("imap", "none"): 143,
    ("pop3", "tls"): 995,
    ("pop3", "starttls"): 110,
    ("pop3", "none"): 110,
    ("smtp", "tls"): 465,
    ("smtp", "starttls"): 587,
    ("smtp", "none"): 25,
}


class MailServerForm(forms.ModelForm):
    """One IMAP, POP3 or SMTP service."""

    class Meta:
        model = MailServer
        fields = [
            "name",
            "protocol",
            "host",
            "port",
            "security",
            "authorization_server",
            "verify_certificate",
            "verify_name",
            "allow_common_name",
            "ca_certificates",
            "is_enabled",
        ]
        help_texts = {
            "name": _("People choose the server by this name."),
            "host": _("A host name such as imap.example.com."),
            "port": _("Empty: the usual port of the protocol."),
            "authorization_server": _(
                "Issues the access tokens for this server. Empty: passwords only."
            ),
            "verify_certificate": _("Switched off, nobody can tell the server from an impostor."),
            "allow_common_name": _(
                "For certificates of old intranet servers without a subject alternative name."
            ),
            "ca_certificates": _("Trusted in addition to the system's authorities."),
            "is_enabled": _(
                "Switched off, it can no longer be chosen; accounts that use it go on."
            ),
        }
        widgets = {
            "ca_certificates": forms.Textarea(
                attrs={"rows": 4, "class": "mono", "spellcheck": "false"}
            ),
            "host": forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["port"].required = False
        self.fields["authorization_server"].empty_label = _("None")
        if self.instance.pk and self._is_in_use():
            self.fields["protocol"].disabled = True
            self.fields["protocol"].help_text = _("The protocol of a server in use stays as it is.")

    def _is_in_use(self) -> bool:
        return (
            MailAccount.objects.filter(incoming_server=self.instance).exists()
            or MailAccount.objects.filter(outgoing_server=self.instance).exists()
        )

    def clean_host(self) -> str:
        """A host name or address and nothing else: no port, no path, no spaces."""
        host = self.cleaned_data["host"].strip().rstrip(".").lower()
        if (
            any(c.isspace() or not c.isprintable() or c in "/@[]" for c in host)
            or host.count(":") == 1
        ):
            raise ValidationError(
                _("Enter the host name alone, such as imap.example.com."), code="invalid"
            )
        return host

    def clean_ca_certificates(self) -> str:
        """Certificates that TLS can load."""
        pem = self.cleaned_data["ca_certificates"].strip()
        if pem:
            try:
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
            except (ssl.SSLError, ValueError):
                message = _(
                    "Enter certificates in PEM form, beginning with -----BEGIN CERTIFICATE-----."
                )
                raise ValidationError(message, code="invalid") from None
        return pem

    def clean(self) -> dict[str, object]:
        """The usual port where none was given."""
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("port") and "port" not in self.errors:
            cleaned["port"] = USUAL_PORTS.get(
                (cleaned.get("protocol"), cleaned.get("security")), 993
            )
        return cleaned

    def save(self, commit: bool = True) -> MailServer:
        """Give a new server a key for the provisioning file."""
        if not self.instance.key:
            base = slugify(self.instance.name)[:50] or self.instance.protocol
            key, number = base, 1
            while MailServer.objects.filter(key=key).exists():
                number += 1
                key = f"{base}-{number}"
            self.instance.key = key
        return super().save(commit)


class WebmailPolicyForm(forms.ModelForm):
    """The one row of the policy."""

    class Meta:
        model = WebmailPolicy
        fields = ["allows_individual_settings", "undo_seconds", "maximum_message_megabytes"]
        help_texts = {
            "allows_individual_settings": _(
                "Switched off, only function administrators set up mail accounts; people still authorize their own."
            ),
            "undo_seconds": _("0 sends at once. Up to 120."),
            "maximum_message_megabytes": _("With attachments, as it leaves. Up to 150."),
        }
