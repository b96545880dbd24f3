"""What administrators see of authorization servers and connections on the page of the installation's state."""

from __future__ import annotations

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from groupware.health import HealthCheck
from groupware.notices.moments import in_words
from oauthservers.expiry import State
from oauthservers.models import AuthorizationServer, Grant, PendingRevocation
from oauthservers.notices import line_of, worth_watching


def health() -> list[HealthCheck]:
    """Connections by state, what ends next, and one line for each server that is in use."""
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
    known = list(servers)
    lines = [
        HealthCheck(server.name, not (server.fault_code or server.outage_since), _detail(server))
        for server in known
    ]
    return [_connections(), *_next_end(known), *lines]


def _connections() -> HealthCheck:
    found = dict(Grant.objects.values_list("state").annotate(Count("pk")).order_by())
    parts = [f"{state.label}: {found.get(state.value, 0)}" for state in Grant.State]
    if waiting := PendingRevocation.objects.count():
        parts.append(_("To be given up at their server: %(count)d") % {"count": waiting})
    return HealthCheck(_("Connections"), True, " · ".join(parts))


def _next_end(servers: list[AuthorizationServer]) -> list[HealthCheck]:
    """The secret or certificate that ends first; it is healthy until two weeks before."""
    ends = [(expiry, server) for server in servers for expiry in worth_watching(server)]
    if not ends:
        return []
    expiry, server = min(ends, key=lambda end: end[0].expires_on)
    is_healthy = expiry.state not in {State.ACT, State.EXPIRED}
    return [HealthCheck(_("Secrets and certificates"), is_healthy, line_of(server, expiry))]


def _detail(server: AuthorizationServer) -> str:
    if server.fault_code:
        return _("The server refuses the registration (%(error)s).") % {"error": server.fault_code}
    if server.outage_since:
        since = in_words(server.outage_since)
        return _("Out of reach since %(since)s (%(error)s). Nobody has to act.") % {
            "since": since,
            "error": server.outage_code,
        }
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
