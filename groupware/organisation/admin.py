"""Departments in the operator's pages."""

from django.contrib import admin

from groupware.admin import ReadOnlyAdmin
from groupware.organisation.models import Membership, Organisation, Unit


@admin.register(Unit)
class UnitAdmin(ReadOnlyAdmin):
    """The tree of departments."""

    list_display = ["name", "key", "parent", "order"]
    list_select_related = ["parent"]
    search_fields = ["name", "key"]


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    """Who belongs where."""

    list_display = ["user", "unit", "is_primary"]
    list_select_related = ["user", "unit"]
    list_filter = ["unit"]
    search_fields = ["user__username", "user__display_name", "unit__name"]


admin.site.register(Organisation, ReadOnlyAdmin)
