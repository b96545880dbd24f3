"""Switches and administrators of functions, to read in the operator's pages."""

from django.contrib import admin

from groupware.functions.models import FunctionAdministrator, FunctionSwitch


class ReadOnlyAdmin(admin.ModelAdmin):
    """Changed under System, where it is recorded."""

    def has_add_permission(self, request):
        """Nothing is added here."""
        return False

    def has_change_permission(self, request, obj=None):
        """Nothing is changed here."""
        return False

    def has_delete_permission(self, request, obj=None):
        """Nothing is deleted here."""
        return False


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
