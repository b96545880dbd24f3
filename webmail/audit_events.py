"""What is recorded of webmail: never a subject, a correspondent or a word of a message."""

from django.utils.translation import gettext_lazy as _

LABELS = {
    "webmail.account.created": _("Mail account added"),
    "webmail.account.updated": _("Mail account changed"),
    "webmail.account.deleted": _("Mail account deleted"),
    "webmail.account.authorized": _("Mail account authorized"),
    "webmail.account.receiving_stopped": _("Receiving stopped until somebody acts"),
    "webmail.account.receiving_resumed": _("Receiving works again"),
    "webmail.account.sending_stopped": _("Sending stopped until somebody acts"),
    "webmail.account.sending_resumed": _("Sending works again"),
    "webmail.server.created": _("Mail server added"),
    "webmail.server.updated": _("Mail server changed"),
    "webmail.server.deleted": _("Mail server deleted"),
    "webmail.policy.updated": _("Webmail policy changed"),
    "webmail.message.sent": _("Message sent"),
    "webmail.message.refused": _("Message refused by the mail server"),
    "webmail.message.left_unclear": _("Sending ended without an answer"),
}
