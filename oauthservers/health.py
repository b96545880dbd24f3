"""What administrators see of authorization servers and connections on the page of the installation's state."""

from __future__ import annotations

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from groupware.health import HealthCheck
from oauthservers.models import AuthorizationServer, Grant


def health() -> list[HealthCheck]:
    """One line for each server that is in use."""
    servers = (
        AuthorizationServer.objects.in_use()
        .defer("client_secret")
        .annotate(
            ended=Count("grants", filter=Q(grants__state=Grant.State.REAUTHORIZATION_REQUIRED)),
            waiting=Count(
                "grants", filter=Q(grants__state=Grant.State.ACTIVE, grants__failures__gt=0)
            ),
        )
    )
    return [HealthCheck(server.name, not server.fault_code, _detail(server)) for server in servers]


def _detail(server: AuthorizationServer) -> str:
    if server.fault_code:
        return _("The server refuses the registration (%(error)s).") % {"error": server.fault_code}
    parts = []
    if server.ended:
        parts.append(
            ngettext(
                "%(count)d connection needs authorization again.",
                "%(count)d connections need authorization again.",
                server.ended,
            )
            % {"count": server.ended}
        )
    if server.waiting:
        parts.append(
            ngettext(
                "%(count)d connection waits for the server.",
                "%(count)d connections wait for the server.",
                server.waiting,
            )
            % {"count": server.waiting}
        )
    return " ".join(parts)
