"""The audit log in the operator's pages: to read only."""

from django.contrib import admin

from groupware.audit.models import AuditEvent


@admin.register(AuditEvent)
class AuditEventAdmin(admin.ModelAdmin):
    """Nothing here can be added, changed or deleted."""

    list_display = ["at", "name", "actor_label", "target_label", "address"]
    list_filter = ["name"]
    search_fields = ["actor_label", "target_label", "request_id"]
    date_hierarchy = "at"
    show_full_result_count = False

    def has_add_permission(self, request):
        """Events are written by audit.record only."""
        return False

    def has_change_permission(self, request, obj=None):
        """Events are never rewritten."""
        return False

    def has_delete_permission(self, request, obj=None):
        """Events are never removed by hand."""
        return False
