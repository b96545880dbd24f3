"""Everything that rows of a file may name, read once: a fixed number of queries for any number of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model

from groupware.organisation.models import Unit
from oauthservers.models import AuthorizationServer, Grant
from webmail.models import AccountMember, MailAccount, Mailbox, MailServer
from webmail.transfer.columns import COLUMNS

#: A member as a file writes it: ("user", user name) or ("unit", key), with the right.
Members = dict[tuple[str, str], str]


class Person(NamedTuple):
    """What a row needs to know of somebody."""

    pk: int
    username: str
    is_active: bool


class Connection(NamedTuple):
    """What a row needs to know of a grant."""

    server_id: int
    mailbox_address: str


@dataclass(frozen=True)
class Surroundings:
    """People, servers, departments and accounts by the names that a file uses."""

    people: dict[str, Person]
    servers: dict[str, MailServer]
    servers_by_pk: dict[int | None, MailServer]
    grants: dict[int | None, Connection]
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


#: The columns of an account that rows compare or write; the rest is not read.
_COLUMNS = (
    "public_id",
    "kind",
    "owner_id",
    "address",
    "receive_grant_id",
    "send_grant_id",
    "incoming_server_id",
    "outgoing_server_id",
    "delete_after_days",
    *(column.attribute for column in COLUMNS if column.attribute),
)


def look_around(accounts: Any) -> Surroundings:
    """Read what is there; ``accounts`` is the queryset of those that may be changed, locked or not."""
    servers = list(MailServer.objects.all())
    people = get_user_model().objects.order_by().values_list("pk", "username", "is_active")
    grants = Grant.objects.order_by().values_list("pk", "server_id", "mailbox_address")
    return Surroundings(
        {name.casefold(): Person(pk, name, active) for pk, name, active in people},
        {server.key: server for server in servers},
        {server.pk: server for server in servers},
        {pk: Connection(server, address) for pk, server, address in grants},
        set(AuthorizationServer.objects.in_use().values_list("pk", flat=True)),
        {unit.key: unit for unit in Unit.objects.all()},
        {(one.owner_id, one.address.casefold()): one for one in accounts.only(*_COLUMNS)},
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
