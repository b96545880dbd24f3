"""What happened, who did it and from where. Rows are written once and never changed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    """Events, as far as somebody may read them."""

    def visible_to(self, user: Any) -> AuditEventQuerySet:
        """All events for a system administrator, none for others."""
        return self if user.is_system_administrator else self.none()


class AuditEvent(models.Model):
    """One event. Never holds message text or a secret; names stay readable after their rows are gone."""

    at = models.DateTimeField(_("time"), auto_now_add=True, db_index=True)
    name = models.CharField(_("event"), max_length=100, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("person"),
    )
    actor_label = models.CharField(_("person"), max_length=150, blank=True)
    target_type = models.CharField(max_length=100, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    target_label = models.CharField(_("about"), max_length=255, blank=True)
    address = models.GenericIPAddressField(_("from"), null=True)
    request_id = models.CharField(max_length=64, blank=True)
    details = models.JSONField(_("details"), default=dict)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.name} {self.target_label}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write once; an event is never rewritten."""
        if self.pk:
            raise TypeError("An audit event is written once.")
        super().save(*args, **kwargs)
