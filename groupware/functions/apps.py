"""Function management: how a plugin such as webmail joins the groupware."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FunctionsConfig(AppConfig):
    """Functions, who may use them and who looks after them."""

    name = "groupware.functions"
    label = "functions"
    verbose_name = _("Functions")

    def ready(self) -> None:
        """Register audit events and the table of people."""
        from groupware import provision
        from groupware.audit import registry
        from groupware.functions import audit_events
        from groupware.functions.provisioning import UserSection

        registry.register(audit_events.LABELS)
        provision.register(UserSection())
