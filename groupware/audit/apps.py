"""The audit log."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    """Who did what, when, from where."""

    name = "groupware.audit"
    label = "audit"
    verbose_name = _("Audit log")

    def ready(self) -> None:
        """Register what is recorded about the log itself."""
        from groupware.audit import registry

        registry.register({"audit.log.exported": _("Audit log exported")})
