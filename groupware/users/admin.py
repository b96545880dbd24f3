"""People in the operator's pages."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from groupware.users.models import User


@admin.register(User)
class PersonAdmin(admin.ModelAdmin):
    """People; adding and rights are a matter of system administration, which records them."""

    list_display = [
        "username",
        "display_name",
        "email",
        "is_system_administrator",
        "is_active",
        "last_login",
    ]
    list_filter = ["is_active", "is_system_administrator"]
    search_fields = ["username", "display_name", "email"]
    ordering = ["username"]
    readonly_fields = [
        "username",
        "email",
        "is_system_administrator",
        "is_active",
        "last_login",
        "date_joined",
        "public_id",
    ]
    fieldsets = [
        (None, {"fields": ["username", "display_name", "email", "public_id"]}),
        (_("Rights"), {"fields": ["is_active", "is_system_administrator"]}),
        (
            _("Preferences"),
            {"fields": ["language", "time_zone", "appearance", "density", "uses_shortcuts"]},
        ),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]

    def has_add_permission(self, request):
        """People are added under System, where it is recorded."""
        return False

    def has_delete_permission(self, request, obj=None):
        """People are deactivated, never deleted: what they did stays readable."""
        return False
