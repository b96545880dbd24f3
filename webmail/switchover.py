"""Move many accounts to another authentication and other servers in one step, and take the step back.

**What happens to an account.** Applying changes its settings at once: servers, OAuth 2.0 instead of a password, and a
user name that is no address is emptied. Mail that is here stays and stays readable. Receiving and sending wait until
the owner has authorized the mailbox; the password is kept until then, so that the step can be undone, and erased
after. Undoing restores every setting exactly, for accounts which nobody authorized and nobody changed since.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from groupware import many_rows
from oauthservers.models import Grant
from webmail import account_rows
from webmail.models import MailAccount, Mailbox, MailServer, SwitchedAccount, Switchover

Receive = MailAccount.ReceiveAuthentication
Send = MailAccount.SendAuthentication
COLUMNS = (
    "incoming_server_id",
    "outgoing_server_id",
    "receive_authentication",
    "send_authentication",
    "receive_username",
    "send_username",
    "receive_grant_id",
    "send_grant_id",
)
_READ = ("public_id", "owner_id", "name", "address", "authorized_as", *COLUMNS)


class ChangedMeanwhileError(Exception):
    """The accounts are no longer those of the preview."""


@dataclass
class Move:
    """One account: its settings before and after; ``obstacle`` says why it stays as it is."""

    account: MailAccount
    before: dict[str, Any]
    after: dict[str, Any] = field(default_factory=dict)
    obstacle: str = ""

    @property
    def changed(self) -> list[str]:
        """The names of the settings that change."""
        return [name for name in COLUMNS if self.after and self.before[name] != self.after[name]]


def hosts(accounts: QuerySet[MailAccount]) -> list[dict[str, Any]]:
    """The incoming hosts in use with the number of accounts, and of those with a password, most first."""
    by_host = (
        accounts.order_by()
        .values("incoming_server__host")
        .annotate(
            number=Count("pk"),
            passwords=Count("pk", filter=Q(receive_authentication=Receive.PASSWORD)),
        )
    )
    return sorted(by_host, key=lambda row: (-row["passwords"], -row["number"]))


def found(switchover: Switchover, accounts: QuerySet[MailAccount]) -> QuerySet[MailAccount]:
    """Those of ``accounts`` that receive from the host, registered or individual, with the authentication."""
    fitting = accounts.filter(incoming_server__host__iexact=switchover.host)
    if switchover.authentication:
        fitting = fitting.filter(receive_authentication=switchover.authentication)
    return fitting.order_by("owner__username", "address", "pk")


def moves(switchover: Switchover, accounts: QuerySet[MailAccount]) -> list[Move]:
    """What the step would do to each account that is found; nothing is written."""
    rows = list(found(switchover, accounts).only(*_READ))
    grants = {row.receive_grant_id for row in rows} | {row.send_grant_id for row in rows}
    wanted = Grant.objects.filter(pk__in=grants - {None})
    known = _Known(
        {server.pk: server for server in MailServer.objects.all()},
        {
            grant.pk: grant
            for grant in wanted.only("pk", "public_id", "server_id", "mailbox_address")
        },
        set(Mailbox.objects.order_by().values_list("account_id", flat=True).distinct()),
    )
    return [_move(switchover, account, known) for account in rows]


@dataclass(frozen=True)
class _Known:
    """What was read once for all accounts: servers and connections by key, and who has mail."""

    servers: dict[int | None, MailServer]
    grants: dict[int | None, Grant]
    with_mail: set[int]


def fingerprint(made: Iterable[Move]) -> str:
    """Equal when the step would do the same to the same accounts."""
    digest = hashlib.sha256()
    for move in made:
        digest.update(repr((move.account.pk, move.obstacle, sorted(move.after.items()))).encode())
    return digest.hexdigest()


def _move(switchover: Switchover, account: MailAccount, known: _Known) -> Move:
    move = Move(account, values_of(account))
    incoming, outgoing = switchover.incoming_server, switchover.outgoing_server
    if incoming is None:
        move.obstacle = _("The server to move to was removed.")
        return move
    present = known.servers[account.incoming_server_id]
    if present.protocol != incoming.protocol and account.pk in known.with_mail:
        protocol = present.get_protocol_display()
        move.obstacle = _(
            "It keeps mail that came by %(protocol)s and cannot change to another protocol."
        ) % {"protocol": protocol}
        return move
    sends = account.outgoing_server_id is not None and account.send_authentication != Send.OFF
    before = known.servers.get(account.outgoing_server_id)
    target = (outgoing or before) if sends else before
    how = account.send_authentication
    if sends and (outgoing is not None or how == Send.SAME_AS_RECEIVING):
        same = target.authorization_server_id == incoming.authorization_server_id
        if not same and target.authorization_server_id is None:
            move.obstacle = _(
                "Sending uses the password of receiving. Choose an outgoing server to move to as well."
            )
            return move
        how = Send.SAME_AS_RECEIVING if same else Send.OAUTH2
    move.after = move.before | {
        "incoming_server_id": incoming.pk,
        "outgoing_server_id": target.pk if target else None,
        "receive_authentication": Receive.OAUTH2.value,
        "send_authentication": str(how),
        "receive_username": _address_or_nothing(account.receive_username),
    }
    if how != Send.PASSWORD:
        move.after["send_username"] = _address_or_nothing(account.send_username)
    for direction, server in (("receive", incoming), ("send", target)):
        grant = known.grants.get(move.before[f"{direction}_grant_id"])
        if not account_rows.fits(account, grant, server):
            move.after[f"{direction}_grant_id"] = None
    if not move.changed:
        move.obstacle = _("It is set up like this already.")
    return move


def _address_or_nothing(username: str) -> str:
    """Authorization servers know mailboxes by address; the short name of a password sign-in is no use there."""
    return username if "@" in username else ""


def values_of(account: MailAccount) -> dict[str, Any]:
    """The settings that a switchover touches, as they are."""
    return {name: getattr(account, name) for name in COLUMNS}


def apply(switchover: Switchover, accounts: QuerySet[MailAccount], expected: str) -> int:
    """Move every account that can be moved, in one transaction; return how many.

    ``expected`` is the fingerprint of the preview. Raises ChangedMeanwhileError when the step would do something
    else by now, or was applied already; then nothing is changed.
    """
    with transaction.atomic():
        locked = Switchover.objects.select_for_update().get(pk=switchover.pk)
        if locked.state != Switchover.State.PREVIEWED:
            raise ChangedMeanwhileError
        made = moves(switchover, accounts.select_for_update(of=("self",)))
        if fingerprint(made) != expected:
            raise ChangedMeanwhileError
        going = [move for move in made if not move.obstacle]
        rows = [
            SwitchedAccount(
                switchover=locked, account_id=m.account.pk, before=m.before, after=m.after
            )
            for m in going
        ]
        many_rows.insert(rows, ("account_id", "before", "after"))
        for move in going:
            _take(move.account, move.after)
        account_rows.change([move.account for move in going], COLUMNS)
        told = [(move.account, move.changed) for move in going]
        account_rows.tell("webmail.account.switched", told, switchover=str(locked.public_id))
        locked.state = Switchover.State.APPLIED
        locked.applied_at = timezone.now()
        locked.save(update_fields=["state", "applied_at"])
    return len(going)


def _take(account: MailAccount, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(account, name, value)


def undoable(switchover: Switchover) -> QuerySet[SwitchedAccount]:
    """Accounts of an applied switchover that nobody has authorized and that were not taken back yet."""
    return switchover.accounts.filter(
        undone_at=None, account__receive_grant=None, account__send_grant=None
    )


def undo(switchover: Switchover, only: Iterable[Any] | None = None) -> tuple[int, int]:
    """Restore the settings of accounts (by public id; all without ``only``); return how many were and were not.

    An account stays when it was authorized meanwhile, when somebody changed one of these settings since, or when a
    server it had was removed.
    """
    with transaction.atomic():
        rows = switchover.accounts.filter(undone_at=None)
        if only is not None:
            rows = rows.filter(account__public_id__in=list(only))
        asked = rows.count()
        free = undoable(switchover).filter(pk__in=rows.values("pk")).select_related("account")
        read = ("switchover", "before", "after", *(f"account__{name}" for name in _READ))
        free = free.only(*read)
        servers = set(MailServer.objects.values_list("pk", flat=True))
        going = []
        for row in free.select_for_update(of=("self", "account")):
            if values_of(row.account) == row.after and _exist(row.before, servers):
                _take(row.account, row.before)
                going.append(row)
        _forget_gone_grants([row.account for row in going])
        account_rows.change([row.account for row in going], COLUMNS)
        now = timezone.now()
        many_rows.update(going, (), undone_at=now)
        told = [
            (row.account, [n for n in COLUMNS if row.before[n] != row.after[n]]) for row in going
        ]
        account_rows.tell("webmail.account.switched_back", told)
        if not switchover.accounts.filter(undone_at=None).exists():
            Switchover.objects.filter(pk=switchover.pk).update(
                state=Switchover.State.UNDONE, undone_at=now
            )
    return len(going), asked - len(going)


def _forget_gone_grants(accounts: list[MailAccount]) -> None:
    """Let go of connections that were removed since."""
    named = {account.receive_grant_id for account in accounts}
    named |= {account.send_grant_id for account in accounts}
    there = set(Grant.objects.filter(pk__in=named - {None}).values_list("pk", flat=True))
    for account in accounts:
        for column in ("receive_grant_id", "send_grant_id"):
            if getattr(account, column) not in there:
                setattr(account, column, None)


def _exist(before: dict[str, Any], servers: set[int]) -> bool:
    wanted = {before["incoming_server_id"], before["outgoing_server_id"]} - {None}
    return wanted <= servers


def erase_passwords() -> int:
    """Erase passwords that authorized accounts of switchovers no longer need; return of how many."""
    moved = SwitchedAccount.objects.filter(account=OuterRef("pk"), undone_at=None)
    authorized = MailAccount.objects.filter(Exists(moved), receive_authentication=Receive.OAUTH2)
    authorized = authorized.filter(receive_grant__state=Grant.State.ACTIVE)
    receiving = authorized.exclude(receive_password="").update(receive_password="")
    no_password = authorized.exclude(send_authentication=Send.PASSWORD)
    settled = no_password.exclude(send_authentication=Send.OAUTH2, send_grant=None)
    sending = settled.exclude(send_password="").update(send_password="")
    return receiving + sending
