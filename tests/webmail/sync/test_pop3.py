"""Receiving by POP3 from a real Dovecot into local folders."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.factories.webmail import MailAccountFactory, MailServerFactory
from tests.faults.proxy import TO_SERVER, FaultyProxy
from tests.faults.scripted import ScriptedServer, Turn
from tests.webmail.conftest import MailWorld, receive, subjects
from webmail import actions, rawstore
from webmail.models import MailAccount, Mailbox, Message, RemoteOperation
from webmail.models.server import Security
from webmail.sync import Outcome, pop3_account
from webmail.sync.pop3 import Retention, RetrievedMessage, arrivals, deletable

NOON = datetime(2026, 11, 12, 12, tzinfo=UTC)


def test_mail_arrives_once_in_a_local_inbox_beside_other_local_folders(world: MailWorld) -> None:
    world.deliver("One", "Two")
    account = world.account("pop3")

    assert receive(account) == Outcome.DONE
    assert receive(account) == Outcome.DONE

    assert subjects(account) == ["Two", "One"]
    inbox = Mailbox.objects.get(account=account, role=Mailbox.Role.INBOX)
    assert (inbox.is_local, inbox.total, inbox.unseen) == (True, 2, 2)
    roles = set(Mailbox.objects.filter(account=account).values_list("role", flat=True))
    assert roles == {"inbox", "drafts", "sent", "archive", "junk", "trash"}
    assert sorted(world.on_server()) == ["One", "Two"]
    world.deliver("Three")
    receive(account)
    assert subjects(account) == ["Three", "Two", "One"]


def test_marking_and_moving_stay_here(world: MailWorld) -> None:
    world.deliver("One")
    account = world.account("pop3")
    receive(account)
    actions.mark_seen(account.owner, Message.objects.all())
    actions.archive(account.owner, Message.objects.all())
    receive(account)
    assert subjects(account, "Archive") == ["One"] and subjects(account) == []
    assert not RemoteOperation.objects.exists()


def test_what_is_not_to_stay_goes_at_the_second_listing_only(world: MailWorld) -> None:
    world.deliver("One")
    account = world.account("pop3", leaves_on_server=False)
    receive(account)
    assert list(world.on_server()) == ["One"]
    world.deliver("Two")
    receive(account)
    assert list(world.on_server()) == ["Two"]
    receive(account)
    assert world.on_server() == {}
    assert subjects(account) == ["Two", "One"]


def test_nothing_goes_from_the_server_whose_bytes_are_not_here(world: MailWorld) -> None:
    world.deliver("One")
    account = world.account("pop3", leaves_on_server=False)
    receive(account)
    digest = Message.objects.get().digest
    rawstore.collect(grace=timedelta(0))
    Message.objects.update(digest="0" * 64)
    assert rawstore.exists(digest)
    receive(account)
    assert list(world.on_server()) == ["One"]


def test_a_message_deleted_for_good_here_is_not_fetched_again(world: MailWorld) -> None:
    world.deliver("One", "Two")
    account = world.account("pop3")
    receive(account)
    one = Message.objects.filter(subject="One")
    actions.delete(account.owner, one)
    actions.delete(account.owner, one)
    assert pop3_account.erase_deleted() == 1
    receive(account)
    assert subjects(account) == ["Two"] and subjects(account, "Trash") == []
    rest = Message.objects.get(is_deleted=True)
    assert (rest.subject, rest.digest, rest.from_address, rest.to) == ("", "", "", [])

    world.wipe()
    receive(account)
    assert Message.objects.count() == 1


def test_a_connection_lost_before_quit_costs_nothing(world: MailWorld) -> None:
    world.deliver("One", "Two")
    with FaultyProxy(world.sandbox.pop3.port) as proxy:
        server = world.server("pop3", proxy.port)
        server.security = Security.NONE
        server.save()
        account = world.account("pop3", incoming_server=server, leaves_on_server=False)
        receive(account)
        proxy.cut_on(rb"QUIT", TO_SERVER, is_passed_on=False, times=1)
        assert receive(account) == Outcome.FAILED
        assert account.receive_health == MailAccount.Health.RETRYING
        assert len(world.on_server()) == 2
        proxy.mend()
        assert receive(account) == Outcome.DONE
    assert world.on_server() == {}
    assert subjects(account) == ["Two", "One"]


def test_a_download_cut_in_the_middle_goes_on_at_the_next_run(world: MailWorld) -> None:
    world.deliver("One", "Two", "Three")
    with FaultyProxy(world.sandbox.pop3.port) as proxy:
        server = world.server("pop3", proxy.port)
        server.security = Security.NONE
        server.save()
        account = world.account("pop3", incoming_server=server)
        proxy.cut_on(rb"RETR 2\r\n", TO_SERVER, times=1)
        assert receive(account) == Outcome.FAILED
        assert receive(account) == Outcome.DONE
    assert sorted(subjects(account)) == ["One", "Three", "Two"]
    assert Message.objects.count() == 3


class ListedMessages:
    """A session of the pure strategy's tests."""

    def retrieve(self, number: int) -> bytes:
        return f"message {number}".encode()


def test_only_unknown_messages_are_retrieved_newest_first() -> None:
    listing = {"a": 1, "b": 2, "c": 3}
    found = [message for batch in arrivals(ListedMessages(), listing, {"b"}) for message in batch]
    assert found == [RetrievedMessage("c", b"message 3"), RetrievedMessage("a", b"message 1")]


def test_a_message_the_server_cannot_hand_over_does_not_hold_up_the_rest(db: None) -> None:
    turns = [
        Turn("CAPA", "+OK\nUSER\nUIDL\n."),
        Turn("USER|PASS|QUIT", "+OK"),
        Turn("UIDL", "+OK\n1 one\n2 two\n3 th\x00ree\n."),
        Turn("RETR 2", "-ERR the message cannot be converted"),
        Turn("RETR ([13])", "+OK\nSubject: Number \\1\n\n."),
    ]
    with ScriptedServer("+OK ready", turns) as server:
        incoming = MailServerFactory(
            protocol="pop3", host="localhost", port=server.port, security=Security.NONE
        )
        account = MailAccountFactory(incoming_server=incoming)
        assert receive(account) == Outcome.DONE
        assert sorted(subjects(account)) == ["Number 1", "Number 3"]
        assert receive(account) == Outcome.DONE
    assert Message.objects.count() == 2


def test_more_days_than_the_calendar_has_mean_never() -> None:
    retention = Retention(leaves_on_server=True, days=2**31 - 1)
    assert deletable({"old": 1}, {"old": NOON - timedelta(days=9)}, retention, NOON) == []


@pytest.mark.parametrize(
    ("retention", "expected"),
    [
        (Retention(leaves_on_server=True, days=0), []),
        (Retention(leaves_on_server=True, days=7), [1]),
        (Retention(leaves_on_server=False, days=7), [1, 2]),
        (Retention(leaves_on_server=False, days=0), [1, 2]),
    ],
)
def test_only_what_was_stored_before_may_go(retention: Retention, expected: list[int]) -> None:
    stored = {"old": NOON - timedelta(days=8), "young": NOON - timedelta(days=1), "gone": NOON}
    listing = {"old": 1, "young": 2, "new": 3}
    assert deletable(listing, stored, retention, NOON) == expected
