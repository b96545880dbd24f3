"""A message leaves once, or says why not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from groupware import leases
from tests.factories.webmail import OutgoingMessageFactory
from tests.faults.proxy import TO_CLIENT, TO_SERVER, FaultyProxy
from tests.faults.scripted import ScriptedServer, Turn
from tests.webmail.conftest import PIERRE, MailWorld, receive
from webmail import outbox, rawstore, sync
from webmail.models import MailAccount, Message, OutgoingMessage, RemoteOperation
from webmail.models.server import Security

State = OutgoingMessage.State
Health = MailAccount.Health

OK = [
    Turn(r"EHLO", "250-scripted\r\n250 8BITMIME"),
    Turn(r"RSET|NOOP", "250 ok"),
    Turn(r"QUIT", "221 bye", hangs_up=True),
]


def written(account: MailAccount, **values) -> OutgoingMessage:
    return OutgoingMessageFactory(account=account, **({"to": PIERRE, "subject": "Plan"} | values))


def queued(account: MailAccount, **values) -> OutgoingMessage:
    """A message whose seconds of undoing are over."""
    outgoing = written(account, **values)
    outbox.queue(outgoing, now=timezone.now() - timedelta(minutes=5))
    return outgoing


def delivered(outgoing: OutgoingMessage) -> OutgoingMessage:
    outbox.deliver(outgoing.pk)
    outgoing.refresh_from_db()
    return outgoing


def scripted_account(world: MailWorld, server: ScriptedServer) -> MailAccount:
    """An account that sends without signing in, to a server that answers as written."""
    smtp = world.server("smtp", server.port, host="127.0.0.1")
    smtp.security = Security.NONE
    smtp.save()
    return world.account(
        "imap", outgoing_server=smtp, send_authentication=MailAccount.SendAuthentication.NONE
    )


def test_a_message_leaves_with_its_frozen_bytes_and_is_filed_once(world: MailWorld) -> None:
    account = world.account()
    outgoing = queued(account, bcc="secret@atelier.example", cc="PIERRE@atelier.example")
    assert len(outgoing.envelope_to) == 2 and "secret@atelier.example" in outgoing.envelope_to
    frozen = rawstore.read(outgoing.digest)
    assert b"secret@" not in frozen

    OutgoingMessage.objects.filter(pk=outgoing.pk).update(envelope_to=[PIERRE])
    assert delivered(outgoing).state == State.SENT

    receive(account)
    receive(account)
    assert world.on_server() == {"Plan": ""}
    assert world.on_server("Sent") == {"Plan": "\\Seen"}
    assert Message.objects.filter(mailbox__name="Sent").count() == 1
    copy = Message.objects.get(mailbox__name="Sent")
    assert copy.message_id == outgoing.message_id and copy.digest == outgoing.digest
    account.refresh_from_db()
    assert account.send_health == Health.WORKING and account.sent_at


def test_filing_again_after_a_crash_files_no_second_copy(world: MailWorld) -> None:
    account = world.account()
    delivered(queued(account))
    sync.push(account.pk)
    RemoteOperation.objects.update(state=RemoteOperation.State.WAITING)
    sync.push(account.pk)
    receive(account)
    assert Message.objects.filter(mailbox__name="Sent").count() == 1


def test_undo_makes_a_draft_again_until_it_leaves(world: MailWorld) -> None:
    outgoing = written(world.account())
    outbox.queue(outgoing)
    assert outgoing.state == State.QUEUED and outgoing.send_after > timezone.now()
    assert outbox.deliver(outgoing.pk) == ""
    assert outbox.cancel(outgoing) is True
    assert (outgoing.state, outgoing.digest, outgoing.message_id) == (State.DRAFT, "", "")

    sent = delivered(queued(outgoing.account))
    assert outbox.cancel(sent) is False and sent.state == State.SENT


def test_pressing_send_twice_sends_once(world: MailWorld) -> None:
    outgoing = queued(world.account())
    identifier = outgoing.message_id
    outbox.queue(outgoing)
    assert outgoing.message_id == identifier
    delivered(outgoing)
    delivered(outgoing)
    assert world.on_server() == {"Plan": ""}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"to": ""}, "to"),
        ({"to": "nobody"}, "to"),
        ({"cc": "a@b.example\r\nBcc: c@d.example, x"}, "cc"),
        ({"subject": "One\r\nBcc: x@y.example"}, "subject"),
    ],
)
def test_what_cannot_be_sent_is_refused_at_its_field(
    world: MailWorld, values: dict[str, str], field: str
) -> None:
    outgoing = written(world.account(), **values)
    with pytest.raises(outbox.ComposeError) as refusal:
        outbox.queue(outgoing)
    assert refusal.value.field == field
    outgoing.refresh_from_db()
    assert outgoing.state == State.DRAFT


def test_a_temporary_refusal_is_tried_again_later(world: MailWorld) -> None:
    turns = [*OK, Turn(r"MAIL FROM", "451 4.7.1 greylisted", times=1), Turn(r"MAIL|RCPT", "250 ok")]
    turns.append(Turn(r"DATA", "354 go"))
    turns.append(Turn(r"From:", "250 2.0.0 taken", takes_data=True))
    with ScriptedServer("220 ready", turns) as server:
        outgoing = delivered(queued(scripted_account(world, server)))
        assert (outgoing.state, outgoing.attempts) == (State.QUEUED, 1)
        assert "greylisted" in outgoing.error_text and outgoing.send_after > timezone.now()
        outgoing.account.refresh_from_db()
        assert outgoing.account.send_health == Health.RETRYING
        OutgoingMessage.objects.update(send_after=timezone.now())
        assert delivered(outgoing).state == State.SENT
        assert outgoing.error_code == ""


def test_after_five_days_it_counts_as_not_sent(world: MailWorld) -> None:
    with ScriptedServer("220 ready", [*OK, Turn(r"MAIL FROM", "451 4.3.0 later")]) as server:
        outgoing = queued(scripted_account(world, server))
        old = timezone.now() - timedelta(days=6)
        OutgoingMessage.objects.update(queued_at=old, send_after=old)
        assert delivered(outgoing).state == State.FAILED
        assert outbox.retry(outgoing) and outgoing.state == State.QUEUED


def test_a_permanent_refusal_ends_with_the_servers_words(world: MailWorld) -> None:
    turns = [*OK, Turn(r"MAIL FROM", "250 ok"), Turn(r"RCPT", "550 5.1.1 no such person")]
    with ScriptedServer("220 ready", turns) as server:
        outgoing = delivered(queued(scripted_account(world, server)))
    assert (outgoing.state, outgoing.error_code) == (State.FAILED, "recipients_refused")
    assert "no such person" in outgoing.refused[PIERRE]
    assert not RemoteOperation.objects.exists()
    assert outbox.cancel(outgoing) and outgoing.state == State.DRAFT


def test_a_partial_refusal_is_sent_and_names_the_refused(world: MailWorld) -> None:
    turns = [
        *OK,
        Turn(r"MAIL FROM", "250 ok"),
        Turn(r"RCPT TO:<gone@", "550 5.1.1 gone"),
        Turn(r"RCPT", "250 ok"),
        Turn(r"DATA", "354 go"),
        Turn(r"From:", "250 2.0.0 taken", takes_data=True),
    ]
    with ScriptedServer("220 ready", turns) as server:
        account = scripted_account(world, server)
        outgoing = delivered(queued(account, to=f"{PIERRE}, gone@atelier.example"))
    assert outgoing.state == State.SENT
    assert outgoing.refused == {"gone@atelier.example": "5.1.1 gone"}


def test_no_answer_after_the_last_dot_is_unclear_and_stays_so(world: MailWorld) -> None:
    turns = [
        *OK,
        Turn(r"MAIL FROM|RCPT", "250 ok"),
        Turn(r"DATA", "354 go"),
        Turn(r"From:", "", takes_data=True, hangs_up=True),
    ]
    with ScriptedServer("220 ready", turns) as server:
        account = scripted_account(world, server)
        outgoing = delivered(queued(account))
        assert (outgoing.state, outgoing.error_code) == (State.UNCLEAR, "submission_unclear")
        assert server.connections == 1
        for _round in range(3):
            assert outbox.recover() == 0 and outbox.due() == []
            delivered(outgoing)
        assert (outgoing.state, server.connections) == (State.UNCLEAR, 1)
    receive(account)
    assert outbox.reconcile(account.pk) == 0

    assert outbox.confirm_arrived(outgoing) and outgoing.state == State.SENT
    assert outbox.send_again(outgoing) is False


def test_an_unclear_message_that_turns_up_counts_as_sent(world: MailWorld) -> None:
    with FaultyProxy(world.sandbox.submission.port) as proxy:
        server = world.server("smtp", proxy.port)
        server.security = Security.NONE
        server.save()
        account = world.account(outgoing_server=server)
        proxy.cut_on(rb"\r\n\.\r\n", TO_SERVER)
        outgoing = delivered(queued(account))
        assert outgoing.state == State.UNCLEAR
    receive(account)
    assert outbox.reconcile(account.pk) == 1
    outgoing.refresh_from_db()
    assert outgoing.state == State.SENT
    assert world.on_server() == {"Plan": ""}


def test_a_connection_lost_before_the_last_dot_is_tried_again(world: MailWorld) -> None:
    with FaultyProxy(world.sandbox.submission.port) as proxy:
        server = world.server("smtp", proxy.port)
        server.security = Security.NONE
        server.save()
        account = world.account(outgoing_server=server)
        proxy.cut_on(rb"354 ", TO_CLIENT, is_passed_on=False, times=1)
        outgoing = delivered(queued(account))
        assert outgoing.state == State.QUEUED
        OutgoingMessage.objects.update(send_after=timezone.now())
        assert delivered(outgoing).state == State.SENT
    receive(account)
    assert world.on_server() == {"Plan": ""}


@pytest.mark.parametrize(
    ("phase", "state"),
    [
        ("", State.QUEUED),
        ("mail", State.QUEUED),
        ("rcpt", State.QUEUED),
        ("data_started", State.UNCLEAR),
        ("handed_over", State.UNCLEAR),
        ("accepted", State.SENT),
    ],
)
def test_the_phase_of_a_dead_worker_decides(world: MailWorld, phase: str, state: str) -> None:
    outgoing = queued(world.account())
    lease = leases.take(OutgoingMessage.objects.all(), outgoing.pk, 60)
    lease.rows.update(state=State.SENDING, phase=phase)
    assert outbox.recover() == 0  # the worker may be alive
    lease.extend(-1)
    assert outbox.recover() == 1
    outgoing.refresh_from_db()
    assert outgoing.state == state


def test_a_person_may_send_an_unclear_message_again(world: MailWorld) -> None:
    outgoing = queued(world.account())
    OutgoingMessage.objects.update(state=State.UNCLEAR)
    assert outbox.send_again(outgoing)
    assert delivered(outgoing).state == State.SENT


def test_a_wrong_password_keeps_the_message_and_asks_the_owner(world: MailWorld) -> None:
    account = world.account(
        send_authentication=MailAccount.SendAuthentication.PASSWORD, send_password="wrong"
    )
    outgoing = delivered(queued(account))
    account.refresh_from_db()
    assert (outgoing.state, outgoing.error_code) == (State.QUEUED, "authentication_failed")
    assert account.send_health == Health.OWNER_REQUIRED
    assert account.receive_health == Health.UNTRIED


def test_answering_marks_the_original_here_and_there(world: MailWorld) -> None:
    world.deliver("Question", "Other")
    account = world.account()
    receive(account)
    original = Message.objects.get(subject="Question")
    delivered(queued(account, kind="reply", original=original, subject="Re: Question"))
    delivered(queued(account, kind="forward", original=original, subject="Fwd: Question"))
    sync.push(account.pk)
    assert world.on_server()["Question"] == "$Forwarded \\Answered"
    original.refresh_from_db()
    assert original.is_answered and original.keywords == ["$Forwarded"]


def test_a_pop3_account_keeps_its_sent_mail_here(world: MailWorld) -> None:
    account = world.account("pop3")
    delivered(queued(account, text="Bonjour"))
    copy = Message.objects.get(mailbox__role="sent")
    assert (copy.subject, copy.is_seen, copy.preview) == ("Plan", True, "Bonjour")
    assert copy.mailbox.is_local and copy.mailbox.total == 1
    assert not RemoteOperation.objects.exists()


def test_switched_off_accounts_hold_their_mail(world: MailWorld) -> None:
    outgoing = queued(world.account())
    MailAccount.objects.update(is_enabled=False)
    assert delivered(outgoing).state == State.QUEUED
    assert world.on_server() == {}
