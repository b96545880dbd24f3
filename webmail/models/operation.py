"""A change made here that the mail server does not know yet."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webmail.models.account import MailAccount
from webmail.models.mailbox import Mailbox
from webmail.models.message import Message
from webmail.models.outgoing import OutgoingMessage


class RemoteOperation(models.Model):
    """One change for the server, done in the order of rows per account; doing it twice changes nothing more.

    ``arguments`` hold {"uid_validity": n, "uid": n or null}, the number under which the server knows the message in
    ``mailbox`` (null while an earlier move has yet to tell it); store_flags also {"add": [...], "remove": [...]};
    append {"flags": [...]} alone.
    """

    class Kind(models.TextChoices):
        STORE_FLAGS = "store_flags", _("Set flags")
        MOVE = "move", _("Move")
        EXPUNGE = "expunge", _("Delete for good")
        APPEND = "append", _("File a sent message")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Done")
        FAILED = "failed", _("Refused by the server")

    account = models.ForeignKey(MailAccount, models.CASCADE, related_name="operations")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    mailbox = models.ForeignKey(
        Mailbox, models.CASCADE, related_name="operations"
    )  # where the message is
    target = models.ForeignKey(
        Mailbox, models.CASCADE, null=True, blank=True, related_name="+"
    )  # where it goes
    message = models.ForeignKey(
        Message, models.SET_NULL, null=True, blank=True, related_name="operations"
    )
    outgoing = models.ForeignKey(
        OutgoingMessage, models.SET_NULL, null=True, blank=True, related_name="operations"
    )
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    error_code = models.CharField(max_length=64, blank=True)
    error_text = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("change for the server")
        verbose_name_plural = _("changes for the server")
        ordering = ["pk"]
        indexes = [models.Index(fields=["account", "state", "next_attempt_at"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
