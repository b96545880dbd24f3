"""Authorization servers join the groupware here."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OAuthServersConfig(AppConfig):
    """Authorization servers, flows and the token vault."""

    name = "oauthservers"
    verbose_name = _("Authorization servers")
