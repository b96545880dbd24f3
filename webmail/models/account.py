"""A mail account: one address, how it is received and how it sends."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from groupware import remembering
from groupware.encryption import DecryptionError, EncryptedTextField
from groupware.leases import Leased
from oauthservers.models import Grant
from webmail.models.account_queries import MailAccountQuerySet
from webmail.models.server import MailServer


class MailAccount(Leased):
    """One mailbox address with two directions; each has a password or a grant, and a state of its own.

    The row's lease belongs to the worker that receives. Health fields are written by ``webmail.sync`` (receiving)
    and ``webmail.outbox`` (sending) alone.
    """

    class Kind(models.TextChoices):
        PERSONAL = "personal", _("Personal account")
        SHARED = "shared", _("Shared account")

    class ReceiveAuthentication(models.TextChoices):
        OAUTH2 = "oauth2", _("OAuth 2.0 (XOAUTH2)")
        PASSWORD = "password", _("User name and password")

    class SendAuthentication(models.TextChoices):
        SAME_AS_RECEIVING = "same_as_receiving", _("Same as receiving")
        OAUTH2 = "oauth2", _("OAuth 2.0 (XOAUTH2)")
        PASSWORD = "password", _("User name and password")
        NONE = "none", _("No authentication")
        OFF = "off", _("This account does not send")

    class Health(models.TextChoices):
        """State of one direction."""

        UNTRIED = "untried", _("Not tried yet")
        WORKING = "working", _("Working")
        RETRYING = "retrying", _("Temporary trouble")
        OWNER_REQUIRED = "owner_required", _("Authorization needed again")
        ADMINISTRATOR_REQUIRED = "administrator_required", _("Waiting for the administrator")

    class SentCopy(models.TextChoices):
        """Who files the copy of a sent message."""

        AUTOMATIC = "automatic", _("Decide by the server")
        SERVER = "server", _("The mail server files it")
        APPEND = "append", _("We file it")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PERSONAL)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="mail_accounts",
        verbose_name=_("person"),
    )
    name = models.CharField(_("name of the account"), max_length=120, blank=True)
    # The delegate who signs in for a shared mailbox; empty: the owner of the address itself.
    authorized_as = models.EmailField(_("authorized as"), max_length=320, blank=True)
    address = models.EmailField(_("mail address"), max_length=320)
    display_name = models.CharField(_("sender name"), max_length=120, blank=True)
    is_enabled = models.BooleanField(_("use"), default=True)

    incoming_server = models.ForeignKey(
        MailServer,
        models.PROTECT,
        related_name="receiving_accounts",
        verbose_name=_("incoming mail server"),
    )
    receive_authentication = models.CharField(
        _("authentication"),
        max_length=16,
        choices=ReceiveAuthentication.choices,
        default=ReceiveAuthentication.OAUTH2,
    )
    receive_username = models.CharField(
        _("user name"), max_length=320, blank=True
    )  # empty: the address
    receive_password = EncryptedTextField(_("password"))
    receive_grant = models.ForeignKey(
        Grant, models.SET_NULL, null=True, blank=True, related_name="receiving_accounts"
    )
    leaves_on_server = models.BooleanField(_("leave mail on the server (POP3)"), default=True)
    delete_after_days = models.PositiveIntegerField(
        _("delete from the server after days (POP3)"), default=0
    )

    outgoing_server = models.ForeignKey(
        MailServer,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="sending_accounts",
        verbose_name=_("outgoing mail server"),
    )
    send_authentication = models.CharField(
        _("authentication"),
        max_length=20,
        choices=SendAuthentication.choices,
        default=SendAuthentication.SAME_AS_RECEIVING,
    )
    send_username = models.CharField(
        _("user name"), max_length=320, blank=True
    )  # empty: as for receiving
    send_password = EncryptedTextField(_("password"))
    send_grant = models.ForeignKey(
        Grant, models.SET_NULL, null=True, blank=True, related_name="sending_accounts"
    )
    sent_copy = models.CharField(
        _("copy of sent mail"), max_length=12, choices=SentCopy.choices, default=SentCopy.AUTOMATIC
    )

    next_sync_at = models.DateTimeField(null=True, blank=True, db_index=True)
    received_at = models.DateTimeField(
        null=True, blank=True
    )  # last time receiving went through, not a message's date
    receive_tried_at = models.DateTimeField(null=True, blank=True)
    receive_health = models.CharField(max_length=24, choices=Health.choices, default=Health.UNTRIED)
    receive_error_code = models.CharField(max_length=64, blank=True)
    receive_error_text = models.TextField(blank=True)  # the server's own words, shown folded
    receive_error_since = models.DateTimeField(null=True, blank=True)
    receive_failures = models.PositiveIntegerField(default=0)

    sent_at = models.DateTimeField(null=True, blank=True)
    send_health = models.CharField(max_length=24, choices=Health.choices, default=Health.UNTRIED)
    send_error_code = models.CharField(max_length=64, blank=True)
    send_error_text = models.TextField(blank=True)
    send_error_since = models.DateTimeField(null=True, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    # Set: gone for everybody; its mail is being deleted in slices, then the row.
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = MailAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail account")
        verbose_name_plural = _("mail accounts")
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return self.name or self.address

    def clean(self) -> None:
        """Folders of a server and local ones do not mix: an account with folders keeps its protocol."""
        incoming = getattr(self, "incoming_server", None)
        if self.pk is None or incoming is None or not self.mailboxes.exists():
            return
        before = MailServer.objects.get(receiving_accounts=self)
        if before.protocol != incoming.protocol:
            message = _(
                "This account keeps mail that came by %(protocol)s. "
                "A server of another protocol needs a new account: remove this one first."
            )
            words = {"protocol": before.get_protocol_display()}
            raise ValidationError({"incoming_server": ValidationError(message, params=words)})

    @property
    def sign_in_address(self) -> str:
        """The address that must sign in at the authorization server: the mailbox's own, or its delegate's."""
        return self.authorized_as or self.address

    @property
    def receiving_name(self) -> str:
        """The user name for receiving: the one typed, or the mailbox's address."""
        return self.receive_username or self.address

    @property
    def sending_name(self) -> str:
        """The user name for sending.

        Exchange wants the mailbox when a delegate receives, and the delegate when they send (Send As); other servers
        know one name.
        """
        return self.send_username or self.authorized_as or self.receiving_name

    @property
    def sends_as_delegate(self) -> bool:
        """Whether sending signs in to another mailbox than the one that is received."""
        return bool(self.authorized_as) and (
            self.sending_name.casefold() != self.receiving_name.casefold()
        )

    @property
    def receives_by_pop3(self) -> bool:
        """Mail is kept here in local folders; the server only hands it over."""
        return self.incoming_server.protocol == MailServer.Protocol.POP3

    @property
    def effective_send_grant(self) -> Grant | None:
        """The grant that sending uses, following *same as receiving*."""
        if self.send_authentication == self.SendAuthentication.SAME_AS_RECEIVING:
            return self.receive_grant
        return self.send_grant

    @property
    def effective_send_authentication(self) -> str:
        """How sending proves who it is, following *same as receiving*."""
        if self.send_authentication == self.SendAuthentication.SAME_AS_RECEIVING:
            return self.receive_authentication
        return self.send_authentication

    def has_secret(self, column: str) -> bool:
        """Whether an encrypted column holds anything, without opening it."""
        return bool(self.__dict__.get(column))

    def keeps(self, column: str, text: str) -> bool:
        """Whether an encrypted column holds exactly ``text``; False as well when its key is missing."""
        try:
            return bool(getattr(self, column) == text)
        except DecryptionError:
            return False


def readable_accounts(user) -> MailAccountQuerySet | list[int]:
    """``visible_to`` for ``account__in``: found once for a page that asks many times, a subquery elsewhere."""
    return _for_a_page("readable", user, MailAccount.objects.visible_to)


def writable_accounts(user) -> MailAccountQuerySet | list[int]:
    """``writable_by`` for ``account__in``, likewise."""
    return _for_a_page("writable", user, MailAccount.objects.writable_by)


def _for_a_page(
    name: str, user, accounts: Callable[[Any], MailAccountQuerySet]
) -> MailAccountQuerySet | list[int]:
    if not remembering.is_possible():
        return accounts(user)
    key = ("webmail", name, user.pk)
    return remembering.remembered(key, lambda: list(accounts(user).values_list("pk", flat=True)))
