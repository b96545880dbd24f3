"""What somebody has to be told outside the screen: one row for one fault and one person."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Notice(models.Model):
    """One fault, one recipient: told at once, again after some days, and over when the fault is.

    ``subject`` names what has stopped ("webmail.account:<public id>"), ``fault`` says how; a second notice about the
    same fault finds this row and sends nothing.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=64)  # a registered kind, which knows the words
    subject = models.CharField(max_length=120)
    fault = models.CharField(max_length=64)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    address = models.EmailField(blank=True)  # where the last message went
    facts = models.JSONField(default=dict)  # names for the words; never a secret, never mail
    avoid = models.JSONField(default=list)  # addresses that would not be read: what stopped
    raised_at = models.DateTimeField()
    times_sent = models.PositiveIntegerField(default=0)
    last_sent_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)  # nothing more to send when empty
    send_failures = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        indexes = [models.Index(fields=["due_at"]), models.Index(fields=["subject", "ended_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject", "fault", "recipient"],
                condition=models.Q(ended_at=None),
                name="one_open_notice_per_fault_and_person",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} · {self.subject} · {self.recipient}"


class SentDigest(models.Model):
    """The daily digest of one administrator; the row keeps a second worker from sending it twice."""

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    day = models.DateField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("sent digest")
        verbose_name_plural = _("sent digests")
        constraints = [
            models.UniqueConstraint(fields=["recipient", "day"], name="one_digest_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.recipient} · {self.day}"
