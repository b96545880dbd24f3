"""One run of "Check this mailbox": what was tried, step by step, and what was found."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from webmail.models.account import MailAccount


class MailboxCheckQuerySet(models.QuerySet["MailboxCheck"]):
    """Runs, as far as somebody may see them."""

    def visible_to(self, user) -> MailboxCheckQuerySet:
        """Runs of accounts whose settings ``user`` may change."""
        return self.filter(account__in=MailAccount.objects.manageable_by(user))


class MailboxCheck(models.Model):
    """A run and its steps, written one by one while a worker does them.

    ``steps`` hold codes, names of servers and the servers' own words about the sign-in; never mail, never a secret.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for a worker")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(MailAccount, models.CASCADE, related_name="checks")
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    sends_message = models.BooleanField(default=False)  # to the address itself
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    steps = models.JSONField(default=list)
    started_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(auto_now=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = MailboxCheckQuerySet.as_manager()

    class Meta:
        verbose_name = _("check of a mailbox")
        verbose_name_plural = _("checks of mailboxes")
        indexes = [models.Index(fields=["account", "-started_at"])]

    def __str__(self) -> str:
        return f"{self.account} · {self.started_at:%Y-%m-%d %H:%M}"
