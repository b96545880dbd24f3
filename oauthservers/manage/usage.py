"""What uses an authorization server: mail servers, accounts and connections, by number and by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _

from oauthservers.models import AuthorizationServer, Grant

_NAMES_SHOWN = 5


@dataclass(frozen=True)
class Usage:
    """Figures for the settings page; ``names`` says who would be hit by a deletion, the first few and how many more."""

    mail_servers: Sequence[Any]
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
    mail_servers = list(server.mail_servers.order_by("name", "protocol"))
    accounts = server.mail_servers.aggregate(
        receiving=Count("receiving_accounts", distinct=True),
        sending=Count("sending_accounts", distinct=True),
    )
    return Usage(
        mail_servers,
        max(accounts["receiving"], accounts["sending"]),
        grants,
        _names(server, mail_servers, states),
    )


def _names(
    server: AuthorizationServer, mail_servers: Sequence[Any], states: dict[str, int]
) -> list[str]:
    names = [str(mail_server) for mail_server in mail_servers[:_NAMES_SHOWN]]
    kept = server.grants.exclude(state=Grant.State.REVOKED).order_by("mailbox_address")
    names += list(kept.values_list("mailbox_address", flat=True)[:_NAMES_SHOWN])
    total = sum(count for state, count in states.items() if state != Grant.State.REVOKED)
    more = len(mail_servers) + total - len(names)
    return [*names, _("and %(count)d more") % {"count": more}] if more > 0 else names
