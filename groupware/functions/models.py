"""Which functions are switched on, and who looks after each."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class FunctionSwitch(models.Model):
    """A function switched off by the system administrator; without a row it is on."""

    key = models.SlugField(_("function"), max_length=64, unique=True)
    is_enabled = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("function switch")
        verbose_name_plural = _("function switches")

    def __str__(self) -> str:
        return self.key


class FunctionAdministrator(models.Model):
    """A person appointed to look after one function for everybody."""

    key = models.SlugField(_("function"), max_length=64)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="administered_functions"
    )

    class Meta:
        verbose_name = _("function administrator")
        verbose_name_plural = _("function administrators")
        constraints = [
            models.UniqueConstraint(fields=["key", "user"], name="function_administrator_once")
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.user}"
