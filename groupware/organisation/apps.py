"""The organisation and its departments."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrganisationConfig(AppConfig):
    """One organisation per installation."""

    name = "groupware.organisation"
    label = "organisation"
    verbose_name = _("Organisation")

    def ready(self) -> None:
        """Register audit events and the tables of provisioning."""
        from groupware import provision
        from groupware.audit import registry
        from groupware.organisation import audit_events, provisioning

        registry.register(audit_events.LABELS)
        provision.register(provisioning.OrganisationSection())
        provision.register(provisioning.UnitSection())
