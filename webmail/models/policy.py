"""Limits and switches that administrators set for everybody; one row."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class WebmailPolicy(models.Model):
    """The one row of limits and switches."""

    allows_individual_settings = models.BooleanField(
        _("people may set up their own mail accounts"), default=True
    )
    allows_individual_servers = models.BooleanField(
        _("people may type in mail servers of their own"), default=False
    )
    allows_shared_accounts = models.BooleanField(_("use shared accounts"), default=True)
    undo_seconds = models.PositiveIntegerField(
        _("seconds during which sending can be undone"),
        default=10,
        validators=[MaxValueValidator(120)],
    )
    maximum_message_megabytes = models.PositiveIntegerField(
        _("largest message to send, in megabytes"), default=25, validators=[MaxValueValidator(150)]
    )

    class Meta:
        verbose_name = _("webmail policy")
        verbose_name_plural = _("webmail policy")

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    @classmethod
    def current(cls) -> WebmailPolicy:
        """The policy in force; defaults when nobody has saved one."""
        return cls.objects.first() or cls()
