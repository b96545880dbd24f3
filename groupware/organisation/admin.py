"""Departments in the operator's pages."""

from django.contrib import admin

from groupware.organisation.models import Membership, Organisation, Unit


class MembershipInline(admin.TabularInline):
    """Who belongs to the department."""

    model = Membership
    extra = 0
    autocomplete_fields = ["user"]


@admin.register(Unit)
class UnitAdmin(admin.ModelAdmin):
    """The tree of departments."""

    list_display = ["name", "key", "parent", "order"]
    search_fields = ["name", "key"]
    autocomplete_fields = ["parent"]
    inlines = [MembershipInline]


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    """Who belongs where."""

    list_display = ["user", "unit", "is_primary"]
    list_filter = ["unit"]
    search_fields = ["user__username", "user__display_name", "unit__name"]
    autocomplete_fields = ["user", "unit"]


admin.site.register(Organisation)
