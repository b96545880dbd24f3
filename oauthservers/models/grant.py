"""A grant: somebody allowed us to open a mailbox, and here are the tokens (RFC 6749 §1.3)."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from groupware.encryption import EncryptedTextField
from groupware.leases import Leased
from oauthservers.models.server import AuthorizationServer


class GrantQuerySet(models.QuerySet["Grant"]):
    """Grants, as far as somebody may use them."""

    def usable_by(self, user) -> GrantQuerySet:
        """Grants that ``user`` made themselves and may bind to a mail account."""
        return self.filter(created_by=user)

    def alive(self) -> GrantQuerySet:
        """Grants with tokens that are worth refreshing."""
        return self.filter(state=Grant.State.ACTIVE)


class Grant(Leased):
    """Tokens of one authorization, written by ``oauthservers.vault`` alone.

    ``version`` grows with every write of tokens and is the fence of a refresh. The refresh lease is the row's lease.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        REAUTHORIZATION_REQUIRED = "reauthorization_required", _("Authorization needed again")
        REVOKED = "revoked", _("Disconnected")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    server = models.ForeignKey(AuthorizationServer, models.PROTECT, related_name="grants")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="grants"
    )
    mailbox_address = models.CharField(_("mailbox"), max_length=320)
    issuer = models.CharField(max_length=500, blank=True)
    subject = models.CharField(max_length=255)
    signed_in_as = models.CharField(_("authorized as"), max_length=320)
    scopes = models.TextField(blank=True)

    access_token = EncryptedTextField()
    access_token_expires_at = models.DateTimeField(null=True, blank=True)
    refresh_token = EncryptedTextField()
    refresh_token_issued_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveBigIntegerField(default=0)

    state = models.CharField(_("state"), max_length=32, choices=State.choices, default=State.ACTIVE)
    state_since = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_detail = models.TextField(blank=True)
    failures = models.PositiveIntegerField(default=0)  # temporary failures in a row
    next_attempt_at = models.DateTimeField(
        null=True, blank=True
    )  # not before, after a temporary failure

    authorized_at = models.DateTimeField(auto_now_add=True)
    refreshed_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        indexes = [models.Index(fields=["state", "access_token_expires_at"])]

    def __str__(self) -> str:
        return self.mailbox_address
