"""A mail server registered once by the administrator, valid for all accounts that choose it."""

from __future__ import annotations

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from oauthservers.models import AuthorizationServer


class Security(models.TextChoices):
    """How the connection is protected."""

    TLS = "tls", _("TLS")
    STARTTLS = "starttls", _("STARTTLS")
    NONE = "none", _("None")


class MailServerQuerySet(models.QuerySet["MailServer"]):
    """Mail servers, as far as somebody may choose them."""

    def incoming(self) -> MailServerQuerySet:
        """Servers that mail is received from."""
        return self.filter(protocol__in=[MailServer.Protocol.IMAP, MailServer.Protocol.POP3])

    def outgoing(self) -> MailServerQuerySet:
        """Servers that mail is sent through."""
        return self.filter(protocol=MailServer.Protocol.SMTP)

    def offered(self) -> MailServerQuerySet:
        """Servers that may be chosen for an account."""
        return self.registered().filter(is_enabled=True)

    def registered(self) -> MailServerQuerySet:
        """Servers that an administrator registered, without those typed in for one account."""
        return self.filter(is_individual=False)

    def unused_individual(self) -> MailServerQuerySet:
        """Servers typed in for one account that has another one now, or is gone."""
        return self.filter(is_individual=True, receiving_accounts=None, sending_accounts=None)


class MailServer(models.Model):
    """Host, port and protection of one IMAP, POP3 or SMTP service."""

    class Protocol(models.TextChoices):
        IMAP = "imap", _("IMAP")
        POP3 = "pop3", _("POP3")
        SMTP = "smtp", _("SMTP")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.SlugField(_("key"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=120)
    protocol = models.CharField(_("protocol"), max_length=8, choices=Protocol.choices)
    host = models.CharField(_("server"), max_length=255)
    port = models.PositiveIntegerField(
        _("port"), validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    security = models.CharField(
        _("connection security"), max_length=8, choices=Security.choices, default=Security.TLS
    )
    authorization_server = models.ForeignKey(
        AuthorizationServer,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="mail_servers",
        verbose_name=_("authorization server"),
    )
    verify_certificate = models.BooleanField(_("verify server certificate"), default=True)
    verify_name = models.BooleanField(_("verify the server's name"), default=True)
    allow_common_name = models.BooleanField(_("add CN to the verification items"), default=False)
    ca_certificates = models.TextField(_("CA certificates (PEM)"), blank=True)
    is_enabled = models.BooleanField(_("use"), default=True)
    # Typed in for one account: offered to nobody else, and gone with it.
    is_individual = models.BooleanField(default=False, editable=False)

    objects = MailServerQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail server")
        verbose_name_plural = _("mail servers")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
