"""What is recorded of authorization servers and connections."""

from django.utils.translation import gettext_lazy as _

LABELS = {
    "oauthservers.server.added": _("Authorization server added"),
    "oauthservers.server.changed": _("Authorization server changed"),
    "oauthservers.server.deleted": _("Authorization server deleted"),
    "oauthservers.server.switched": _("Authorization server switched on or off"),
    "oauthservers.server.tested": _("Authorization server tested"),
    "oauthservers.server.fault_found": _("Registration refused by the authorization server"),
    "oauthservers.server.fault_cleared": _("Registration accepted again"),
    "oauthservers.server.outage_began": _("Authorization server stopped answering"),
    "oauthservers.server.outage_ended": _("Authorization server answers again"),
    "oauthservers.authorization.started": _("Authorization of a mailbox started"),
    "oauthservers.authorization.failed": _("Authorization of a mailbox failed"),
    "oauthservers.authorization.refused": _("Answer of an authorization server refused"),
    "oauthservers.grant.kept": _("Mailbox connected"),
    "oauthservers.grant.expired": _("Connection needs authorization again"),
    "oauthservers.grant.disconnected": _("Mailbox disconnected"),
    "oauthservers.grant.revoked_at_server": _("Access given up at the authorization server"),
    "oauthservers.grant.revocation_given_up": _("Access could not be given up at the server"),
}
