"""Who may use a shared account: people and departments, each with one right."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from groupware.organisation.models import Unit
from webmail.models.account import MailAccount


class AccountMember(models.Model):
    """One person or one department, and what they may do. A later right includes the earlier ones."""

    class Role(models.TextChoices):
        READER = "reader", _("Can read")
        SENDER = "sender", _("Can read and send")
        MANAGER = "manager", _("Can read, send and manage")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(MailAccount, models.CASCADE, related_name="members")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="shared_mail_accounts",
        verbose_name=_("person"),
    )
    unit = models.ForeignKey(
        Unit,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="shared_mail_accounts",
        verbose_name=_("department"),
    )
    role = models.CharField(_("right"), max_length=8, choices=Role.choices, default=Role.READER)

    class Meta:
        verbose_name = _("member of a shared account")
        verbose_name_plural = _("members of shared accounts")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=False, unit=None)
                | models.Q(user=None, unit__isnull=False),
                name="member_is_a_person_or_a_department",
            ),
            models.UniqueConstraint(fields=["account", "user"], name="member_person_once"),
            models.UniqueConstraint(fields=["account", "unit"], name="member_department_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user or self.unit} · {self.account}"
