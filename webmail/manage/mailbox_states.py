"""The overview's filters, counts and facts of a row: what state a mailbox is in, and whose turn it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, When
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from groupware import parameters
from groupware.organisation.models import Unit
from oauthservers.models import Grant
from webmail import token_states as states
from webmail.models import MailAccount, MailServer

Health = MailAccount.Health
_AUTHORIZED = {states.ACTIVE, states.NONE}
_STOPPED = (Health.OWNER_REQUIRED, Health.ADMINISTRATOR_REQUIRED)
_SHARES = Q(send_authentication=MailAccount.SendAuthentication.SAME_AS_RECEIVING)

#: States beside those of tokens: key → word, condition.
BESIDE: dict[str, tuple[Any, Q]] = {
    "refused": (
        gettext_lazy("Refused by the mail server"),
        # A sign-in that is missing or has ended is a state of its token, not the mail server's word.
        (
            Q(receive_health__in=_STOPPED)
            & ~Q(receive_error_code=states.MISSING_SCOPE)
            & (~Q(receive_authentication="oauth2") | Q(receive_grant__state=Grant.State.ACTIVE))
        )
        | (
            Q(send_health__in=_STOPPED)
            & ~Q(send_error_code=states.MISSING_SCOPE)
            & (
                Q(send_authentication__in=("password", "none"))
                | (~_SHARES & Q(send_grant__state=Grant.State.ACTIVE))
                | (_SHARES & ~Q(receive_authentication="oauth2"))
                | (_SHARES & Q(receive_grant__state=Grant.State.ACTIVE))
            )
        ),
    ),
    "retrying": (
        gettext_lazy("Temporary trouble"),
        Q(receive_health=Health.RETRYING) | Q(send_health=Health.RETRYING),
    ),
    "off": (gettext_lazy("Switched off"), Q(is_enabled=False)),
}
_HEALTH = {
    Health.UNTRIED: (gettext_lazy("Not tried yet"), "waiting"),
    Health.WORKING: (gettext_lazy("Working"), "active"),
    Health.RETRYING: (gettext_lazy("Temporary trouble"), "trouble"),
    Health.OWNER_REQUIRED: (gettext_lazy("Sign-in refused"), "act"),
    Health.ADMINISTRATOR_REQUIRED: (gettext_lazy("Refused by the mail server"), "act"),
}


@dataclass(frozen=True)
class Filters:
    """What the address asks for: words, a state, a department with what is below it, a server, a kind."""

    words: str = ""
    state: str = ""
    unit: str = ""
    server: str = ""
    kind: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> Filters:
        """Read them without trust: what is unknown is not asked for."""
        state, kind = request.GET.get("state", ""), request.GET.get("kind", "")
        return cls(
            parameters.words(request.GET.get("q")),
            state if state in states.WORDS or state in BESIDE else "",
            str(parameters.public_id(request.GET.get("unit")) or ""),
            str(parameters.public_id(request.GET.get("server")) or ""),
            kind if kind in MailAccount.Kind.values else "",
        )

    @property
    def is_any(self) -> bool:
        """Whether something is asked for."""
        return any((self.words, self.state, self.unit, self.server, self.kind))

    def narrow(self, accounts: QuerySet[MailAccount]) -> QuerySet[MailAccount]:
        """The accounts that fit everything but the state, so that the states can be counted."""
        for word in self.words.split():
            accounts = accounts.filter(
                Q(address__icontains=word)
                | Q(name__icontains=word)
                | Q(owner__username__icontains=word)
                | Q(owner__display_name__icontains=word)
            )
        if self.unit:
            unit = Unit.objects.filter(public_id=self.unit).first()
            inside = Unit.objects.within(unit) if unit else Unit.objects.none()
            accounts = accounts.filter(
                Q(owner__in=inside.values("members")) | Q(members__unit__in=inside)
            ).distinct()
        if self.server:
            accounts = accounts.filter(
                Q(incoming_server__public_id=self.server)
                | Q(outgoing_server__public_id=self.server)
            )
        return accounts.filter(kind=self.kind) if self.kind else accounts

    def in_state(self, accounts: QuerySet[MailAccount]) -> QuerySet[MailAccount]:
        """Those in the state that is asked for."""
        if self.state in BESIDE:
            return accounts.filter(BESIDE[self.state][1])
        conditions = {key: fits for key, _word, fits in states.FILTERS}
        return accounts.filter(conditions[self.state]) if self.state else accounts


def counted(accounts: QuerySet[MailAccount]) -> list[dict[str, Any]]:
    """Every state with its word and how many accounts are in it; the first counts all."""
    accounts = MailAccount.objects.filter(pk__in=accounts.order_by().values("pk"))
    of_tokens = states.counts(accounts)
    beside = accounts.aggregate(
        **{key: Count("pk", filter=fits) for key, (_word, fits) in BESIDE.items()}
    )
    found = [
        {"key": "", "word": pgettext("filter of the list", "All"), "count": sum(of_tokens.values())}
    ]
    for key, (word, _dot) in states.WORDS.items():
        found.append({"key": key, "word": word, "count": of_tokens[key]})
    for key, (word, _fits) in BESIDE.items():
        found.append({"key": key, "word": word, "count": beside[key]})
    return found


@dataclass(frozen=True)
class DirectionState:
    """One direction in a list: the dot, the word, since when, and whose turn it is."""

    state: str
    word: Any
    since: datetime | None = None
    turn: str = ""  # owner, administrator or nobody


def listed(accounts: QuerySet[MailAccount]) -> QuerySet[MailAccount]:
    """``accounts`` with everything that ``facts`` looks at, in the order of the overview."""
    shares = Q(send_authentication=MailAccount.SendAuthentication.SAME_AS_RECEIVING)
    return (
        states.prepared(accounts)
        .annotate(
            receive_grant_since=F("receive_grant__state_since"),
            send_grant_since=Case(
                When(shares, then=F("receive_grant__state_since")),
                default=F("send_grant__state_since"),
            ),
        )
        .order_by("owner__username", "address", "pk")
    )


def direction_state(account: Any, direction: str) -> DirectionState:
    """The state of one direction: of its authorization where that is what is wrong, else of the connection itself."""
    if direction == "send" and account.outgoing_server_id is None:
        return DirectionState("off", _("Does not send"))
    if not account.is_enabled:
        return DirectionState("off", _("Switched off"))
    key = states.key_of(account, direction)
    health = Health(getattr(account, f"{direction}_health"))
    since = getattr(account, f"{direction}_error_since")
    if key in _AUTHORIZED:
        word, dot = _HEALTH[health]
        is_owners = health == Health.OWNER_REQUIRED
        turn = "owner" if is_owners else "administrator" if health in _STOPPED else ""
        return DirectionState(dot, word, since if dot in {"act", "trouble"} else None, turn)
    word, dot = states.WORDS[key]
    if key == states.EXPIRED:
        return DirectionState(dot, word, since)
    if key == states.WAITING_FOR_ADMINISTRATOR:
        return DirectionState(dot, word, since, "administrator")
    return DirectionState(dot, word, _grant_since(account, direction) or since, "owner")


def _grant_since(account: Any, direction: str) -> datetime | None:
    """Since when the connection is in its state; from the row where ``listed`` has put it there."""
    name = f"{direction}_grant_since"
    if hasattr(account, name):
        return getattr(account, name)
    grant = account.receive_grant if direction == "receive" else account.effective_send_grant
    return grant.state_since if grant else None


def owner_of(account: Any) -> str:
    """The name of the owner, of an account or of a row with its values."""
    if isinstance(account, MailAccount):
        return str(account.owner or "")
    return account.owner__display_name or account.owner__username or ""


@dataclass(frozen=True)
class Facts:
    """What one row of the overview says."""

    account: Any
    receive: DirectionState
    send: DirectionState

    @property
    def turn(self) -> str:
        """Who must act, in words: the person by name, an administrator, or nobody."""
        turns = {self.receive.turn, self.send.turn}
        if "owner" in turns:
            return str(self.account.authorized_as or owner_of(self.account) or _("Its managers"))
        return _("Administrator") if "administrator" in turns else ""

    @property
    def since(self) -> datetime | None:
        """Since when somebody must act."""
        known = [side.since for side in (self.receive, self.send) if side.turn and side.since]
        return min(known, default=None)


def facts(account: Any) -> Facts:
    """The facts of an account, or of a row with its values, that came from ``listed``."""
    return Facts(account, direction_state(account, "receive"), direction_state(account, "send"))


def offered_servers() -> QuerySet[MailServer]:
    """The servers to filter by."""
    return MailServer.objects.registered().order_by("name", "protocol")
