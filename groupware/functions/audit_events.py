"""What is recorded about functions and the installation."""

from django.utils.translation import gettext_lazy as _

LABELS = {
    "functions.function.switched_on": _("Function switched on"),
    "functions.function.switched_off": _("Function switched off"),
    "functions.administrator.appointed": _("Function administrator appointed"),
    "functions.administrator.dismissed": _("Function administrator dismissed"),
    "groupware.installation.provisioned": _("Installation provisioned from a file"),
}
