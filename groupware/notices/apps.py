"""Notices join the groupware here."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NoticesConfig(AppConfig):
    """Telling people outside the screen that something has stopped."""

    name = "groupware.notices"
    label = "notices"
    verbose_name = _("Notices")
