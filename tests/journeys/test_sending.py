"""Undo, impatience, and sending from a mailbox whose folders are here."""

from __future__ import annotations

from tests.journeys.test_main_job import FILES, LINES, answer
from tests.journeys.town import ADDRESS, Town
from webmail import tasks
from webmail.models import Mailbox, Message, OutgoingMessage, WebmailPolicy

State = OutgoingMessage.State


def let_undo_end(outgoing: OutgoingMessage) -> None:
    """The seconds in which sending can be undone are over, and the worker's bell rings."""
    OutgoingMessage.objects.filter(pk=outgoing.pk).update(send_after=outgoing.created_at)
    tasks.deliver(outgoing.pk)
    outgoing.refresh_from_db()


def test_undo_makes_a_draft_again_and_nothing_leaves(office: Town) -> None:
    WebmailPolicy.objects.update(undo_seconds=30)
    office.account("olga")
    office.deliver("olga", "Question", From=ADDRESS["kenji"])
    office.sweep()
    visitor = office.visitor("olga")
    draft = answer(visitor, "Question")
    tasks.deliver(draft.pk)
    assert office.on_server("kenji") == []

    visitor.get("/mail/outbox/")
    visitor.submit(visitor.page.form(f"/{draft.public_id}/cancel/"))
    assert visitor.page.address.endswith(f"/mail/drafts/{draft.public_id}/")
    form = visitor.page.form("subject")
    assert form.fields["text"][0].startswith(LINES) and FILES[0][1][0] in visitor.page.words
    let_undo_end(draft)
    assert draft.state == State.DRAFT and office.on_server("kenji") == []


def test_pressing_send_twice_sends_once(office: Town) -> None:
    office.account("olga")
    visitor = office.visitor("olga")
    visitor.post("/mail/compose/")
    composer, form = visitor.page, visitor.page.form("subject")
    for _press in range(2):
        visitor.page = composer
        visitor.submit(form, ("send", "1"), to=ADDRESS["kenji"], subject="Plan", text="Yes.")
        assert visitor.page.status == 200
    outgoing = OutgoingMessage.objects.get()
    let_undo_end(outgoing)
    let_undo_end(outgoing)
    assert outgoing.state == State.SENT and office.subjects_on_server("kenji") == ["Plan"]


def test_an_answer_from_a_pop3_mailbox_is_kept_here_once(office: Town) -> None:
    account = office.account("pierre", "pop3")
    office.deliver("pierre", "ご質問", From=ADDRESS["olga"])
    office.sweep()
    visitor = office.visitor("pierre")
    draft = answer(visitor, "ご質問")
    let_undo_end(draft)
    office.sweep()

    (arrived,) = office.on_server("olga")
    assert (arrived.subject, arrived.mail["Message-ID"].strip()) == ("Re: ご質問", draft.message_id)
    assert office.subjects(account, "sent") == ["Re: ご質問"]
    assert Message.objects.get(subject="ご質問").is_answered
    sent = Mailbox.objects.get(account=account, role="sent")
    assert "Re: ご質問" in visitor.get(f"/mail/folders/{sent.public_id}/").words
    assert office.on_server("pierre", "Sent") == []
