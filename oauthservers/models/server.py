"""An authorization server, registered once by the system administrator (RFC 6749 §1.1)."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from groupware.encryption import EncryptedTextField


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

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.SlugField(_("key"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=120)
    provider = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    is_enabled = models.BooleanField(_("use"), default=True)

    client_id = models.CharField(_("client ID"), max_length=255)
    client_secret = EncryptedTextField(_("client secret"))
    client_secret_set_at = models.DateTimeField(null=True, blank=True, editable=False)
    client_authentication = models.CharField(
        _("client authentication"),
        max_length=32,
        choices=ClientAuthentication.choices,
        default=ClientAuthentication.POST,
    )

    endpoint = models.URLField(
        _("endpoint"), max_length=500, blank=True
    )  # Microsoft: …/<tenant>/oauth2/v2.0
    issuer = models.URLField(_("issuer"), max_length=500, blank=True)
    authorization_endpoint = models.URLField(
        _("authorization endpoint"), max_length=500, blank=True
    )
    token_endpoint = models.URLField(_("token endpoint"), max_length=500, blank=True)
    userinfo_endpoint = models.URLField(_("userinfo endpoint"), max_length=500, blank=True)
    jwks_uri = models.URLField(_("keys (JWKS)"), max_length=500, blank=True)
    revocation_endpoint = models.URLField(_("revocation endpoint"), max_length=500, blank=True)
    device_authorization_endpoint = models.URLField(
        _("device authorization endpoint"), max_length=500, blank=True
    )
    requires_issuer_in_response = models.BooleanField(
        default=False, editable=False
    )  # RFC 9207 §2.3

    scopes_imap = models.TextField(_("scopes for IMAP"), blank=True)
    scopes_pop3 = models.TextField(_("scopes for POP3"), blank=True)
    scopes_smtp = models.TextField(_("scopes for SMTP"), blank=True)
    scopes_identity = models.TextField(_("scopes for the identity"), blank=True)

    verify_certificate = models.BooleanField(_("verify server certificate"), default=True)
    verify_name = models.BooleanField(_("verify the server's name"), default=True)
    allow_common_name = models.BooleanField(_("add CN to the verification items"), default=False)
    ca_certificates = models.TextField(_("CA certificates (PEM)"), blank=True)

    connection_state = models.CharField(
        max_length=16, choices=Connection.choices, default=Connection.NOT_TESTED, editable=False
    )
    connection_checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    connection_error_code = models.CharField(max_length=64, blank=True, editable=False)

    # A fault of the registration itself (invalid_client): one matter for administrators, none for the people.
    fault_code = models.CharField(max_length=64, blank=True, editable=False)
    fault_detail = models.TextField(blank=True, editable=False)
    fault_since = models.DateTimeField(null=True, blank=True, editable=False)
    fault_probe_at = models.DateTimeField(null=True, blank=True, editable=False)

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = AuthorizationServerQuerySet.as_manager()

    class Meta:
        verbose_name = _("authorization server")
        verbose_name_plural = _("authorization servers")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
