"""The operator's pages: to look at, never to change. What may be changed has a screen of its own, which is audited."""

from __future__ import annotations

from typing import Any

from django.contrib import admin


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows to read. Columns with secrets or content must not be listed in ``fields`` or ``list_display``."""

    actions = None

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        """Nothing is added here."""
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        """Nothing is changed here."""
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        """Nothing is deleted here."""
        return False
