"""An authorization server, registered once by the system administrator (RFC 6749 §1.1)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groupware.audit.record import record
from groupware.encryption import DecryptionError, EncryptedTextField
from oauthservers.errors import AdministratorRequiredError
from oauthservers.models.addresses import AddressField
from oauthservers.providers import presets
from oauthservers.providers.base import IDENTITY_SCOPES, ClientRegistration

_PROOFS = ("client_secret", "fallback_client_secret", "client_private_key", "service_account_key")


class AuthorizationServerQuerySet(models.QuerySet["AuthorizationServer"]):
    """Authorization servers, as far as somebody may use them."""

    def in_use(self) -> AuthorizationServerQuerySet:
        """Servers that are switched on."""
        return self.filter(is_enabled=True)

    def manageable_by(self, user) -> AuthorizationServerQuerySet:
        """Servers that ``user`` may change: all for a system administrator, none for others."""
        return self if user.is_system_administrator else self.none()


class AuthorizationServer(models.Model):
    """Endpoints, client registration and TLS choices of one authorization server."""

    class Kind(models.TextChoices):
        MICROSOFT = "microsoft", _("Microsoft 365")
        GOOGLE = "google", _("Google Workspace")
        GENERIC = "generic", _("Other (OAuth 2.0, OpenID Connect)")

    class ClientAuthentication(models.TextChoices):
        POST = "client_secret_post", _("In the request body")
        BASIC = "client_secret_basic", _("In the Authorization header")

    class Connection(models.TextChoices):
        NOT_TESTED = "not_tested", _("Not tested")
        CONNECTED = "connected", _("Successfully connected")
        FAILED = "failed", _("Failed")

    class Access(models.TextChoices):
        """Who allows a mailbox to be opened."""

        DELEGATED = "delegated", _("Each mailbox by its owner")
        APPLICATION = "application", _("All mailboxes of the organization, without their owners")

    class Publishing(models.TextChoices):
        """Google's publishing status of the consent screen; tokens of an app in testing die after seven days."""

        UNKNOWN = "", _("Not known")
        INTERNAL = "internal", _("Internal")
        PRODUCTION = "production", _("In production")
        TESTING = "testing", _("Testing")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.SlugField(_("key"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=120)
    provider = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    preset_key = models.SlugField(max_length=64, blank=True, editable=False)  # what it was made of
    is_enabled = models.BooleanField(_("use"), default=True)
    access = models.CharField(
        _("access"), max_length=16, choices=Access.choices, default=Access.DELEGATED
    )
    offers_device_code = models.BooleanField(
        _("offer a code for another device"), default=False
    )  # RFC 8628
    offers_pasted_code = models.BooleanField(_("offer pasting the code"), default=False)
    publishing = models.CharField(
        _("publishing status"), max_length=16, choices=Publishing.choices, blank=True
    )

    client_id = models.CharField(_("client ID"), max_length=255)
    client_secret = EncryptedTextField(_("client secret"))
    client_secret_set_at = models.DateTimeField(null=True, blank=True, editable=False)
    client_secret_expires_on = models.DateField(
        _("client secret expires on"), null=True, blank=True
    )
    # While a secret is being changed: tried when the server does not know the first one.
    fallback_client_secret = EncryptedTextField(_("second client secret"))
    fallback_client_secret_expires_on = models.DateField(
        _("second client secret expires on"), null=True, blank=True
    )
    client_certificate = models.TextField(_("client certificate (PEM)"), blank=True)
    client_private_key = EncryptedTextField(_("private key of the client certificate"))
    client_certificate_expires_on = models.DateField(null=True, blank=True, editable=False)
    service_account_key = EncryptedTextField(_("service account key (JSON)"))  # Google
    client_authentication = models.CharField(
        _("client authentication"),
        max_length=32,
        choices=ClientAuthentication.choices,
        default=ClientAuthentication.POST,
    )

    endpoint = AddressField(
        _("endpoint"), max_length=500, blank=True
    )  # Microsoft: …/<tenant>/oauth2/v2.0
    issuer = AddressField(_("issuer"), max_length=500, blank=True)
    authorization_endpoint = AddressField(_("authorization endpoint"), max_length=500, blank=True)
    token_endpoint = AddressField(_("token endpoint"), max_length=500, blank=True)
    userinfo_endpoint = AddressField(_("userinfo endpoint"), max_length=500, blank=True)
    jwks_uri = AddressField(_("keys (JWKS)"), max_length=500, blank=True)
    revocation_endpoint = AddressField(_("revocation endpoint"), max_length=500, blank=True)
    device_authorization_endpoint = AddressField(
        _("device authorization endpoint"), max_length=500, blank=True
    )
    requires_issuer_in_response = models.BooleanField(
        default=False, editable=False
    )  # RFC 9207 §2.3

    scopes_imap = models.TextField(_("scopes for IMAP"), blank=True)
    scopes_pop3 = models.TextField(_("scopes for POP3"), blank=True)
    scopes_smtp = models.TextField(_("scopes for SMTP"), blank=True)
    scopes_identity = models.TextField(_("scopes for the identity"), blank=True)
    scopes_application = models.TextField(_("scopes for application access"), blank=True)

    verify_certificate = models.BooleanField(_("verify server certificate"), default=True)
    verify_name = models.BooleanField(_("verify the server's name"), default=True)
    allow_common_name = models.BooleanField(_("add CN to the verification items"), default=False)
    ca_certificates = models.TextField(_("CA certificates (PEM)"), blank=True)

    connection_state = models.CharField(
        max_length=16, choices=Connection.choices, default=Connection.NOT_TESTED, editable=False
    )
    connection_checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    connection_error_code = models.CharField(max_length=64, blank=True, editable=False)
    # What each step of the last test found (oauthservers.diagnosis.Finding), and since when one is running.
    connection_checks = models.JSONField(default=list, editable=False)
    connection_test_started_at = models.DateTimeField(null=True, blank=True, editable=False)

    # A fault of the registration itself (invalid_client): one matter for administrators, none for the people.
    fault_code = models.CharField(max_length=64, blank=True, editable=False)
    fault_detail = models.TextField(blank=True, editable=False)
    fault_since = models.DateTimeField(null=True, blank=True, editable=False)
    fault_probe_at = models.DateTimeField(null=True, blank=True, editable=False)

    # An outage: many temporary failures in a row open the breaker; until then one caller in a while asks.
    outage_failures = models.PositiveIntegerField(default=0, editable=False)
    outage_code = models.CharField(max_length=64, blank=True, editable=False)
    outage_since = models.DateTimeField(null=True, blank=True, editable=False)
    outage_probe_at = models.DateTimeField(null=True, blank=True, editable=False)

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = AuthorizationServerQuerySet.as_manager()

    class Meta:
        verbose_name = _("authorization server")
        verbose_name_plural = _("authorization servers")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def redirect_uri(self) -> str:
        """Where this server sends people back to; one address per server, so that no two are mixed up."""
        return f"{settings.PUBLIC_URL}/oauth/callback/{self.public_id}/"

    @property
    def preset(self) -> presets.Preset:
        """What is known of this kind beforehand; nothing for a Google-shaped server with an issuer of its own."""
        preset = presets.preset_of(self.preset_key, self.provider)
        return preset if self.issuer in {"", preset.issuer} else presets.Preset()

    def set_client_secret(self, secret: str) -> None:
        """Take a new client secret. What was wrong with the old one is forgotten."""
        self.client_secret = secret
        self.client_secret_set_at = timezone.now() if secret else None

    def note_fault(self, code: str, detail: str, probe_at: datetime) -> bool:
        """Write down that the server refuses our registration; False when it was changed since this row was read."""
        same = type(self).objects.filter(pk=self.pk, updated_at=self.updated_at)
        if same.filter(fault_code="").update(
            fault_code=code,
            fault_detail=detail,
            fault_since=timezone.now(),
            fault_probe_at=probe_at,
        ):
            record("oauthservers.server.fault_found", target=self, details={"error": code})
            return True
        return bool(same.update(fault_code=code, fault_detail=detail, fault_probe_at=probe_at))

    def clear_fault(self) -> None:
        """The server accepted our registration, or it was changed: nothing is known to be wrong."""
        faulty = type(self).objects.filter(pk=self.pk).exclude(fault_code="")
        if faulty.update(fault_code="", fault_detail="", fault_since=None, fault_probe_at=None):
            record("oauthservers.server.fault_cleared", target=self)

    def scopes_for(self, protocols: Iterable[str]) -> tuple[str, ...]:
        """Scopes to ask for to open ``protocols`` (imap, pop3, smtp) and to learn who signed in."""
        own = {purpose: getattr(self, f"scopes_{purpose}").split() for purpose in presets.PURPOSES}
        return presets.scopes_for(self.provider, protocols, own, self.preset_key)

    def protocols_within(self, scopes: Iterable[str]) -> list[str]:
        """The protocols that ``scopes`` open, by what is asked for here today.

        What only names the person or asks for a refresh token opens nothing, and servers leave it out of their answer.
        """
        identity = set(self.scopes_for([])) | IDENTITY_SCOPES
        given = {presets.comparable_scope(self.provider, scope) for scope in scopes}
        opened = []
        for protocol in ("imap", "pop3", "smtp"):
            needed = set(self.scopes_for([protocol])) - identity
            if needed and {presets.comparable_scope(self.provider, s) for s in needed} <= given:
                opened.append(protocol)
        return opened

    @property
    def application_scopes(self) -> tuple[str, ...]:
        """Scopes to ask for in our own name, for all mailboxes of the organization."""
        usual = presets.preset_of(self.preset_key, self.provider).application_scopes
        return tuple(self.scopes_application.split()) or tuple(usual)

    def registration(self) -> ClientRegistration:
        """The values an adapter works with. Empty endpoints of Google's own issuer come from the preset.

        Raises AdministratorRequiredError when the client secret does not open: its key is missing.
        """
        try:
            proofs = {name: str(getattr(self, name)) for name in _PROOFS}
        except DecryptionError:
            raise AdministratorRequiredError("encryption", code="encryption_key_missing") from None
        known = self.preset
        return ClientRegistration(
            client_id=self.client_id,
            client_certificate=self.client_certificate,
            **proofs,
            client_authentication=self.client_authentication,
            endpoint=self.endpoint or known.endpoint,
            issuer=self.issuer or known.issuer,
            authorization_endpoint=self.authorization_endpoint or known.authorization_endpoint,
            token_endpoint=self.token_endpoint or known.token_endpoint,
            userinfo_endpoint=self.userinfo_endpoint or known.userinfo_endpoint,
            jwks_uri=self.jwks_uri or known.jwks_uri,
            revocation_endpoint=self.revocation_endpoint or known.revocation_endpoint,
            device_authorization_endpoint=self.device_authorization_endpoint
            or known.device_authorization_endpoint,
            requires_issuer_in_response=self.requires_issuer_in_response,
        )
