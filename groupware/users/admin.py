"""People in the operator's pages."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from groupware.admin import ReadOnlyAdmin
from groupware.users.models import User


@admin.register(User)
class PersonAdmin(ReadOnlyAdmin):
    """People; not even the hash of a password is shown."""

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
    fieldsets = [
        (None, {"fields": ["username", "display_name", "email", "public_id"]}),
        (_("Rights"), {"fields": ["is_active", "is_system_administrator"]}),
        (
            _("Preferences"),
            {"fields": ["language", "time_zone", "appearance", "density", "uses_shortcuts"]},
        ),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    readonly_fields = ["public_id"]
