"""Operators' pages: state and settings, never a secret, a subject, a correspondent or a word of a message."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from webmail import sync
from webmail.models import (
    AccountImport,
    AccountMember,
    Invitation,
    MailAccount,
    MailboxCheck,
    MailServer,
    OutgoingMessage,
    RemoteOperation,
    Switchover,
)


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that only the product itself writes."""

    def has_add_permission(self, request: Any) -> bool:
        """Rows come from the product."""
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        """States are moved by one module each."""
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        """What waits is not thrown away by hand."""
        return False


@admin.register(MailServer)
class MailServerAdmin(ReadOnlyAdmin):
    """Mail servers; function management has the screens that explain the choices and record each change."""

    list_display = [
        "name",
        "protocol",
        "host",
        "port",
        "security",
        "authorization_server",
        "is_individual",
        "is_enabled",
    ]
    list_filter = ["protocol", "security", "is_individual", "is_enabled"]
    list_select_related = ["authorization_server"]
    search_fields = ["name", "host", "key"]


@admin.register(AccountMember)
class AccountMemberAdmin(ReadOnlyAdmin):
    """Who may use which shared account."""

    list_display = ["account", "user", "unit", "role"]
    list_filter = ["role"]
    list_select_related = ["account", "user", "unit"]
    search_fields = ["account__address", "user__username"]


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Who was asked for what; the link itself is nowhere."""

    list_display = ["account", "recipient", "created_at", "expires_at", "sent_at", "used_at"]
    list_select_related = ["account", "recipient"]
    search_fields = ["account__address", "recipient__username"]
    fields = [
        "public_id",
        "account",
        "recipient",
        "invited_by",
        "address",
        "created_at",
        "expires_at",
        "sent_at",
        "send_failures",
        "next_send_at",
        "error_code",
        "opened_at",
        "used_at",
        "withdrawn_at",
    ]


@admin.register(AccountImport)
class AccountImportAdmin(ReadOnlyAdmin):
    """Which files were read and what came of them; never their text."""

    list_display = ["file_name", "created_by", "created_at", "applied_at"]
    list_select_related = ["created_by"]
    fields = ["public_id", "file_name", "created_by", "created_at", "applied_at", "result"]


@admin.register(Switchover)
class SwitchoverAdmin(ReadOnlyAdmin):
    """Which accounts were moved to other servers, in steps that can be taken back."""

    list_display = ["host", "state", "created_by", "created_at", "applied_at", "undone_at"]
    list_filter = ["state"]
    list_select_related = ["created_by"]


@admin.register(MailboxCheck)
class MailboxCheckAdmin(ReadOnlyAdmin):
    """Checks of mailboxes."""

    list_display = ["account", "state", "started_by", "started_at", "finished_at"]
    list_filter = ["state"]
    list_select_related = ["account", "started_by"]


@admin.register(MailAccount)
class MailAccountAdmin(ReadOnlyAdmin):
    """The state of both directions of every account."""

    list_display = [
        "address",
        "owner",
        "incoming_server",
        "receive_health",
        "received_at",
        "send_health",
        "sent_at",
    ]
    list_filter = ["receive_health", "send_health", "is_enabled", "incoming_server"]
    list_select_related = ["owner", "incoming_server"]
    search_fields = ["address", "owner__username"]
    actions = ["receive_soon"]
    fieldsets = [
        (None, {"fields": ["public_id", "kind", "owner", "address", "is_enabled"]}),
        (
            _("Receiving"),
            {
                "fields": [
                    "incoming_server",
                    "receive_authentication",
                    "receive_health",
                    "receive_error_code",
                    "receive_error_since",
                    "receive_failures",
                    "receive_tried_at",
                    "received_at",
                    "next_sync_at",
                    "lease_expires_at",
                ]
            },
        ),
        (
            _("Sending"),
            {
                "fields": [
                    "outgoing_server",
                    "send_authentication",
                    "sent_copy",
                    "send_health",
                    "send_error_code",
                    "send_error_since",
                    "sent_at",
                ]
            },
        ),
    ]

    @admin.action(description=_("Receive soon"), permissions=["view"])
    def receive_soon(self, request: Any, accounts: Any) -> None:
        """Make accounts due, whatever their state."""
        for account in accounts:
            sync.resume(account)
        sentence = ngettext(
            "%(count)d account is due now.", "%(count)d accounts are due now.", len(accounts)
        )
        self.message_user(request, sentence % {"count": len(accounts)}, messages.SUCCESS)


@admin.register(RemoteOperation)
class RemoteOperationAdmin(ReadOnlyAdmin):
    """Changes that wait for a mail server, or that it refused."""

    list_display = [
        "pk",
        "account",
        "kind",
        "state",
        "attempts",
        "next_attempt_at",
        "error_code",
        "created_at",
    ]
    list_filter = ["state", "kind", "error_code"]
    list_select_related = ["account"]
    fields = ["account", "kind", "state", "attempts", "next_attempt_at", "error_code", "created_at"]


@admin.register(OutgoingMessage)
class OutgoingMessageAdmin(ReadOnlyAdmin):
    """The outbox by state."""

    list_display = [
        "pk",
        "account",
        "state",
        "phase",
        "attempts",
        "send_after",
        "error_code",
        "queued_at",
        "sent_at",
    ]
    list_filter = ["state", "phase", "error_code"]
    list_select_related = ["account"]
    fields = [
        "public_id",
        "account",
        "author",
        "state",
        "phase",
        "attempts",
        "send_after",
        "error_code",
        "queued_at",
        "sent_at",
        "created_at",
    ]

    def get_queryset(self, request: Any) -> Any:
        """Drafts are nobody's business but their author's."""
        return super().get_queryset(request).exclude(state=OutgoingMessage.State.DRAFT)
