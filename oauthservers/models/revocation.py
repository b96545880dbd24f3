"""A refresh token that is to be revoked at its server: deleting an account does not wait for somebody else's server."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groupware.encryption import DecryptionError, EncryptedTextField
from groupware.leases import Leased
from oauthservers.errors import AdministratorRequiredError
from oauthservers.models.server import AuthorizationServer


class PendingRevocation(Leased):
    """What is left of a deleted grant until its server has taken note (RFC 7009), or is asked no more."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    server = models.ForeignKey(
        AuthorizationServer, models.CASCADE, related_name="pending_revocations"
    )
    mailbox_address = models.CharField(max_length=320)
    refresh_token = EncryptedTextField()
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("pending revocation")
        verbose_name_plural = _("pending revocations")
        indexes = [models.Index(fields=["next_attempt_at"])]

    def __str__(self) -> str:
        return f"{self.mailbox_address} · {self.server}"

    def opened(self) -> str:
        """The token; raises AdministratorRequiredError when its key is missing, so that the other rows have their turn."""
        try:
            return str(self.refresh_token)
        except DecryptionError:
            raise AdministratorRequiredError("encryption", code="encryption_key_missing") from None
