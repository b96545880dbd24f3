"""Everything that rows of a file may name, read once: a fixed number of queries for any number of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model

from groupware.organisation.models import Unit
from oauthservers.models import AuthorizationServer, Grant
from webmail.models import AccountMember, MailAccount, Mailbox, MailServer

#: A member as a file writes it: ("user", user name) or ("unit", key), with the right.
Members = dict[tuple[str, str], str]


@dataclass(frozen=True)
class Surroundings:
    """People, servers, departments and accounts by the names that a file uses."""

    people: dict[str, Any]
    servers: dict[str, MailServer]
    authorization_servers: set[int]
    units: dict[str, Unit]
    accounts: dict[tuple[int | None, str], MailAccount]
    members: dict[int, Members]
    with_mail: set[int]

    def keys_of(self, *protocols: str) -> str:
        """Some keys of registered servers that can be chosen, as an example."""
        fitting = (s for s in self.servers.values() if s.protocol in protocols)
        offered = sorted(s.key for s in fitting if s.is_enabled and not s.is_individual)
        return ", ".join(offered[:3])


def look_around(accounts: Any) -> Surroundings:
    """Read what is there; ``accounts`` is the queryset of those that may be changed, locked or not."""
    servers = {server.pk: server for server in MailServer.objects.all()}
    people = {
        person.pk: person
        for person in get_user_model().objects.only("pk", "username", "is_active", "public_id")
    }
    grants = {
        grant.pk: grant
        for grant in Grant.objects.only("pk", "public_id", "server_id", "mailbox_address")
    }
    found = {}
    for account in accounts:
        account.incoming_server = servers[account.incoming_server_id]
        account.outgoing_server = servers.get(account.outgoing_server_id)
        account.receive_grant = grants.get(account.receive_grant_id)
        account.send_grant = grants.get(account.send_grant_id)
        account.owner = people.get(account.owner_id)
        found[account.owner_id, account.address.casefold()] = account
    return Surroundings(
        {person.username.casefold(): person for person in people.values()},
        {server.key: server for server in servers.values()},
        set(AuthorizationServer.objects.in_use().values_list("pk", flat=True)),
        {unit.key: unit for unit in Unit.objects.all()},
        found,
        members_of_all(),
        set(Mailbox.objects.order_by().values_list("account_id", flat=True).distinct()),
    )


def members_of_all() -> dict[int, Members]:
    found: dict[int, Members] = {}
    rows = AccountMember.objects.order_by("pk").values_list(
        "account_id", "user__username", "unit__key", "role"
    )
    for account, username, unit, role in rows:
        who = ("user", username) if username else ("unit", unit)
        found.setdefault(account, {})[who] = role
    return found
