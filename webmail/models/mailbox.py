"""A mailbox in the sense of RFC 9051 §5.1; people call it a folder."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from webmail.models.account import MailAccount, readable_accounts, writable_accounts


class MailboxQuerySet(models.QuerySet["Mailbox"]):
    """Folders, as far as somebody may read them."""

    def visible_to(self, user) -> MailboxQuerySet:
        """Folders of accounts whose mail ``user`` may read."""
        return self.filter(account__in=readable_accounts(user), is_selectable=True)

    def changeable_by(self, user) -> MailboxQuerySet:
        """Folders into which ``user`` may move mail."""
        return self.filter(account__in=writable_accounts(user), is_selectable=True)

    def with_role(self, role: str) -> MailboxQuerySet:
        """Folders with a special use (RFC 6154)."""
        return self.filter(role=role)


class Mailbox(models.Model):
    """One folder of an account with the cursor of its sync.

    ``total`` and ``unseen`` are kept by ``webmail.sync.store`` and ``webmail.actions`` so that no screen counts.
    """

    class Role(models.TextChoices):
        NONE = "", _("Folder")
        INBOX = "inbox", _("Inbox")
        DRAFTS = "drafts", _("Drafts")
        SENT = "sent", _("Sent")
        ARCHIVE = "archive", pgettext_lazy("folder", "Archive")
        JUNK = "junk", _("Junk")
        TRASH = "trash", _("Trash")
        ALL = "all", _("All")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(MailAccount, models.CASCADE, related_name="mailboxes")
    name = models.CharField(_("name"), max_length=500)  # full path with the delimiter, decoded
    delimiter = models.CharField(max_length=4, blank=True, default="/")
    role = models.CharField(max_length=8, choices=Role.choices, blank=True, default=Role.NONE)
    is_local = models.BooleanField(default=False)  # kept here only (POP3)
    is_selectable = models.BooleanField(default=True)

    uid_validity = models.PositiveBigIntegerField(default=0)
    uid_next = models.PositiveBigIntegerField(default=0)
    highest_mod_seq = models.PositiveBigIntegerField(default=0)
    lowest_fetched_uid = models.PositiveBigIntegerField(
        default=0
    )  # 0: nothing yet, 1: history complete
    exists = models.PositiveBigIntegerField(
        default=0
    )  # messages on the server at the end of the last round
    synced_at = models.DateTimeField(null=True, blank=True)
    total = models.PositiveIntegerField(default=0)
    unseen = models.PositiveIntegerField(default=0)
    error_code = models.CharField(max_length=64, blank=True)

    objects = MailboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("folder")
        verbose_name_plural = _("folders")
        constraints = [
            models.UniqueConstraint(fields=["account", "name"], name="mailbox_once_per_account")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """What people call it: the word of its role, or the last part of its name."""
        if self.role:
            return str(Mailbox.Role(self.role).label)
        return self.name.rsplit(self.delimiter, 1)[-1] if self.delimiter else self.name
