"""Removing an account: hidden at once, erased in slices, with what only it had."""

from __future__ import annotations

import pytest

from tests.factories import webmail as make
from webmail import removal
from webmail.models import MailAccount, MailServer, Message, OutgoingMessage, RemoteOperation
from webmail.signals import account_removed

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> MailAccount:
    """An account with three messages, a draft and a change for the server."""
    account = make.account_with_folders()
    inbox = make.inbox(account)
    for number in range(3):
        message = make.received(inbox, make.raw_message(subject=f"Number {number}"))
    make.OutgoingMessageFactory(account=account)
    RemoteOperation.objects.create(
        account=account, kind="store_flags", mailbox=inbox, message=message
    )
    return account


def test_a_removed_account_is_hidden_before_anything_is_deleted(account) -> None:
    removal.begin(account)
    assert not MailAccount.objects.visible_to(account.owner)
    assert not Message.objects.visible_to(account.owner)
    assert not OutgoingMessage.objects.visible_to(account.owner)
    assert account.messages.count() == 3


def test_erasing_takes_everything_of_the_account_and_nothing_else(account) -> None:
    other = make.account_with_folders()
    make.received(make.inbox(other))
    removal.begin(account)
    assert removal.erase_removed() is False
    assert list(MailAccount.objects.all()) == [other]
    assert Message.objects.count() == 1
    assert not OutgoingMessage.objects.exists()
    assert not RemoteOperation.objects.exists()


def test_erasing_goes_on_where_its_time_was_over(account, monkeypatch) -> None:
    monkeypatch.setattr(removal, "_SLICE", 2)
    removal.begin(account)
    ticks = iter(
        [0.0, *[1.0] * 3, 61.0]
    )  # one slice of each kind fits, the second of messages does not
    assert removal.erase_removed(clock=lambda: next(ticks)) is True
    assert account.messages.count() == 1
    assert removal.erase_removed() is False
    assert not MailAccount.objects.exists()


def test_an_account_that_is_being_received_waits(account) -> None:
    removal.begin(account)
    MailAccount.objects.update(lease_owner="worker", lease_expires_at=make.NOON.replace(year=2999))
    assert removal.erase_removed() is False
    assert MailAccount.objects.exists()


def test_typed_servers_go_with_their_account(account) -> None:
    registered = account.outgoing_server
    MailServer.objects.filter(pk=account.incoming_server_id).update(is_individual=True)
    removal.begin(account)
    removal.erase_removed()
    assert list(MailServer.objects.all()) == [registered]


def test_whoever_looks_after_connections_is_told_while_they_are_still_known(account) -> None:
    grant = make.GrantFactory()
    MailAccount.objects.update(receive_grant=grant)
    account.refresh_from_db()
    told = []

    def receive(sender, account, **_more) -> None:
        told.append(account.receive_grant)

    account_removed.connect(receive)
    try:
        removal.begin(account)
    finally:
        account_removed.disconnect(receive)
    assert told == [grant]


def test_the_address_is_free_again_at_once(account) -> None:
    removal.begin(account)
    same = MailAccount.objects.kept().filter(owner=account.owner, address=account.address)
    assert not same.exists()
