"""One attempt to authorize a mailbox: single use, ten minutes, bound to a session and a person."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from groupware.encryption import EncryptedTextField
from groupware.leases import Leased
from oauthservers.models.grant import Grant
from oauthservers.models.server import AuthorizationServer


class AuthorizationRequestQuerySet(models.QuerySet["AuthorizationRequest"]):
    """Attempts, as far as somebody may see them."""

    def of(self, user) -> AuthorizationRequestQuerySet:
        """Attempts that ``user`` made."""
        return self.filter(user=user).select_related("server")


class AuthorizationRequest(Leased):
    """State, verifier and nonce of one attempt (RFC 6749 §4.1.1, RFC 7636); only the state's hash is kept."""

    class Outcome(models.TextChoices):
        PENDING = "pending", _("Waiting for approval")
        SUCCEEDED = "succeeded", _("Active")
        FAILED = "failed", _("Not authorized")

    class Flow(models.TextChoices):
        REDIRECT = "redirect", _("Sign-in in this browser")
        PASTED = "pasted", _("Sign-in with a pasted code")
        DEVICE = "device", _("Sign-in on another device")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    flow = models.CharField(max_length=16, choices=Flow.choices, default=Flow.REDIRECT)
    server = models.ForeignKey(
        AuthorizationServer, models.CASCADE, related_name="authorization_requests"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="authorization_requests"
    )
    # Whose connection it becomes; nobody's for a shared account. ``user`` is who acts.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+"
    )
    session_hash = models.CharField(max_length=64)
    state_hash = models.CharField(max_length=64, unique=True)
    code_verifier = EncryptedTextField()
    nonce = EncryptedTextField()
    mailbox_address = models.CharField(max_length=320)
    scopes = models.TextField()
    redirect_uri = models.URLField(max_length=500)
    next_url = models.CharField(max_length=500)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    # Of the device flow (RFC 8628 §3.2); times in seconds.
    device_code = EncryptedTextField()
    user_code = models.CharField(max_length=64, blank=True)
    verification_uri = models.CharField(max_length=500, blank=True)
    interval_seconds = models.PositiveIntegerField(default=5)
    next_poll_at = models.DateTimeField(null=True, blank=True)

    outcome = models.CharField(max_length=16, choices=Outcome.choices, default=Outcome.PENDING)
    error_code = models.CharField(max_length=64, blank=True)
    error_detail = models.TextField(blank=True)
    signed_in_as = models.CharField(
        max_length=320, blank=True
    )  # whom we met instead, for the message on the screen
    grant = models.ForeignKey(
        Grant, models.SET_NULL, null=True, blank=True, related_name="requests"
    )

    objects = AuthorizationRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("authorization request")
        verbose_name_plural = _("authorization requests")
        # How the latest attempt for a mailbox stands is asked for every row of a list of accounts.
        indexes = [models.Index(fields=["mailbox_address", "server"])]

    def __str__(self) -> str:
        return f"{self.mailbox_address} · {self.server}"

    @property
    def protocols(self) -> list[str]:
        """What was asked for: imap, pop3, smtp."""
        return self.server.protocols_within(self.scopes.split())

    @property
    def missing_protocols(self) -> list[str]:
        """What was asked for and not allowed, though the rest was: the consent was given in part."""
        if self.error_code != "missing_scope" or self.grant is None:
            return []
        return [name for name in self.protocols if name not in self.grant.protocols]
