"""The composer over HTTP: begin, save, attach, send, and windows that get in each other's way."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import webmail as make
from tests.webmail.views.conftest import words
from webmail.models import OutgoingMessage, WebmailPolicy

State = OutgoingMessage.State
MARKER = '"><img src=x onerror=alert(1)>'


def url(name: str, outgoing: OutgoingMessage) -> str:
    return reverse(f"webmail:{name}", args=[outgoing.public_id])


def typed(draft: OutgoingMessage, **more) -> dict:
    """What the composer's form posts."""
    return {
        "account": str(draft.account.public_id),
        "version": draft.version,
        "to": "sato@example.test",
        "cc": "",
        "bcc": "",
        "subject": "Hello",
        "text": "Words.",
    } | more


@pytest.fixture
def draft(account) -> OutgoingMessage:
    """A draft of the person who is signed in."""
    return make.OutgoingMessageFactory(account=account)


def test_a_message_is_begun_by_a_post_and_never_by_a_link(client, account):
    assert client.get("/mail/compose/").status_code == 405
    address = client.post("/mail/compose/").headers["Location"]
    assert OutgoingMessage.objects.get().account == account
    assert client.get(address).status_code == 200


def test_beginning_again_and_again_leaves_one_untouched_draft(client, account):
    for _ in range(3):
        client.post("/mail/compose/")
    assert OutgoingMessage.objects.count() == 1
    assert "No drafts" in words(client.get("/mail/drafts/"))


def test_a_message_is_begun_from_the_account_that_is_open(client, account):
    other = make.account_with_folders(owner=account.owner)
    client.post("/mail/compose/", {"account": str(other.public_id)})
    assert OutgoingMessage.objects.get().account == other


def test_who_has_no_account_that_sends_is_told_what_to_do(client, account):
    account.send_authentication = "off"
    account.save()
    response = client.post("/mail/compose/", follow=True)
    assert response.redirect_chain[-1][0] == reverse("webmail:account_list")
    assert "None of your mail accounts sends." in words(response)


def test_typing_is_kept_even_with_half_an_address(client, draft):
    answer = client.post(
        url("save_draft", draft), typed(draft, to="sato@", text="日本語\r\nzwei")
    ).json()
    draft.refresh_from_db()
    assert (draft.to, draft.text) == ("sato@", "日本語\nzwei")
    assert answer["version"] == draft.version == 2


def test_a_window_that_is_behind_is_told_and_overwrites_nothing(client, draft):
    client.post(url("save_draft", draft), typed(draft, text="from the first window"))
    late = client.post(url("save_draft", draft), typed(draft, text="from the second window"))
    assert late.status_code == 409
    assert late.json()["version"] == 2
    draft.refresh_from_db()
    assert draft.text == "from the first window"


def test_a_save_whose_answer_was_lost_may_come_again(client, draft):
    data = typed(draft, text="once")
    client.post(url("save_draft", draft), data)
    again = client.post(url("save_draft", draft), data)
    assert (again.status_code, again.json()["version"]) == (200, 2)


def test_a_window_that_is_behind_does_not_send_either(client, draft):
    client.post(url("save_draft", draft), typed(draft, text="from the first window"))
    page = client.post(url("draft", draft), typed(draft, text="from the second window"))
    assert page.status_code == 422
    assert "changed in another window" in words(page)
    assert "from the second window" in words(page)
    draft.refresh_from_db()
    assert draft.state == State.DRAFT


def test_sending_queues_what_the_window_shows(client, draft):
    response = client.post(
        url("draft", draft), typed(draft, subject="Final", bcc="mori@example.test")
    )
    draft.refresh_from_db()
    assert draft.state == State.QUEUED
    assert draft.subject == "Final"
    assert draft.envelope_to == ["sato@example.test", "mori@example.test"]
    assert response.headers["Location"] == reverse(
        "webmail:mailbox", args=[make.inbox(draft.account).public_id]
    )
    assert "Final" in words(client.get("/mail/outbox/sending/"))


def test_pressing_send_twice_sends_once(client, draft):
    data = typed(draft)
    client.post(url("draft", draft), data)
    draft.refresh_from_db()
    first = (draft.message_id, draft.queued_at)
    second = client.post(url("draft", draft), data)
    draft.refresh_from_db()
    assert second.headers["Location"] == reverse("webmail:outbox")
    assert (draft.message_id, draft.queued_at) == first
    assert OutgoingMessage.objects.count() == 1


def test_saving_after_sending_says_that_it_was_sent(client, draft):
    client.post(url("draft", draft), typed(draft))
    assert client.post(url("save_draft", draft), typed(draft, version=2)).status_code == 410


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"to": ""}, "Enter at least one recipient."),
        ({"to": "sato"}, "sato is not a mail address."),
        ({"cc": "a@b.example, nobody@"}, "nobody@ is not a mail address."),
        ({"bcc": "x@example.test\r\nBcc: y"}, "not a mail address"),
    ],
)
def test_what_cannot_be_sent_stays_in_the_composer_with_its_reason(client, draft, fields, sentence):
    page = client.post(url("draft", draft), typed(draft, **fields))
    assert page.status_code == 422
    assert sentence in words(page)
    draft.refresh_from_db()
    assert draft.state == State.DRAFT


def test_line_breaks_in_a_subject_become_spaces(client, draft):
    client.post(url("save_draft", draft), typed(draft, subject="One\r\nBcc: evil@example.test"))
    draft.refresh_from_db()
    assert draft.subject == "One Bcc: evil@example.test"


def test_sending_from_an_account_of_somebody_else_is_refused(client, draft):
    theirs = make.account_with_folders()
    page = client.post(url("draft", draft), typed(draft, account=str(theirs.public_id)))
    assert page.status_code == 422
    draft.refresh_from_db()
    assert draft.account != theirs


def test_a_reply_goes_to_the_sender_and_quotes(client, account):
    raw = make.raw_message(
        subject="Minutes", text="First line", To=f"{account.address}, mori@example.test"
    )
    message = make.received(make.inbox(account), raw)
    page = client.post(reverse("webmail:answer", args=[message.public_id, "reply"]), follow=True)
    draft = OutgoingMessage.objects.get()
    assert draft.to == "佐藤 <sato@example.test>"
    assert draft.cc == ""
    assert draft.subject == "Re: Minutes"
    assert "> First line" in draft.text
    assert draft.in_reply_to == message.message_id
    assert draft.references == message.message_id
    assert "&gt; First line" in words(page)


def test_a_reply_to_all_leaves_out_every_address_of_ones_own(client, account):
    other = make.account_with_folders(owner=account.owner)
    raw = make.raw_message(To=f"{account.address}, mori@example.test", Cc=other.address.upper())
    message = make.received(make.inbox(account), raw)
    client.post(reverse("webmail:answer", args=[message.public_id, "reply-all"]))
    draft = OutgoingMessage.objects.get()
    everybody = f"{draft.to}, {draft.cc}".lower()
    assert "mori@example.test" in everybody
    assert account.address not in everybody
    assert other.address not in everybody


def test_a_forward_takes_the_attachments_along(client, account):
    raw = make.raw_message(
        subject="Plan", attachments=[("計画.pdf", "application/pdf", b"%PDF-1.7")]
    )
    message = make.received(make.inbox(account), raw)
    client.post(reverse("webmail:answer", args=[message.public_id, "forward"]))
    draft = OutgoingMessage.objects.get()
    assert (draft.to, draft.subject) == ("", "Fwd: Plan")
    assert "Forwarded message" in draft.text
    assert list(draft.attachments.values_list("filename", "size")) == [("計画.pdf", 8)]


def test_a_forward_of_hundreds_of_files_does_not_go_file_by_file(client, account):
    file = b"\r\n".join([b"QUJD" * 19] * 500)
    part = (
        b"--x\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n"
    )
    part += b"Content-Disposition: attachment\r\n\r\n" + file + b"\r\n"
    raw = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + part * 400 + b"--x--\r\n"
    message = make.received(make.inbox(account), raw)
    with CaptureQueriesContext(connection) as queries:
        client.post(reverse("webmail:answer", args=[message.public_id, "forward"]))
    assert OutgoingMessage.objects.get().attachments.filter(size=57 * 500).count() == 400
    assert len(queries) < 40


def test_files_are_attached_and_taken_out_again(client, draft):
    file = SimpleUploadedFile("表.csv", b"a,b", "text/csv")
    page = words(client.post(url("attach", draft), {"file": file}))
    assert "表.csv" in page
    kept = draft.attachments.get()
    page = words(client.post(reverse("webmail:detach", args=[kept.public_id])))
    assert "表.csv" not in page
    assert not draft.attachments.exists()


def test_a_file_that_does_not_fit_is_named_and_not_attached(client, draft):
    WebmailPolicy.objects.create(maximum_message_megabytes=1)
    file = SimpleUploadedFile("film.mov", b"x" * 900_000, "video/quicktime")
    page = words(client.post(url("attach", draft), {"file": file}))
    assert "film.mov: not attached. A message may have 1 MB" in page
    assert not draft.attachments.exists()


def test_nothing_is_attached_to_a_message_on_its_way(client, draft):
    client.post(url("draft", draft), typed(draft))
    file = SimpleUploadedFile("late.txt", b"late", "text/plain")
    assert "sent from another window" in words(client.post(url("attach", draft), {"file": file}))
    assert not draft.attachments.exists()


def test_a_discarded_draft_is_gone(client, draft):
    assert client.get(url("discard", draft)).status_code == 405
    client.post(url("discard", draft))
    assert not OutgoingMessage.objects.exists()


def test_a_message_on_its_way_cannot_be_discarded(client, draft):
    OutgoingMessage.objects.update(state=State.SENT)
    page = client.post(url("discard", draft), follow=True)
    assert "cannot be discarded" in words(page)
    assert OutgoingMessage.objects.exists()


def test_hostile_drafts_are_text_everywhere(client, draft):
    file = SimpleUploadedFile("x.txt", b"x", "text/plain")
    client.post(url("attach", draft), {"file": file})
    draft.attachments.update(filename=MARKER)
    OutgoingMessage.objects.update(to=MARKER, cc=MARKER, bcc=MARKER, subject=MARKER, text=MARKER)
    for address in (url("draft", draft), "/mail/drafts/"):
        page = words(client.get(address))
        assert "<img" not in page
        assert "onerror=alert(1)&gt;" in page


def test_nobody_opens_or_changes_a_draft_of_somebody_else(stranger, client, draft):
    client.post(url("attach", draft), {"file": SimpleUploadedFile("x.txt", b"x", "text/plain")})
    kept = draft.attachments.get()
    message = make.received(make.inbox(draft.account))
    assert stranger.get(url("draft", draft)).status_code == 404
    for address in (
        url("draft", draft),
        url("save_draft", draft),
        url("attach", draft),
        url("discard", draft),
        reverse("webmail:detach", args=[kept.public_id]),
        reverse("webmail:answer", args=[message.public_id, "reply"]),
        reverse("webmail:answer", args=[message.public_id, "forward"]),
    ):
        assert stranger.post(address, typed(draft)).status_code == 404
    assert OutgoingMessage.objects.count() == 1
    assert draft.attachments.exists()
