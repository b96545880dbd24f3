"""A message being written or on its way: one row from the first keystroke to delivery."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from groupware.leases import Leased
from webmail.models.account import MailAccount, writable_accounts
from webmail.models.message import Message


class OutgoingMessageQuerySet(models.QuerySet["OutgoingMessage"]):
    """Drafts and outgoing messages, as far as somebody may see them."""

    def visible_to(self, user) -> OutgoingMessageQuerySet:
        """What ``user`` writes, and what leaves from accounts in which they may write.

        In a shared account a draft is its author's alone; once it was handed over for sending, everybody who may
        send from there sees it, so that a refused message does not wait for somebody who is away.
        """
        open_to_all = ~models.Q(state=OutgoingMessage.State.DRAFT) | models.Q(
            account__kind=MailAccount.Kind.PERSONAL
        )
        accounts = writable_accounts(user)
        return self.filter(open_to_all | models.Q(author=user), account__in=accounts)

    def drafts(self) -> OutgoingMessageQuerySet:
        """Messages still being written."""
        return self.filter(state=OutgoingMessage.State.DRAFT)

    def in_outbox(self) -> OutgoingMessageQuerySet:
        """Messages that were handed over for sending and are not known to have left."""
        return self.filter(state__in=OutgoingMessage.OUTBOX)


class OutgoingMessage(Leased):
    """Draft and outgoing message. ``webmail.outbox`` alone changes ``state``.

    When queued, the bytes and the envelope are frozen: what was approved is what is sent, and a retry is identical.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        QUEUED = "queued", _("Waiting")
        SENDING = "sending", _("Sending")
        SENT = "sent", pgettext_lazy("state", "Sent")
        FAILED = "failed", _("Not sent")
        UNCLEAR = "unclear", _("Unclear")

    class Kind(models.TextChoices):
        NEW = "new", _("New message")
        REPLY = "reply", _("Reply")
        FORWARD = "forward", _("Forward")

    OUTBOX = (State.QUEUED, State.SENDING, State.FAILED, State.UNCLEAR)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(MailAccount, models.CASCADE, related_name="outgoing_messages")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.NEW)
    original = models.ForeignKey(
        Message, models.SET_NULL, null=True, blank=True, related_name="answers"
    )

    # What the composer shows; addresses as typed, so that a half-written one survives.
    to = models.TextField(blank=True, default="")
    cc = models.TextField(blank=True, default="")
    bcc = models.TextField(blank=True, default="")
    subject = models.TextField(blank=True, default="")
    text = models.TextField(blank=True, default="")
    in_reply_to = models.CharField(max_length=998, blank=True, default="")
    references = models.TextField(blank=True, default="")
    version = models.PositiveIntegerField(
        default=0
    )  # grows with every save; an older window does not overwrite

    # Frozen when queued.
    message_id = models.CharField(max_length=998, blank=True, default="")
    digest = models.CharField(max_length=64, blank=True, default="")  # raw store
    envelope_from = models.CharField(max_length=320, blank=True, default="")
    envelope_to = models.JSONField(default=list)

    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    send_after = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    phase = models.CharField(
        max_length=16, blank=True, default=""
    )  # how far the last attempt came on the wire
    error_code = models.CharField(max_length=64, blank=True, default="")
    error_text = models.TextField(blank=True, default="")  # the server's own words
    refused = models.JSONField(
        default=dict
    )  # address → the server's words, when only some were refused
    queued_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = OutgoingMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("outgoing message")
        verbose_name_plural = _("outgoing messages")
        indexes = [models.Index(fields=["state", "send_after"])]

    def __str__(self) -> str:
        return f"outgoing message {self.pk}"  # never the subject: this text reaches logs


class OutgoingAttachment(models.Model):
    """A file of a message being written; its content lies in the raw store."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    outgoing = models.ForeignKey(OutgoingMessage, models.CASCADE, related_name="attachments")
    filename = models.CharField(max_length=255)
    content_type = models.CharField(max_length=127, default="application/octet-stream")
    size = models.PositiveBigIntegerField(default=0)  # octets
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"attachment {self.pk}"
