"""What stands above a mailbox when something does not work: one banner for each cause, with the one thing to press."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from oauthservers import error_messages as authorization
from oauthservers.token_words import ACTIVE, EXPIRED
from webmail import token_status
from webmail.error_messages import advise
from webmail.models import MailAccount
from webmail.token_status import TokenStatus

_Health = MailAccount.Health
_STOPPED = (_Health.OWNER_REQUIRED, _Health.ADMINISTRATOR_REQUIRED)


@dataclass(frozen=True)
class Trouble:
    """One cause for which a direction, or both, do not work. ``address`` is empty where pressing is not the reader's."""

    account: MailAccount
    direction: str
    state: str
    headline: str
    still_works: str
    who: str
    button: str
    address: str
    since: datetime | None
    code: str
    server_words: str
    is_of_token: bool = False
    may_act: bool = False  # the reader may authorize and check the mailbox


def troubles_of(account: MailAccount, reader: Any = None, back: str = "") -> list[Trouble]:
    """What does not work for ``reader`` (the owner unless said otherwise), receiving first; ``back`` is where they are.

    The token comes first: while it is the cause, what the mail server says about it is not told again.
    """
    return [_with_address(trouble, reader, back) for trouble in _causes(account, reader)]


def troubles_of_servers(account: MailAccount, reader: Any = None) -> list[Trouble]:
    """As ``troubles_of``, for pages that show the token status themselves."""
    causes = [one for one in _causes(account, reader) if not one.is_of_token]
    return [_with_address(trouble, reader, "") for trouble in causes]


def _causes(account: MailAccount, reader: Any) -> list[Trouble]:
    found: list[Trouble] = []
    for direction in token_status.DIRECTIONS:
        status = token_status.status_of(account, direction, reader)
        if status.wants_somebody or status.key == EXPIRED:
            trouble = _of_token(account, direction, status)
        elif _is_told_by_health(account, direction, status):
            trouble = _of_server(account, direction)
        else:
            continue
        if not any(_is_same(trouble, earlier) for earlier in found):
            found.append(trouble)
    return found


def _is_same(trouble: Trouble, earlier: Trouble) -> bool:
    said = [(one.headline, one.still_works, one.who) for one in (trouble, earlier)]
    return said[0] == said[1]


def _is_told_by_health(account: MailAccount, direction: str, status: TokenStatus) -> bool:
    health = getattr(account, f"{direction}_health")
    if health in {_Health.UNTRIED, _Health.WORKING}:
        return False
    if direction == token_status.SEND and account.outgoing_server is None:
        return False
    # The connection works: an older word about it is over, and the next attempt will show.
    is_over = status.key == ACTIVE and health in _STOPPED
    return not (is_over and getattr(account, f"{direction}_error_code") in authorization.CODES)


def _of_token(account: MailAccount, direction: str, status: TokenStatus) -> Trouble:
    return Trouble(
        account=account,
        direction=direction,
        state="act" if status.wants_somebody else status.state,
        headline=status.headline,
        still_works=status.still_works,
        who=status.who,
        button=status.button,
        address="",
        since=status.since,
        code=status.detail_code,
        server_words=status.detail_text,
        is_of_token=True,
    )


def _of_server(account: MailAccount, direction: str) -> Trouble:
    health = getattr(account, f"{direction}_health")
    code = getattr(account, f"{direction}_error_code")
    advice = advise(code, direction, health)
    return Trouble(
        account=account,
        direction=direction,
        state="trouble" if health == _Health.RETRYING else "act",
        headline=advice.headline,
        still_works=advice.still_works,
        who=advice.who,
        button=advice.button,
        address="",
        since=getattr(account, f"{direction}_error_since"),
        code=code,
        server_words=getattr(account, f"{direction}_error_text"),
    )


def _with_address(trouble: Trouble, reader: Any, back: str) -> Trouble:
    """The address of the one button, for those who may do what it is for."""
    account = trouble.account
    trouble = replace(
        trouble, may_act=account.pk is not None and token_status.may_authorize(account, reader)
    )
    if not (trouble.button and trouble.may_act):
        return replace(trouble, button="")
    if not trouble.is_of_token:
        return replace(trouble, address=reverse("webmail:account", args=[account.public_id]))
    address = reverse("webmail:authorize", args=[account.public_id])
    return replace(trouble, address=f"{address}?{urlencode({'next': back})}" if back else address)
