"""Servers and grants in the operator's pages: states and times, never a secret."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from oauthservers.models import AuthorizationRequest, AuthorizationServer, Grant
from oauthservers.models.revocation import PendingRevocation


class _ReadOnly(admin.ModelAdmin):
    """Shown, not changed: the registry and the vault have rules that these pages do not know."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AuthorizationServer)
class AuthorizationServerAdmin(_ReadOnly):
    """Which servers there are and how they do."""

    list_display = (
        "name",
        "provider",
        "is_enabled",
        "connection_state",
        "fault_code",
        "fault_since",
    )
    list_filter = ("provider", "is_enabled", "connection_state")
    search_fields = ("name", "key")
    fields = (
        "name",
        "key",
        "provider",
        "preset_key",
        "is_enabled",
        "access",
        "offers_device_code",
        "offers_pasted_code",
        "publishing",
        "client_id",
        "client_secret_set_at",
        "client_secret_expires_on",
        "fallback_client_secret_expires_on",
        "client_certificate_expires_on",
        "endpoint",
        "issuer",
        "connection_state",
        "connection_checked_at",
        "connection_error_code",
        "fault_code",
        "fault_since",
        "fault_probe_at",
        "outage_since",
        "outage_code",
        "outage_failures",
        "outage_probe_at",
        "verify_certificate",
        "verify_name",
        "allow_common_name",
    )


@admin.register(AuthorizationRequest)
class AuthorizationRequestAdmin(_ReadOnly):
    """Attempts and what came of them; what proves them stays inside."""

    list_display = (
        "mailbox_address",
        "server",
        "flow",
        "user",
        "outcome",
        "error_code",
        "created_at",
    )
    list_filter = ("flow", "outcome", "server", "error_code")
    list_select_related = ("server", "user")
    search_fields = ("mailbox_address",)
    fields = (
        "public_id",
        "server",
        "flow",
        "user",
        "owner",
        "mailbox_address",
        "scopes",
        "created_at",
        "expires_at",
        "used_at",
        "next_poll_at",
        "outcome",
        "error_code",
        "signed_in_as",
        "grant",
    )


@admin.register(PendingRevocation)
class PendingRevocationAdmin(_ReadOnly):
    """What authorization servers have not been told yet."""

    list_display = ("mailbox_address", "server", "attempts", "next_attempt_at", "created_at")
    list_filter = ("server",)
    list_select_related = ("server",)
    fields = ("public_id", "server", "mailbox_address", "attempts", "next_attempt_at", "created_at")


@admin.register(Grant)
class GrantAdmin(_ReadOnly):
    """Which mailboxes are connected and in which state."""

    list_display = (
        "mailbox_address",
        "server",
        "created_by",
        "state",
        "error_code",
        "access_token_expires_at",
        "refreshed_at",
    )
    list_filter = ("state", "server", "error_code")
    search_fields = ("mailbox_address",)
    fields = (
        "public_id",
        "server",
        "created_by",
        "access",
        "mailbox_address",
        "signed_in_as",
        "scopes",
        "state",
        "state_since",
        "error_code",
        "failures",
        "next_attempt_at",
        "access_token_expires_at",
        "refresh_token_issued_at",
        "version",
        "lease_expires_at",
        "authorized_at",
        "refreshed_at",
        "last_used_at",
    )
