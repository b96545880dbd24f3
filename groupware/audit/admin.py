"""The audit log in the operator's pages."""

from django.contrib import admin

from groupware.admin import ReadOnlyAdmin
from groupware.audit.models import AuditEvent


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """Events are written by audit.record only."""

    list_display = ["at", "name", "actor_label", "target_label", "address"]
    list_filter = ["name"]
    search_fields = ["actor_label", "target_label", "request_id"]
    date_hierarchy = "at"
    show_full_result_count = False
