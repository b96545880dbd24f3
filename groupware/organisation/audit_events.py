"""What is recorded about departments."""

from django.utils.translation import gettext_lazy as _

LABELS = {
    "organisation.organisation.renamed": _("Organisation renamed"),
    "organisation.unit.added": _("Department added"),
    "organisation.unit.changed": _("Department changed"),
    "organisation.unit.deleted": _("Department deleted"),
    "organisation.member.added": _("Person added to a department"),
    "organisation.member.removed": _("Person removed from a department"),
}
