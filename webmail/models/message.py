"""A message: one copy in one folder, with its parts. The raw bytes lie in the raw store under their digest."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from webmail.models.account import MailAccount, readable_accounts, writable_accounts
from webmail.models.mailbox import Mailbox


class MessageQuerySet(models.QuerySet["Message"]):
    """Messages, as far as somebody may read them."""

    def visible_to(self, user) -> MessageQuerySet:
        """Messages of accounts whose mail ``user`` may read."""
        return self.filter(account__in=readable_accounts(user))

    def changeable_by(self, user) -> MessageQuerySet:
        """Messages that ``user`` may answer, move and delete. Whoever may only read marks and flags them."""
        return self.filter(account__in=writable_accounts(user))

    def in_mailbox(self, mailbox: Mailbox) -> MessageQuerySet:
        """Messages of one folder that are not waiting for their removal."""
        return self.filter(mailbox=mailbox, is_deleted=False)

    def newest_first(self) -> MessageQuerySet:
        """The order of every list: by time received, then by row."""
        return self.order_by("-received_at", "-pk")

    def before(self, received_at, pk: int) -> MessageQuerySet:
        """Messages after the one given in the list's order (keyset paging)."""
        return self.filter(
            models.Q(received_at__lt=received_at) | models.Q(received_at=received_at, pk__lt=pk)
        )

    def unseen(self) -> MessageQuerySet:
        """Unread messages."""
        return self.filter(is_seen=False)


class Message(models.Model):
    """One copy of a message in one folder; written by ``webmail.sync.store`` and ``webmail.actions`` alone."""

    class Body(models.TextChoices):
        COMPLETE = "complete", _("Complete")
        QUARANTINED = "quarantined", _("Could not be read fully")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(MailAccount, models.CASCADE, related_name="messages")
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="messages")
    uid_validity = models.PositiveBigIntegerField(default=0)
    uid = models.PositiveBigIntegerField(
        null=True
    )  # null: just moved here, the server's new number is not known yet
    uidl = models.CharField(max_length=255, blank=True, default="")  # RFC 1939 unique-id, POP3 only
    mod_seq = models.PositiveBigIntegerField(default=0)

    digest = models.CharField(max_length=64, db_index=True)  # SHA-256 of the raw bytes
    size = models.PositiveBigIntegerField(default=0)  # octets
    body_state = models.CharField(max_length=12, choices=Body.choices, default=Body.COMPLETE)

    is_seen = models.BooleanField(default=False)
    is_answered = models.BooleanField(default=False)
    is_flagged = models.BooleanField(default=False)
    is_draft = models.BooleanField(default=False)
    is_deleted = models.BooleanField(default=False)
    keywords = models.JSONField(default=list)

    message_id = models.CharField(max_length=998, blank=True, default="")
    in_reply_to = models.CharField(max_length=998, blank=True, default="")
    references = models.TextField(blank=True, default="")
    subject = models.TextField(blank=True, default="")
    from_name = models.CharField(max_length=320, blank=True, default="")
    from_address = models.CharField(max_length=320, blank=True, default="")
    # Lists of [display name, addr-spec] (RFC 5322 §3.4), in the order of the header.
    authors = models.JSONField(default=list)  # the From field
    sender = models.JSONField(default=list)
    reply_to = models.JSONField(default=list)
    to = models.JSONField(default=list)
    cc = models.JSONField(default=list)
    bcc = models.JSONField(default=list)
    sent_at = models.DateTimeField(null=True)  # the Date field as the sender wrote it
    received_at = (
        models.DateTimeField()
    )  # INTERNALDATE (RFC 9051 §2.3.3), or the time of the POP3 download
    preview = models.CharField(max_length=255, blank=True, default="")
    has_attachments = models.BooleanField(default=False)
    is_indexed = models.BooleanField(default=False)  # its words are in the search index

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(
                fields=["mailbox", "uid_validity", "uid"], name="message_once_per_uid"
            ),
            models.UniqueConstraint(
                fields=["account", "uidl"],
                name="message_once_per_uidl",
                condition=~models.Q(uidl=""),
            ),
        ]
        indexes = [
            models.Index(fields=["mailbox", "-received_at", "-id"], name="message_list"),
            models.Index(
                fields=["id"],
                name="message_not_indexed",
                condition=models.Q(is_indexed=False),
            ),
            models.Index(
                fields=["mailbox"], name="message_unseen", condition=models.Q(is_seen=False)
            ),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"  # never the subject: this text reaches logs


class Part(models.Model):
    """A body part as the list of attachments needs it; ``number`` is the IMAP section (RFC 9051 §6.4.5)."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="parts")
    number = models.CharField(max_length=64)
    content_type = models.CharField(max_length=127)
    charset = models.CharField(max_length=64, blank=True, default="")
    disposition = models.CharField(max_length=16, blank=True, default="")
    filename = models.CharField(max_length=255, blank=True, default="")
    content_id = models.CharField(max_length=255, blank=True, default="")
    size = models.PositiveBigIntegerField(default=0)  # octets after decoding
    is_attachment = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("part")
        verbose_name_plural = _("parts")
        constraints = [models.UniqueConstraint(fields=["message", "number"], name="part_once")]

    def __str__(self) -> str:
        return self.number
