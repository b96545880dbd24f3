"""A grant: somebody allowed us to open a mailbox, and here are the tokens (RFC 6749 §1.3)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groupware.encryption import DecryptionError, EncryptedTextField, seal
from groupware.leases import Leased
from oauthservers.errors import AdministratorRequiredError
from oauthservers.models.server import AuthorizationServer
from oauthservers.providers.base import TokenResponse


class GrantQuerySet(models.QuerySet["Grant"]):
    """Grants, as far as somebody may use them."""

    def usable_by(self, user) -> GrantQuerySet:
        """Grants that ``user`` made themselves and may bind to a mail account."""
        return self.filter(created_by=user)

    def of_mailbox(self, server: AuthorizationServer, user, mailbox_address: str) -> GrantQuerySet:
        """The grant that ``user`` made for a mailbox at ``server``; letter case does not tell mailboxes apart."""
        return self.filter(
            server=server, created_by=user, mailbox_address__iexact=mailbox_address.strip()
        )

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

    class Access(models.TextChoices):
        """Who allowed it: the owner of the mailbox, or the administrator for all of them."""

        DELEGATED = "delegated", _("By its owner")
        APPLICATION = "application", _("By the administrator, for the whole organization")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    access = models.CharField(
        _("access"), max_length=16, choices=Access.choices, default=Access.DELEGATED
    )
    server = models.ForeignKey(AuthorizationServer, models.PROTECT, related_name="grants")
    # Whose connection it is; nobody's when it belongs to a shared account or to the whole organization.
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="grants"
    )
    mailbox_address = models.CharField(_("mailbox"), max_length=320)
    issuer = models.CharField(max_length=500, blank=True)
    subject = models.CharField(max_length=255)
    signed_in_as = models.CharField(_("authorized as"), max_length=320)
    known_names = models.TextField(blank=True)  # all names of the one who signed in, one a line
    scopes = models.TextField(blank=True)

    access_token = EncryptedTextField()
    access_token_expires_at = models.DateTimeField(null=True, blank=True)
    refresh_token = EncryptedTextField()
    refresh_token_issued_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveBigIntegerField(default=0)
    # Set before the server is asked, cleared by its verdict: a process that died in between is recognised by it.
    refresh_started_at = models.DateTimeField(null=True, blank=True)

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
        constraints = [
            models.UniqueConstraint(
                Lower("mailbox_address"),
                "server",
                "created_by",
                name="one_grant_per_mailbox_and_person",
            ),
            models.UniqueConstraint(
                Lower("mailbox_address"),
                "server",
                condition=models.Q(created_by=None),
                name="one_grant_per_mailbox_of_nobody",
            ),
        ]

    def __str__(self) -> str:
        return self.mailbox_address

    @property
    def protocols(self) -> list[str]:
        """What the grant opens: imap, pop3, smtp. What application access opens is set where the mailboxes are."""
        if self.access == self.Access.APPLICATION:
            return ["imap", "pop3", "smtp"]
        return self.server.protocols_within(self.scopes.split())

    def opens(self, protocol: str) -> bool:
        """Whether the grant opens ``protocol``. What is not said in scopes is for the mail server to decide."""
        if not self.scopes or self.access == self.Access.APPLICATION:
            return True
        return protocol in self.protocols

    @property
    def lifetime(self) -> timedelta:
        """How long the present access token was good for when it came."""
        if self.access_token_expires_at is None or self.refreshed_at is None:
            return timedelta()
        return self.access_token_expires_at - self.refreshed_at

    @property
    def remaining(self) -> timedelta:
        """How long the present access token is good for from now; negative once it is over."""
        if self.access_token_expires_at is None:
            return timedelta(seconds=-1)
        return self.access_token_expires_at - timezone.now()

    def opened(self, column: str) -> str:
        """The plain text of an encrypted column; raises AdministratorRequiredError when its key is missing."""
        try:
            return str(getattr(self, column))
        except DecryptionError:
            raise AdministratorRequiredError("encryption", code="encryption_key_missing") from None

    def token_columns(
        self, tokens: TokenResponse, asked_at: datetime, unknown_lifetime: float
    ) -> dict[str, Any]:
        """The columns of a token answer, sealed for this row, for ``QuerySet.update()``.

        An absent refresh token leaves the stored one alone. ``asked_at`` is when the request left;
        ``unknown_lifetime`` is assumed, in seconds, when the server does not tell.
        """
        lifetime = timedelta(seconds=tokens.expires_in or unknown_lifetime)
        columns: dict[str, Any] = {
            "access_token": seal(Grant, "access_token", self.public_id, tokens.access_token),
            "access_token_expires_at": asked_at + lifetime,
            "refreshed_at": asked_at,
        }
        if tokens.refresh_token:
            columns["refresh_token"] = seal(
                Grant, "refresh_token", self.public_id, tokens.refresh_token
            )
            columns["refresh_token_issued_at"] = asked_at
        return columns
