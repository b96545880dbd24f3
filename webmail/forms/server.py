"""A mail server as it is typed: registered for everybody by administrators, or for one account alone."""

from __future__ import annotations

import ssl
import uuid

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from groupware import outbound
from oauthservers.models import AuthorizationServer
from webmail.models import MailAccount, MailServer
from webmail.models.server import Security

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
        wrong_port = _("A port is a number between 1 and 65535, such as 993.")
        self.fields["port"].error_messages |= dict.fromkeys(
            ("invalid", "min_value", "max_value"), wrong_port
        )
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
        """The usual port where none was given; tokens travel encrypted only (RFC 7628 §4)."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("authorization_server") and cleaned.get("security") == Security.NONE:
            self.add_error(
                "security",
                _(
                    "Access tokens travel only over an encrypted connection. Choose TLS or STARTTLS."
                ),
            )
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


class TypedServerForm(MailServerForm):
    """A server that is typed into the form of one account: offered to nobody else, and removed with the account."""

    class Meta(MailServerForm.Meta):
        fields = [
            "protocol",
            "host",
            "port",
            "security",
            "authorization_server",
            "verify_certificate",
            "verify_name",
            "allow_common_name",
            "ca_certificates",
        ]
        labels = {
            "host": _("Host name"),
            "allow_common_name": _("Add CN to the verification items"),
        }

    use_required_attribute = False  # the section is hidden while another server is chosen

    def __init__(self, *args, direction: str, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.instance.is_individual = True
        protocols = [MailServer.Protocol.IMAP, MailServer.Protocol.POP3]
        if direction == "send":
            del self.fields["protocol"]
            self.instance.protocol = MailServer.Protocol.SMTP
            self.fields["host"].help_text = _("A host name such as smtp.example.com.")
        else:
            self.fields["protocol"].choices = [(one.value, one.label) for one in protocols]
        # A token of application access opens every mailbox; it goes to registered servers alone.
        issuers = AuthorizationServer.objects.in_use()
        issuers = issuers.filter(access=AuthorizationServer.Access.DELEGATED)
        self.fields["authorization_server"].queryset = issuers

    @property
    def has_certificate_errors(self) -> bool:
        """Whether something in the folded part has to be corrected."""
        return "ca_certificates" in self.errors

    def _is_in_use(self) -> bool:
        return False  # whether the protocol may change is the account's rule

    def clean(self) -> dict[str, object]:
        """Refuse what could never be reached: a name without an address, an address that may not be dialled."""
        if "protocol" not in self.fields:
            self.cleaned_data["protocol"] = MailServer.Protocol.SMTP
        cleaned = super().clean()
        if "host" in cleaned and cleaned.get("port"):
            try:
                outbound.resolve(str(cleaned["host"]), int(str(cleaned["port"])))
            except outbound.OutboundError as error:
                if not error.retryable:
                    self.add_error("host", _refusal(str(cleaned["host"]), error.code))
        return cleaned

    def save(self, commit: bool = True) -> MailServer:
        """Save it as a server of one account, named after its host."""
        self.instance.is_enabled = True
        self.instance.name = self.instance.host[:120]
        self.instance.key = self.instance.key or f"individual-{uuid.uuid4().hex}"
        return super().save(commit)


def _refusal(host: str, code: str) -> ValidationError:
    messages = {
        "address_refused": _(
            "%(host)s leads to an address inside this network, which may not be reached. "
            "Enter a server on the internet, such as imap.example.com, or ask your administrator."
        ),
        "port_refused": _("This port cannot be used. Enter a number such as 993."),
    }
    unknown = _("%(host)s is not known. Check the spelling; an example is imap.example.com.")
    return ValidationError(messages.get(code, unknown), params={"host": host}, code=code)
