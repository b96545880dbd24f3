"""What is recorded of webmail: never a subject, a correspondent or a word of a message."""

from django.utils.translation import gettext_lazy as _

LABELS = {
    "webmail.account.created": _("Mail account added"),
    "webmail.account.updated": _("Mail account changed"),
    "webmail.account.deleted": _("Mail account deleted"),
    "webmail.account.checked": _("Mailbox checked"),
    "webmail.account.authorized": _("Mail account authorized"),
    "webmail.account.receiving_stopped": _("Receiving stopped until somebody acts"),
    "webmail.account.receiving_resumed": _("Receiving works again"),
    "webmail.account.sending_stopped": _("Sending stopped until somebody acts"),
    "webmail.account.sending_resumed": _("Sending works again"),
    "webmail.account.switched": _("Mail account moved to OAuth 2.0"),
    "webmail.account.switched_back": _("Move of a mail account taken back"),
    "webmail.account.invited": _("Invited to authorize a mailbox"),
    "webmail.account.invitation_withdrawn": _("Invitation to authorize withdrawn"),
    "webmail.account.invitation_refused": _("Invitation opened by somebody else"),
    "webmail.accounts.exported": _("Mail accounts exported"),
    "webmail.accounts.imported": _("File of mail accounts applied"),
    "webmail.switchover.applied": _("Switchover applied"),
    "webmail.switchover.undone": _("Switchover taken back"),
    "webmail.member.added": _("Member added to a shared account"),
    "webmail.member.changed": _("Right of a member changed"),
    "webmail.member.removed": _("Member removed from a shared account"),
    "webmail.server.created": _("Mail server added"),
    "webmail.server.updated": _("Mail server changed"),
    "webmail.server.deleted": _("Mail server deleted"),
    "webmail.policy.updated": _("Webmail policy changed"),
    "webmail.message.sent": _("Message sent"),
    "webmail.message.refused": _("Message refused by the mail server"),
    "webmail.message.left_unclear": _("Sending ended without an answer"),
}
