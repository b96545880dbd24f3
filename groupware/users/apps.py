"""People."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UsersConfig(AppConfig):
    """People who sign in."""

    name = "groupware.users"
    label = "users"
    verbose_name = _("People")

    def ready(self) -> None:
        """Register audit events and listen for sign-ins."""
        from groupware.users import audit_events

        audit_events.connect()
