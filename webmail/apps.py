"""Webmail joins the groupware here."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebmailConfig(AppConfig):
    """Mail accounts, sync, reading and sending."""

    name = "webmail"
    verbose_name = _("Webmail")
