"""Connections of a mail account: which servers it needs, what a consent gives it, what follows when one ends.

One consent covers both directions where both servers trust the same authorization server. What came of an attempt is
bound here, whether the person's browser comes back or not: the attempt knows for which account it was made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.db.models import Q, QuerySet
from django.dispatch import receiver
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext_lazy as _

from groupware.audit.record import record
from groupware.functions.permissions import administers
from oauthservers.models import AuthorizationRequest, AuthorizationServer, Grant
from oauthservers.signals import grant_changed, uses_wanted
from oauthservers.vendor_codes import AT_PROVIDER
from webmail import outbox, sync
from webmail.failures import Failure
from webmail.models import MailAccount
from webmail.outbox import sending_health
from webmail.token_states import MISSING_SCOPE, forget
from webmail.token_status import DIRECTIONS, RECEIVE, SEND, grant_of, server_of

__all__ = [
    "Direction",
    "account_of",
    "address_after",
    "bind",
    "connection_changed",
    "describe_uses",
    "directions_at",
    "directions_of",
    "finish",
    "protocols_of",
    "server_of",
    "servers_of",
    "usable_grants",
]

Health = MailAccount.Health
_Send = MailAccount.SendAuthentication
_LONGEST_ADDRESS = AuthorizationRequest._meta.get_field("next_url").max_length or 0


@dataclass(frozen=True)
class Direction:
    """One direction of an account: its authorization server and connection, where it has one."""

    name: str
    server: AuthorizationServer | None
    grant: Grant | None
    is_shared: bool  # the connection of receiving is used

    @property
    def waits_for_owner(self) -> bool:
        """Whether nothing works in this direction before the owner authorizes."""
        return self.server is not None and (
            self.grant is None or self.grant.state != Grant.State.ACTIVE
        )


def directions_of(account: MailAccount) -> list[Direction]:
    """Receiving and sending with their connections."""
    shares = account.send_authentication == _Send.SAME_AS_RECEIVING
    return [
        Direction(name, server_of(account, name), grant_of(account, name), name == SEND and shares)
        for name in DIRECTIONS
    ]


def servers_of(account: MailAccount) -> list[AuthorizationServer]:
    """The authorization servers that the account needs, each once, that of receiving first."""
    found = (server_of(account, name) for name in DIRECTIONS)
    return list(dict.fromkeys(server for server in found if server))


def directions_at(account: MailAccount, server: AuthorizationServer) -> list[str]:
    """The directions that one consent at ``server`` serves."""
    return [name for name in DIRECTIONS if server_of(account, name) == server]


def protocols_of(account: MailAccount, directions: Iterable[str]) -> list[str]:
    """What these directions speak: imap, pop3, smtp."""
    sides = {RECEIVE: account.incoming_server, SEND: account.outgoing_server}
    return [side.protocol for name in directions if (side := sides[name])]


def usable_grants(account: MailAccount, server: AuthorizationServer, user: Any) -> QuerySet[Grant]:
    """Working connections of the one who signs in for ``account`` which ``user`` may put to use for it.

    A personal account takes those of its owner alone. A shared one takes the user's own, and nobody's as far as
    the user already looks after an account that works with it and signed in for it: a connection opens everything its
    delegate may open. Administrators of webmail need not have signed in.
    """
    alive = Grant.objects.alive().filter(
        server=server, mailbox_address__iexact=account.sign_in_address
    )
    if account.kind == MailAccount.Kind.PERSONAL:
        return alive.filter(created_by=user) if account.owner_id == user.pk else alive.none()
    served = MailAccount.objects.authorizable_by(user).filter(kind=MailAccount.Kind.SHARED)
    nobodys = Q(created_by=None) & (
        Q(pk__in=served.values("receive_grant")) | Q(pk__in=served.values("send_grant"))
    )
    if not administers(user, "webmail"):
        brought = AuthorizationRequest.objects.filter(
            user=user, outcome=AuthorizationRequest.Outcome.SUCCEEDED
        )
        nobodys &= Q(pk__in=brought.exclude(grant=None).values("grant"))
        nobodys &= Q(access=Grant.Access.DELEGATED)
    return alive.filter(Q(created_by=user) | nobodys)


# -- binding ---------------------------------------------------------------------------------------


def bind(
    account: MailAccount, grant: Grant, directions: Iterable[str] = (), *, by: Any = None
) -> list[str]:
    """Use ``grant`` for ``directions`` (all that its server serves by default); return them. ``by`` acts.

    Empty when it is for another mailbox or server, or has ended. A direction whose permission is missing says so.
    """
    if grant.mailbox_address.casefold() != account.sign_in_address.casefold():
        return []
    if grant.state != Grant.State.ACTIVE:
        return []
    served = directions_at(account, grant.server)
    bound = [name for name in served if name in (list(directions) or served)]
    shares = account.send_authentication == _Send.SAME_AS_RECEIVING
    columns = {"receive_grant" if shares else f"{name}_grant" for name in bound}
    changed = [column for column in columns if getattr(account, f"{column}_id") != grant.pk]
    for column in changed:
        setattr(account, column, grant)
    if changed:
        account.save(update_fields=changed)
        record(
            "webmail.account.authorized", actor=by, target=account, details={"directions": bound}
        )
    if bound:
        _settle(account, grant)
    return bound


def account_of(attempt: AuthorizationRequest) -> MailAccount | None:
    """The account that an attempt was made for, when the person who made it may authorize it."""
    try:
        match = resolve(urlsplit(attempt.next_url).path)
    except Resolver404:
        return None
    if match.view_name != "webmail:account_authorized":
        return None
    accounts = MailAccount.objects.authorizable_by(attempt.user)
    return accounts.filter(public_id=match.kwargs["public_id"]).first()


def address_after(account: MailAccount, directions: Iterable[str], next_url: str) -> str:
    """Where an attempt for some directions of ``account`` ends; it goes on to ``next_url``."""
    address = reverse("webmail:account_authorized", args=[account.public_id])
    wanted = list(directions)
    query = {"for": wanted[0]} if len(wanted) == 1 and len(_served(account, wanted[0])) > 1 else {}
    further = query | {"next": next_url} if next_url else query
    if len(f"{address}?{urlencode(further)}") > _LONGEST_ADDRESS:
        further = query
    return f"{address}?{urlencode(further)}" if further else address


def finish(attempt: AuthorizationRequest) -> list[str]:
    """Bind what a successful attempt brought to the account it was made for; return the directions."""
    account = account_of(attempt)
    if account is None or attempt.grant is None:
        return []
    if attempt.outcome != AuthorizationRequest.Outcome.SUCCEEDED:
        return []
    if attempt.grant.created_by_id != account.owner_id:
        return []
    if attempt.grant.access == Grant.Access.APPLICATION:
        return []  # what the attempt had brought was replaced
    wanted = parse_qs(urlsplit(attempt.next_url).query).get("for", [])
    wanted = [name for name in wanted if name in DIRECTIONS]
    return bind(account, attempt.grant, wanted, by=attempt.user)


def _served(account: MailAccount, direction: str) -> list[str]:
    server = server_of(account, direction)
    return directions_at(account, server) if server else []


# -- what follows from a change of a connection ----------------------------------------------------


@receiver(grant_changed)
def connection_changed(grant: Grant, **_ignored: Any) -> None:
    """A connection was made, renewed after trouble, or ended: the accounts that use it show it at once.

    A new one is bound to the account that its attempt was made for, though no browser may ever come back. One that
    came back after trouble binds nothing: the account may have been given another connection, or none, since.
    """
    attempts = grant.requests.filter(outcome=AuthorizationRequest.Outcome.SUCCEEDED)
    newest = attempts.select_related("grant__server", "user").order_by("-pk").first()
    is_new = grant.refreshed_at is None or grant.refreshed_at <= grant.authorized_at
    if newest and is_new and grant.state == Grant.State.ACTIVE:
        finish(newest)
    uses = Q(receive_grant=grant) | Q(send_grant=grant)
    for account in MailAccount.objects.filter(uses).select_related(
        "incoming_server__authorization_server",
        "outgoing_server__authorization_server",
        "receive_grant__server",
        "send_grant__server",
    ):
        _settle(account, grant)


def _settle(account: MailAccount, grant: Grant) -> None:
    """Write into the health of the directions that use ``grant`` what it says, and go on where they work again."""
    uses = [name for name in DIRECTIONS if grant_of(account, name) == grant]
    for name in uses:
        failure = _failure(account, name, grant)
        if failure:
            (sync.stop if name == RECEIVE else sending_health.failed)(account, failure)
        elif getattr(account, f"{name}_health") != Health.WORKING:
            _go_on(account, name)
    account.refresh_from_db(fields=_HEALTH)
    forget(account)


def _go_on(account: MailAccount, direction: str) -> None:
    if direction == RECEIVE:
        sync.resume(account)
    else:
        sending_health.begin_anew(account)
        outbox.resume(account.pk)


_HEALTH = [
    f"{name}_{column}"
    for name in DIRECTIONS
    for column in ("health", "error_code", "error_text", "error_since")
]


def _failure(account: MailAccount, direction: str, grant: Grant) -> Failure | None:
    """Why a person must act before this direction works; nothing when its connection opens it."""
    if grant.state != Grant.State.ACTIVE:
        is_revoked = grant.state == Grant.State.REVOKED
        code = grant.error_code or ("disconnected" if is_revoked else "invalid_grant")
        at_provider = code in AT_PROVIDER  # signing in again would meet the same wall
        health = Health.ADMINISTRATOR_REQUIRED if at_provider else Health.OWNER_REQUIRED
        return Failure(code, grant.error_detail, health)
    missing = [name for name in protocols_of(account, [direction]) if not grant.opens(name)]
    if missing:
        wanted = grant.server.scopes_for(missing)
        absent = [scope for scope in wanted if scope not in grant.scopes.split()]
        return Failure(MISSING_SCOPE, " ".join(absent), Health.OWNER_REQUIRED)
    return None


@receiver(uses_wanted)
def describe_uses(grant: Grant, **_ignored: Any) -> list[str]:
    """What stops when a connection ends, for its owner: one line for each account that works with it."""
    uses = Q(receive_grant=grant) | Q(send_grant=grant)
    lines = []
    for account in (
        MailAccount.objects.kept()
        .filter(uses)
        .select_related(
            "incoming_server__authorization_server", "outgoing_server__authorization_server"
        )
    ):
        served = [name for name in DIRECTIONS if grant_of(account, name) == grant]
        words = _STOPS.get(tuple(served))
        if words:
            lines.append(str(words) % {"address": account.address})
    return lines


_STOPS = {
    (RECEIVE, SEND): _("%(address)s: receiving and sending"),
    (RECEIVE,): _("%(address)s: receiving"),
    (SEND,): _("%(address)s: sending"),
}
