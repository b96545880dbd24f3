"""What uses an authorization server: mail servers, accounts and connections, by number and by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oauthservers.models import AuthorizationServer, Grant

_NAMES_SHOWN = 5


@dataclass(frozen=True)
class Usage:
    """Figures for the settings page; ``names`` says who would be hit by a deletion, the first few and how many more."""

    mail_servers: Sequence[Any]
    individual: int  # mail servers that were typed in for one account alone
    accounts: int
    grants: Sequence[tuple[str, str, int]]
    names: Sequence[str]

    @property
    def is_used(self) -> bool:
        """Whether anything refers to the server."""
        return bool(self.names)


_WORDS = {
    Grant.State.ACTIVE: "active",
    Grant.State.REAUTHORIZATION_REQUIRED: "act",
    Grant.State.REVOKED: "off",
}


def usage_of(server: AuthorizationServer) -> Usage:
    """Ask the database once for each kind of user."""
    counted = server.grants.order_by().values_list("state").annotate(count=Count("pk"))
    states = dict(counted)
    grants = [
        (_WORDS[state], str(state.label), states[state])
        for state in Grant.State
        if states.get(state)
    ]
    everything = server.mail_servers.order_by("name", "protocol")
    mail_servers = list(everything.filter(is_individual=False))
    return Usage(
        mail_servers,
        everything.count() - len(mail_servers),
        _accounts(server),
        grants,
        _names(server, states),
    )


def _accounts(server: AuthorizationServer) -> int:
    """How many accounts use one of its mail servers, in either direction."""
    used: set[int] = set()
    for direction in ("receiving_accounts", "sending_accounts"):
        pairs = server.mail_servers.filter(**{f"{direction}__isnull": False})
        used.update(pairs.values_list(f"{direction}__pk", flat=True).iterator())
    return len(used)


def _names(server: AuthorizationServer, states: dict[str, int]) -> list[str]:
    mail_servers = server.mail_servers.order_by("is_individual", "name", "protocol")
    names = [str(mail_server) for mail_server in mail_servers[:_NAMES_SHOWN]]
    kept = server.grants.exclude(state=Grant.State.REVOKED).order_by("mailbox_address")
    names += list(kept.values_list("mailbox_address", flat=True)[:_NAMES_SHOWN])
    total = sum(count for state, count in states.items() if state != Grant.State.REVOKED)
    more = mail_servers.count() + total - len(names)
    if more > 0:
        names.append(_("and %(count)d more") % {"count": more})
    if waiting := server.pending_revocations.count():
        names.append(
            ngettext(
                "%(count)d revocation that it has not been told yet",
                "%(count)d revocations that it has not been told yet",
                waiting,
            )
            % {"count": waiting}
        )
    return names
