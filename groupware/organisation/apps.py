"""The organisation and its departments."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrganisationConfig(AppConfig):
    """One organisation per installation."""

    name = "groupware.organisation"
    label = "organisation"
    verbose_name = _("Organisation")
