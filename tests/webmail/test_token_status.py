"""Token status: one state per direction, the same in rows, filters and counts, and words for every state."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from oauthservers.models import AuthorizationRequest, AuthorizationServer
from tests.factories import webmail as make
from webmail import token_status
from webmail.models import AccountMember, MailAccount, MailServer
from webmail.token_states import key_of


def in_hours(number: int) -> datetime:
    return timezone.now() + timedelta(hours=number)


def account_for(server: AuthorizationServer, **values: Any) -> MailAccount:
    """An account whose two directions trust ``server``."""
    incoming = make.MailServerFactory(authorization_server=server)
    outgoing = make.MailServerFactory(protocol="smtp", authorization_server=server)
    defaults = {"receive_authentication": "oauth2", "receive_password": ""}
    return make.MailAccountFactory(
        **(defaults | {"incoming_server": incoming, "outgoing_server": outgoing} | values)
    )


def attempt_of(account: MailAccount, somebody: Any, **values: Any) -> AuthorizationRequest:
    """An attempt of ``somebody`` to authorize the mailbox of ``account``."""
    values.pop("is_of_somebody_else", None)
    values["expires_at"] = in_hours(values.pop("hours", 1))
    return AuthorizationRequest.objects.create(
        server=account.incoming_server.authorization_server,
        user=somebody,
        owner=somebody,
        mailbox_address=account.sign_in_address,
        next_url="/",
        **values,
    )


@dataclass
class Situation:
    """What is true of an account (columns of its rows) and the state that follows from it."""

    key: str
    grant: dict[str, Any] | None = None
    attempts: list[dict[str, Any]] = field(default_factory=list)
    server: dict[str, Any] = field(default_factory=dict)
    account: dict[str, Any] = field(default_factory=dict)
    mail_server: dict[str, Any] = field(default_factory=dict)


ENDED = {"state": "reauthorization_required", "error_code": "invalid_grant"}
REFUSED = {"outcome": "failed", "error_code": "administrator_consent"}
CANCELLED = {"outcome": "failed", "error_code": "access_denied"}
OVER = {"hours": -1}

SITUATIONS = {
    "never authorized": Situation("not_authorized"),
    "first attempt cancelled": Situation(
        "not_authorized",
        attempts=[CANCELLED],
        account={"receive_health": "owner_required", "receive_error_code": "not_authorized"},
    ),
    "signing in for the first time": Situation("waiting_for_approval", attempts=[{}]),
    "sign-in that ran out": Situation("not_authorized", attempts=[OVER]),
    "somebody else signs in for the same address": Situation(
        "not_authorized", attempts=[{"is_of_somebody_else": True}]
    ),
    "organization wants approval": Situation("waiting_for_administrator", attempts=[REFUSED]),
    "approval was asked for, and then cancelled": Situation(
        "not_authorized", attempts=[REFUSED, CANCELLED]
    ),
    "connected": Situation("active", grant={}),
    "connected and signing in again": Situation("active", grant={}, attempts=[{}]),
    "slept, not renewed yet": Situation("active", grant=OVER),
    "renewing is late, token still good": Situation(
        "active", grant={"failures": 3, "error_code": "throttled"}
    ),
    "token over, renewing fails": Situation(
        "expired", grant={"failures": 3, "error_code": "unreachable", **OVER}
    ),
    "ended": Situation("authorization_needed", grant=ENDED),
    "ended and signing in again": Situation("waiting_for_approval", grant=ENDED, attempts=[{}]),
    "disconnected": Situation("authorization_needed", grant={"state": "revoked"}),
    "receiving not allowed": Situation(
        "authorization_needed",
        grant={},
        account={"receive_health": "owner_required", "receive_error_code": "missing_scope"},
    ),
    "connection of another server": Situation("not_authorized", grant={"server": None}),
    "server switched off": Situation(
        "waiting_for_administrator", grant={}, server={"is_enabled": False}
    ),
    "registration refused": Situation(
        "waiting_for_administrator", grant=ENDED, server={"fault_code": "client_secret_expired"}
    ),
    "key missing": Situation(
        "waiting_for_administrator",
        grant={},
        account={
            "receive_health": "administrator_required",
            "receive_error_code": "encryption_key_missing",
        },
    ),
    "mail server without authorization server": Situation(
        "waiting_for_administrator", mail_server={"authorization_server": None}
    ),
    "password": Situation("none", account={"receive_authentication": "password"}),
}


def build(name: str) -> MailAccount:
    """The account of one situation."""
    situation = SITUATIONS[name]
    server = make.AuthorizationServerFactory(name="Microsoft 365", **situation.server)
    account = account_for(server, **situation.account)
    for number, columns in enumerate(situation.attempts):
        somebody = make.PersonFactory() if columns.get("is_of_somebody_else") else account.owner
        attempt_of(account, somebody, state_hash=str(number), **columns)
    if situation.grant is not None:
        columns = {"server": server, "hours": 1, **situation.grant}
        columns["access_token_expires_at"] = in_hours(columns.pop("hours"))
        columns["server"] = columns["server"] or make.AuthorizationServerFactory()
        grant = make.GrantFactory(
            created_by=account.owner, mailbox_address=account.address, **columns
        )
        MailAccount.objects.filter(pk=account.pk).update(receive_grant=grant)
    MailServer.objects.filter(pk=account.incoming_server_id).update(**situation.mail_server)
    return MailAccount.objects.get(pk=account.pk)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_situation_has_its_status(db, situation: str) -> None:
    key = SITUATIONS[situation].key
    account = build(situation)
    status = token_status.status_of(account, "receive")
    assert status.key == key
    assert status.word == str(token_status.WORDS[key][0])
    assert bool(status.sentence) == (key != "none")
    assert "%(" not in status.sentence + status.who


@pytest.mark.parametrize("situation", SITUATIONS)
def test_exactly_one_filter_finds_an_account_and_the_counts_agree(db, situation: str) -> None:
    account = build(situation)
    worst = max(
        (key_of(account, direction) for direction in ("receive", "send")),
        key=token_status.RANKS.__getitem__,
    )
    everybody = MailAccount.objects.all()
    found = [
        key
        for key, _word, condition in token_status.FILTERS
        if everybody.filter(condition).exists()
    ]
    assert found == [worst]
    assert {key for key, number in token_status.counts(everybody).items() if number} == {worst}


def test_directions_have_states_of_their_own(db) -> None:
    account = build("connected")
    MailAccount.objects.update(
        send_health="owner_required", send_error_code="missing_scope", send_error_text="smtp"
    )
    account.refresh_from_db()
    statuses = token_status.statuses_of(account)
    assert [statuses["receive"].key, statuses["send"].key] == ["active", "authorization_needed"]
    assert "sending was not given" in statuses["send"].sentence
    assert "Receiving goes on." in statuses["send"].sentence
    assert statuses["send"].button
    assert not statuses["receive"].button


def test_account_that_does_not_send_has_no_status_for_sending(db) -> None:
    account = account_for(make.AuthorizationServerFactory(), outgoing_server=None)
    assert list(token_status.statuses_of(account)) == ["receive"]


def test_a_list_asks_once_however_many_accounts_it_has(db, django_assert_num_queries) -> None:
    server = make.AuthorizationServerFactory()
    for number in range(6):
        account = account_for(server)
        account.receive_grant = make.GrantFactory(
            server=server, created_by=account.owner, failures=number, error_code="unreachable"
        )
        account.save()
    with django_assert_num_queries(1):
        accounts = list(token_status.prepared(MailAccount.objects.all()))
        for account in accounts:
            token_status.statuses_of(account, accounts[0].owner)


def test_a_list_of_shared_accounts_asks_once_as_well(db, django_assert_num_queries) -> None:
    reader = make.PersonFactory()
    server = make.AuthorizationServerFactory()
    for _number in range(4):
        shared = account_for(server, kind="shared", owner=None)
        AccountMember.objects.create(account=shared, user=reader, role="reader")
    with django_assert_num_queries(2):  # does the reader administer webmail; the list
        visible = MailAccount.objects.visible_to(reader)
        for account in token_status.prepared(visible, reader):
            status = token_status.statuses_of(account, reader)["receive"]
            assert status.who == f"{account.address} has to sign in."


def test_an_administrator_is_told_who_has_to_sign_in(db) -> None:
    account = build("ended")
    assert "You can mend this." in token_status.status_of(account, "receive", account.owner).who
    told = token_status.status_of(account, "receive", make.PersonFactory()).who
    assert told == f"{account.address} has to sign in."


def test_application_access_asks_nobody_to_sign_in(db) -> None:
    server = make.AuthorizationServerFactory(name="Contoso", access="application")
    status = token_status.status_of(account_for(server), "receive")
    assert "nobody has to sign in" in status.sentence
    assert status.button == "Check access"
