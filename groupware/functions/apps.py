"""Function management: how a plugin such as webmail joins the groupware."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FunctionsConfig(AppConfig):
    """Functions, who may use them and who looks after them."""

    name = "groupware.functions"
    label = "functions"
    verbose_name = _("Functions")
