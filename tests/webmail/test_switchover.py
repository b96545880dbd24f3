"""Many accounts moved to OAuth 2.0 in one step, and the step taken back."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from groupware.audit.models import AuditEvent
from tests.factories import webmail as make
from webmail import switchover
from webmail.models import MailAccount, MailServer, Switchover

pytestmark = pytest.mark.django_db
OLD = "old.example.test"


@pytest.fixture
def step() -> Switchover:
    """From the old host with passwords to servers with an authorization server."""
    server = make.AuthorizationServerFactory()
    return Switchover.objects.create(
        host=OLD,
        authentication="password",
        incoming_server=make.MailServerFactory(authorization_server=server),
        outgoing_server=make.MailServerFactory(protocol="smtp", authorization_server=server),
    )


def old_account(**values) -> MailAccount:
    server = MailServer.objects.filter(host=OLD).first() or make.MailServerFactory(host=OLD)
    return make.MailAccountFactory(**({"incoming_server": server} | values))


def columns(account: MailAccount) -> dict:
    return switchover.values_of(MailAccount.objects.get(pk=account.pk))


def apply(step: Switchover) -> int:
    accounts = MailAccount.objects.kept()
    return switchover.apply(
        step, accounts, switchover.fingerprint(switchover.moves(step, accounts))
    )


def test_accounts_are_found_by_host_whoever_registered_the_server(step):
    registered = old_account()
    own = old_account(incoming_server=make.MailServerFactory(host=OLD.upper(), is_individual=True))
    make.MailAccountFactory()
    old_account(receive_authentication="oauth2")
    found = {move.account for move in switchover.moves(step, MailAccount.objects.kept())}
    assert found == {registered, own}


def test_applying_moves_settings_keeps_the_password_and_tells_the_log(step):
    account = old_account(receive_username="aoki", send_username="aoki@example.test")
    assert apply(step) == 1
    after = MailAccount.objects.get()
    assert after.incoming_server == step.incoming_server
    assert after.outgoing_server == step.outgoing_server
    assert (after.receive_authentication, after.send_authentication) == (
        "oauth2",
        "same_as_receiving",
    )
    assert (after.receive_username, after.send_username) == ("", "aoki@example.test")
    assert after.receive_password == "correct horse"
    event = AuditEvent.objects.get(name="webmail.account.switched")
    assert event.target_label == str(account)
    assert "incoming_server_id" in event.details["fields"]


def test_undoing_restores_every_setting_exactly(step):
    account = old_account(
        receive_username="aoki", send_authentication="password", send_password="x"
    )
    before = columns(account)
    apply(step)
    assert columns(account) != before
    assert switchover.undo(step) == (1, 0)
    assert columns(account) == before
    account.refresh_from_db()
    assert (account.receive_password, account.send_password) == ("correct horse", "x")
    step.refresh_from_db()
    assert step.state == "undone"


def test_an_authorized_account_and_a_changed_one_stay_when_the_step_is_taken_back(step):
    authorized, changed, untouched = old_account(), old_account(), old_account()
    apply(step)
    grant = make.GrantFactory(server=step.incoming_server.authorization_server)
    MailAccount.objects.filter(pk=authorized.pk).update(receive_grant=grant)
    MailAccount.objects.filter(pk=changed.pk).update(receive_username="somebody")
    assert switchover.undo(step) == (1, 2)
    passwords = MailAccount.objects.filter(receive_authentication="password")
    assert list(passwords) == [untouched]
    step.refresh_from_db()
    assert step.state == "applied"


def test_one_account_alone_can_be_taken_back(step):
    one, other = old_account(), old_account()
    apply(step)
    assert switchover.undo(step, [one.public_id]) == (1, 0)
    assert columns(one)["receive_authentication"] == "password"
    assert columns(other)["receive_authentication"] == "oauth2"


def test_an_account_with_mail_of_another_protocol_stays_and_says_why(step):
    pop = make.MailServerFactory(host=OLD, protocol="pop3")
    make.account_with_folders(incoming_server=pop)
    (move,) = switchover.moves(step, MailAccount.objects.kept())
    assert "POP3" in move.obstacle
    assert apply(step) == 0


def test_sending_with_the_password_of_receiving_needs_a_server_to_move_to(step):
    old_account()
    step.outgoing_server = None
    step.save()
    (move,) = switchover.moves(step, MailAccount.objects.kept())
    assert move.obstacle


def test_nothing_is_applied_when_accounts_changed_after_the_preview(step):
    accounts = MailAccount.objects.kept()
    old_account()
    seen = switchover.fingerprint(switchover.moves(step, accounts))
    old_account()
    with pytest.raises(switchover.ChangedMeanwhileError):
        switchover.apply(step, accounts, seen)
    assert not MailAccount.objects.filter(receive_authentication="oauth2").exists()


def test_a_step_is_applied_once(step):
    old_account()
    apply(step)
    with pytest.raises(switchover.ChangedMeanwhileError):
        apply(step)


def test_passwords_are_erased_after_the_authorization_and_not_before(step):
    waiting, authorized = old_account(), old_account()
    apply(step)
    grant = make.GrantFactory(server=step.incoming_server.authorization_server)
    MailAccount.objects.filter(pk=authorized.pk).update(receive_grant=grant)
    switchover.erase_passwords()
    kept = {account.pk: account.receive_password for account in MailAccount.objects.all()}
    assert kept == {waiting.pk: "correct horse", authorized.pk: ""}


def test_the_number_of_queries_does_not_grow_with_the_accounts(step):
    def counted(number: int) -> tuple[int, int]:
        for _ in range(number):
            old_account()
        step.pk = None
        step._state.adding = True
        step.public_id = uuid4()
        step.save()
        with CaptureQueriesContext(connection) as applied:
            apply(step)
        with CaptureQueriesContext(connection) as undone:
            switchover.undo(step)
        return len(applied), len(undone)

    assert counted(1) == counted(11)
