"""Which state of authorization a direction of an account is in.

The database decides, in one expression, so that a row, a filter and a count can never disagree; the words are those
of ``webmail.token_status``. A direction asks, in this order:

1. does its server work here (registered, switched on, registration accepted)? Otherwise an administrator must act;
2. is there a connection that counts? Otherwise: is somebody signing in just now, did the organization ask for its
   administrator's approval, was there one before, was there never any?
3. is its access token over while renewing fails for the moment? Then it has expired, and nobody must act;
4. everything else is active.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from django.db import connection, models
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Greatest, Now, NullIf
from django.db.models.lookups import Exact, In

from oauthservers.models import AuthorizationRequest, AuthorizationServer, Grant
from oauthservers.token_words import (
    ACTIVE,
    AUTHORIZATION_NEEDED,
    EXPIRED,
    NONE,
    NOT_AUTHORIZED,
    WAITING_FOR_ADMINISTRATOR,
    WAITING_FOR_APPROVAL,
    WORDS,
)
from oauthservers.vendor_codes import AT_PROVIDER
from webmail.models import MailAccount

RECEIVE, SEND = "receive", "send"
DIRECTIONS = (RECEIVE, SEND)
_Receive, _Send = MailAccount.ReceiveAuthentication, MailAccount.SendAuthentication
_Health = MailAccount.Health
_Outcome = AuthorizationRequest.Outcome

#: How much a state wants attention: an account counts once, as the worse of its two directions.
RANKS = {
    key: rank
    for rank, key in enumerate(
        (
            NONE,
            ACTIVE,
            EXPIRED,
            WAITING_FOR_APPROVAL,
            WAITING_FOR_ADMINISTRATOR,
            NOT_AUTHORIZED,
            AUTHORIZATION_NEEDED,
        )
    )
}
_KEYS = {rank: key for key, rank in RANKS.items()}

#: What the health of a direction knows of its connection and the connection itself does not.
MISSING_SCOPE = "missing_scope"
KEY_CODES = ("encryption_key_missing", "secret_unreadable")
CONSENT_CODE = "administrator_consent"
NOT_PERMITTED_CODE = "mailbox_not_permitted"


def _attempts(server: str) -> models.QuerySet[AuthorizationRequest]:
    """Attempts to authorize the mailbox of the outer account, for its owner, at ``server``, newest first."""
    sign_in = Coalesce(NullIf(OuterRef("authorized_as"), Value("")), OuterRef("address"))
    mine = AuthorizationRequest.objects.alias(whose=Coalesce("owner_id", 0)).filter(
        whose=Coalesce(OuterRef("owner_id"), 0), mailbox_address=sign_in, server=OuterRef(server)
    )
    return mine.order_by("-pk")


def _last_code(server: str) -> Subquery:
    """How the latest attempt at ``server`` ended; empty when it succeeded or is under way."""
    return Subquery(_attempts(server).values("error_code")[:1])


def _then(key: str) -> Value:
    return Value(RANKS[key], output_field=models.IntegerField())


def _rank(server: str, grant: str, direction: str) -> Case:
    """The state of one direction whose authorization server and connection lie at these paths."""
    health, code = f"{direction}_health", f"{direction}_error_code"
    attempts = _attempts(server)
    is_pending = Exists(attempts.filter(outcome=_Outcome.PENDING, expires_at__gt=Now()))
    last_code = _last_code(server)
    never = Q(**{f"{grant}__isnull": True}) | ~Q(**{f"{grant}__server": F(server)})
    scope_missing = Q(**{health: _Health.OWNER_REQUIRED, code: MISSING_SCOPE})
    ended = ~Q(**{f"{grant}__state": Grant.State.ACTIVE}) | scope_missing
    return Case(
        When(Q(**{f"{server}__isnull": True}), then=_then(WAITING_FOR_ADMINISTRATOR)),
        When(Q(**{f"{server}__is_enabled": False}), then=_then(WAITING_FOR_ADMINISTRATOR)),
        When(~Q(**{f"{server}__fault_code": ""}), then=_then(WAITING_FOR_ADMINISTRATOR)),
        When((never | ended) & Q(is_pending), then=_then(WAITING_FOR_APPROVAL)),
        When(
            (never | ended) & Q(In(last_code, sorted(AT_PROVIDER))),
            then=_then(WAITING_FOR_ADMINISTRATOR),
        ),
        When(never, then=_then(NOT_AUTHORIZED)),
        When(ended, then=_then(AUTHORIZATION_NEEDED)),
        When(
            Q(
                **{
                    health: _Health.ADMINISTRATOR_REQUIRED,
                    f"{code}__in": [*KEY_CODES, *sorted(AT_PROVIDER)],
                }
            ),
            then=_then(WAITING_FOR_ADMINISTRATOR),
        ),
        When(
            Q(**{f"{grant}__error_code": NOT_PERMITTED_CODE}), then=_then(WAITING_FOR_ADMINISTRATOR)
        ),
        When(
            Q(**{f"{grant}__failures__gt": 0, f"{grant}__access_token_expires_at__lte": Now()}),
            then=_then(EXPIRED),
        ),
        default=_then(ACTIVE),
    )


def _receive_rank() -> Case:
    rank = _rank("incoming_server__authorization_server", "receive_grant", RECEIVE)
    return Case(When(receive_authentication=_Receive.OAUTH2, then=rank), default=_then(NONE))


def _send_rank() -> Case:
    server = "outgoing_server__authorization_server"
    shares = Q(send_authentication=_Send.SAME_AS_RECEIVING, receive_authentication=_Receive.OAUTH2)
    return Case(
        When(outgoing_server=None, then=_then(NONE)),
        When(shares, then=_rank(server, "receive_grant", SEND)),
        When(send_authentication=_Send.OAUTH2, then=_rank(server, "send_grant", SEND)),
        default=_then(NONE),
    )


def _account_rank() -> Greatest:
    return Greatest(_receive_rank(), _send_rank())


def prepared(
    accounts: models.QuerySet[MailAccount], reader: Any = None
) -> models.QuerySet[MailAccount]:
    """``accounts`` with all that ``status_of`` looks at, for ``reader`` where one is given, so that a list asks once."""
    found = accounts.select_related(
        "owner",
        "incoming_server__authorization_server",
        "outgoing_server__authorization_server",
        "receive_grant__server",
        "send_grant__server",
    ).annotate(**_asked())
    if reader is None:
        return found
    allowed = MailAccount.objects.authorizable_by(reader).filter(pk=OuterRef("pk"))
    return found.annotate(reader_may_authorize=Exists(allowed))


def may_authorize(account: MailAccount, reader: Any = None) -> bool:
    """Whether ``reader`` (the owner unless said otherwise) may authorize ``account``; asks unless ``prepared`` has."""
    if reader is None or account.owner_id == reader.pk:
        return True
    if "reader_may_authorize" in account.__dict__:
        return bool(account.__dict__["reader_may_authorize"])
    return MailAccount.objects.authorizable_by(reader).filter(pk=account.pk).exists()


def _asked() -> dict[str, Any]:
    """What is asked of the database for each account."""
    return {
        "receive_rank": _receive_rank(),
        "send_rank": _send_rank(),
        "receive_attempt_code": _last_code("incoming_server__authorization_server"),
        "send_attempt_code": _last_code("outgoing_server__authorization_server"),
    }


#: Key, word, condition: an account fits one of them, by the worse of its two directions.
FILTERS: list[tuple[str, Any, Q]] = [
    (key, word, Q(Exact(_account_rank(), RANKS[key]))) for key, (word, _state) in WORDS.items()
]


def in_state(keys: Iterable[str]) -> Q:
    """Condition: the worse of the two directions is in one of these states; asked once, unlike FILTERS joined by or."""
    return Q(In(_account_rank(), [RANKS[key] for key in keys]))


def counts(accounts: models.QuerySet[MailAccount]) -> dict[str, int]:
    """How many of ``accounts`` are in each state, in the order of FILTERS; they add up to all of them."""
    rows = accounts.order_by().annotate(account_rank=_account_rank()).values("account_rank")
    found = {_KEYS[row["account_rank"]]: row["number"] for row in rows.annotate(number=Count("pk"))}
    return {key: found.get(key, 0) for key in WORDS}


def key_of(account: MailAccount, direction: str) -> str:
    """The state of one direction; asks the database unless ``prepared`` has."""
    return _KEYS[_known(account, f"{direction}_rank") or 0]


def attempt_code_of(account: MailAccount, direction: str) -> str:
    """How the latest attempt to authorize a direction ended; empty when it succeeded, or there was none."""
    return _known(account, f"{direction}_attempt_code") or ""


def _known(account: MailAccount, column: str) -> Any:
    if column in account.__dict__:
        return account.__dict__[column]
    if account.pk is None or not _uses_a_connection(account, column.partition("_")[0]):
        return None
    account.__dict__.update(_found(account.pk))
    return account.__dict__[column]


#: A key that no row has; it holds the place of the account's in the statement that is kept.
_NO_ACCOUNT = -(1 << 40)


@functools.cache
def _statement(vendor: str) -> tuple[str, tuple[Any, ...], list[str]]:
    """The question about one account as SQL, its parameters, and the names of its columns.

    It is asked for every page of mail, and writing the expression as SQL costs more than the answer.
    """
    asked = _asked()
    rows = MailAccount.objects.order_by().filter(pk=_NO_ACCOUNT).values(**asked)
    sql, parameters = rows.query.sql_with_params()
    return sql, parameters, list(asked)


def _found(pk: Any) -> dict[str, Any]:
    sql, parameters, names = _statement(connection.vendor)
    with connection.cursor() as cursor:
        cursor.execute(sql, [pk if value == _NO_ACCOUNT else value for value in parameters])
        row = cursor.fetchone()
    return dict(zip(names, row or [None] * len(names), strict=True))


def forget(account: MailAccount) -> None:
    """What was known of the state of ``account`` is over: its connections have changed."""
    for column in _asked():
        account.__dict__.pop(column, None)


def server_of(account: MailAccount, direction: str) -> AuthorizationServer | None:
    """The authorization server of one direction, when that direction uses one."""
    if direction == RECEIVE and _receives_with_grant(account):
        return account.incoming_server.authorization_server
    if direction == SEND and _sends_with_grant(account) and account.outgoing_server:
        return account.outgoing_server.authorization_server
    return None


def grant_of(account: MailAccount, direction: str) -> Grant | None:
    """The connection of one direction, following *same as receiving*; none when it is another server's."""
    grant = account.receive_grant if direction == RECEIVE else account.effective_send_grant
    server = server_of(account, direction)
    return grant if grant and server and grant.server_id == server.pk else None


def _uses_a_connection(account: MailAccount, direction: str) -> bool:
    """Whether a direction signs in with a token; with a password the database need not be asked."""
    if direction == RECEIVE:
        return _receives_with_grant(account)
    return account.outgoing_server_id is not None and _sends_with_grant(account)


def _receives_with_grant(account: MailAccount) -> bool:
    return account.receive_authentication == MailAccount.ReceiveAuthentication.OAUTH2


def _sends_with_grant(account: MailAccount) -> bool:
    if account.send_authentication == _Send.SAME_AS_RECEIVING:
        return _receives_with_grant(account)
    return account.send_authentication == _Send.OAUTH2
