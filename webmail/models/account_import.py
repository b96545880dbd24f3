"""A file of accounts that was uploaded and not applied yet: what the preview shows is what is applied."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from groupware.encryption import EncryptedTextField


class AccountImport(models.Model):
    """The text of the file, sealed (it may hold passwords), and what came of it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    file_name = models.CharField(max_length=255)
    content = EncryptedTextField()  # erased once applied or out of date
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(default=dict)  # figures: added, changed, unchanged, refused

    class Meta:
        verbose_name = _("import of accounts")
        verbose_name_plural = _("imports of accounts")

    def __str__(self) -> str:
        return self.file_name
