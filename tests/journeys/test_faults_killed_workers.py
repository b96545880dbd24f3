"""The worker process is killed in the middle of its work: nothing lost, nothing doubled, unclear is called unclear."""

from __future__ import annotations

from tests.conftest import kill_workers
from tests.faults import TO_CLIENT, TO_SERVER, FaultyProxy
from tests.journeys.town import ADDRESS, Town, eventually
from tests.journeys.visitor import Visitor
from tests.journeys.working import let_leases_end, working
from webmail import tasks
from webmail.models import MailAccount, Message, OutgoingMessage

State = OutgoingMessage.State
UNCLEAR = "We could not confirm that this message was sent"


def test_workers_killed_while_receiving_lose_nothing_and_double_nothing(
    town: Town, imap: FaultyProxy
) -> None:
    town.deliver("olga", "One", "Two", "Three")
    account = town.account("olga", incoming_server=town.mail_server("olga", "imap", imap.port))

    half_way = imap.hold_on(rb"Subject: Two", TO_CLIENT)
    with working() as worker:
        half_way.wait()
        kill_workers(worker)
    assert not Message.objects.exists()

    committed = imap.hold_on(rb"LOGOUT", TO_SERVER, is_passed_on=False)
    let_leases_end()
    with working() as worker:
        committed.wait()
        kill_workers(worker)
    assert town.subjects(account) == ["One", "Three", "Two"]
    before = set(Message.objects.values_list("pk", flat=True))

    let_leases_end()
    town.deliver("olga", "Four")
    with working():
        eventually(lambda: "Four" in town.subjects(account), "the next worker goes on")
    assert town.subjects(account) == ["Four", "One", "Three", "Two"]
    assert before < set(Message.objects.values_list("pk", flat=True))


def send(visitor: Visitor, to: str) -> OutgoingMessage:
    """Write a message in the composer and press Send."""
    visitor.post("/mail/compose/")
    visitor.submit(visitor.page.form("subject"), ("send", "1"), to=to, subject="Plan", text="Yes.")
    assert visitor.page.status == 200, visitor.page.words
    return OutgoingMessage.objects.get()


def behind_proxy(office: Town, username: str, submission: FaultyProxy) -> MailAccount:
    """An account that sends through the proxy."""
    server = office.mail_server(username, "smtp", submission.port)
    account = office.account(username, outgoing_server=server)
    office.sweep()
    return account


def test_killed_before_data_the_message_leaves_once(office: Town, submission: FaultyProxy) -> None:
    behind_proxy(office, "olga", submission)
    place = submission.hold_on(rb"DATA\r\n", TO_SERVER, is_passed_on=False)
    with working() as worker:
        outgoing = send(office.visitor("olga"), ADDRESS["kenji"])
        place.wait()
        kill_workers(worker)
    place.drop()
    let_leases_end()
    tasks.deliver_due()
    tasks.deliver(outgoing.pk)
    tasks.deliver(outgoing.pk)
    outgoing.refresh_from_db()
    assert (outgoing.state, outgoing.attempts) == (State.SENT, 2)
    assert office.subjects_on_server("kenji") == ["Plan"]


def test_killed_after_the_final_dot_it_is_unclear_until_its_copy_is_found(
    office: Town, submission: FaultyProxy
) -> None:
    account = behind_proxy(office, "alice", submission)
    visitor = office.visitor("alice")
    answer = submission.hold_on(rb"\r\n354 [^\r]*\r\n", TO_CLIENT)
    with working() as worker:
        outgoing = send(visitor, ADDRESS["kenji"])
        answer.wait()
        eventually(lambda: office.on_server("alice", "Sent"), "the server has taken the message")
        kill_workers(worker)
    let_leases_end()
    tasks.deliver_due()
    outgoing.refresh_from_db()
    assert outgoing.state == State.UNCLEAR
    assert UNCLEAR in visitor.get("/mail/outbox/").words

    office.sweep()
    tasks.deliver(outgoing.pk)
    outgoing.refresh_from_db()
    assert outgoing.state == State.SENT
    assert UNCLEAR not in visitor.get("/mail/outbox/").words
    assert office.subjects_on_server("kenji") == ["Plan"]
    assert (
        office.subjects_on_server("alice", "Sent") == ["Plan"] == office.subjects(account, "sent")
    )


def test_killed_with_the_final_dot_on_its_way_a_person_decides(
    office: Town, submission: FaultyProxy
) -> None:
    behind_proxy(office, "olga", submission)
    visitor = office.visitor("olga")
    dot = submission.hold_on(rb"\r\n\.\r\n", TO_SERVER, is_passed_on=False)
    with working() as worker:
        outgoing = send(visitor, ADDRESS["kenji"])
        dot.wait()
        kill_workers(worker)
    dot.drop()
    let_leases_end()
    tasks.deliver_due()
    office.sweep()
    tasks.deliver(outgoing.pk)
    outgoing.refresh_from_db()
    assert outgoing.state == State.UNCLEAR and office.on_server("kenji") == []

    visitor.get("/mail/outbox/")
    assert UNCLEAR in visitor.page.words
    visitor.submit(visitor.page.form("/send-again/"))
    tasks.deliver(outgoing.pk)
    outgoing.refresh_from_db()
    assert outgoing.state == State.SENT
    assert office.subjects_on_server("kenji") == ["Plan"]
    assert [found.mail["Message-ID"].strip() for found in office.on_server("kenji")] == [
        outgoing.message_id
    ]
