"""Switches and administrators of functions in the operator's pages."""

from django.contrib import admin

from groupware.admin import ReadOnlyAdmin
from groupware.functions.models import FunctionAdministrator, FunctionSwitch


@admin.register(FunctionSwitch)
class FunctionSwitchAdmin(ReadOnlyAdmin):
    """Which functions are switched off."""

    list_display = ["key", "is_enabled"]


@admin.register(FunctionAdministrator)
class FunctionAdministratorAdmin(ReadOnlyAdmin):
    """Who looks after what."""

    list_display = ["key", "user"]
    list_filter = ["key"]
    search_fields = ["user__username", "user__display_name"]
