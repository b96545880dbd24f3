"""A switchover: many accounts moved to another authentication and other servers in one step."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from webmail.models.account import MailAccount
from webmail.models.server import MailServer


class Switchover(models.Model):
    """Which accounts were looked for, and what they were moved to."""

    class State(models.TextChoices):
        PREVIEWED = "previewed", _("Not applied yet")
        APPLIED = "applied", _("Applied")
        UNDONE = "undone", _("Undone")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    host = models.CharField(_("present server"), max_length=255)
    authentication = models.CharField(  # what was looked for; empty: every one
        _("present authentication"),
        max_length=16,
        choices=MailAccount.ReceiveAuthentication.choices,
        blank=True,
    )
    incoming_server = models.ForeignKey(
        MailServer, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    outgoing_server = models.ForeignKey(
        MailServer, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    state = models.CharField(max_length=16, choices=State.choices, default=State.PREVIEWED)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("switchover")
        verbose_name_plural = _("switchovers")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.host


class SwitchedAccount(models.Model):
    """One account of a switchover with the settings it had, so that the step can be taken back. No secrets."""

    switchover = models.ForeignKey(Switchover, models.CASCADE, related_name="accounts")
    account = models.ForeignKey(MailAccount, models.CASCADE, related_name="switchovers")
    before = models.JSONField(
        default=dict
    )  # column → value of servers, authentications, user names
    after = models.JSONField(default=dict)  # the same columns as the step left them
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("switched account")
        verbose_name_plural = _("switched accounts")
        constraints = [
            models.UniqueConstraint(fields=["switchover", "account"], name="switched_once")
        ]

    def __str__(self) -> str:
        return str(self.account)
