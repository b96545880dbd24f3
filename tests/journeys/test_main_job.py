"""The main job with real workers: connect, receive, outlive the tokens, answer; the answer arrives once."""

from __future__ import annotations

import pytest

from tests.journeys.test_connecting import fill_in
from tests.journeys.town import ADDRESS, Town, eventually
from tests.journeys.visitor import Visitor
from webmail.models import MailAccount, Message, OutgoingMessage

FRIEND = {"alice": "olga", "haruka": "alice", "olga": "haruka"}
LINES = "了解しました。\n資料を添付します。\n.\nПривет, à bientôt\n"
FILES = [
    ("file", ("議事録.txt", "第一行\r\n第二行\r\n".encode("cp932"), "text/plain")),
    ("file", ("photo.png", bytes(range(256)) * 300, "image/png")),
]


def answer(visitor: Visitor, subject: str) -> OutgoingMessage:
    """Answer a message through the composer, with Japanese text and two files, and send it."""
    original = Message.objects.get(subject=subject)
    visitor.get(f"/mail/messages/{original.public_id}/")
    visitor.submit(visitor.page.form(f"/{original.public_id}/reply/"))
    address = visitor.page.address
    draft = OutgoingMessage.objects.get(kind="reply")
    visitor.post(f"/mail/drafts/{draft.public_id}/attach/", files=FILES)
    visitor.get(address)
    form = visitor.page.form("subject")
    assert form.fields["subject"] == [f"Re: {subject}"]
    visitor.submit(form, ("send", "1"), text=LINES + form.fields["text"][0])
    assert visitor.page.status == 200, visitor.page.words
    return draft


def copies(town: Town, username: str, folder: str, message_id: str) -> list:
    """What lies in a folder of the server under this identifier."""
    return [
        found
        for found in town.on_server(username, folder)
        if found.mail["Message-ID"].strip() == message_id
    ]


def refreshed(town: Town, username: str) -> int:
    """How often the token was refreshed so far."""
    return len([r for r in town.realm(username).token_requests("refresh_token") if not r["error"]])


@pytest.mark.parametrize("username", ["alice", "haruka", "olga"])
def test_a_new_person_connects_receives_and_answers(office: Town, workers, username: str) -> None:
    friend = FRIEND[username]
    office.realm(username).set(access_token_seconds=3)
    office.deliver(username, "お打ち合わせの件", From=ADDRESS[friend])
    visitor = office.visitor(username)
    fill_in(visitor, username, "imap", button="authenticate")
    visitor.consent(office.realm(username), ADDRESS[username])
    account = MailAccount.objects.get()

    eventually(lambda: office.subjects(account), "the first message arrives by itself")
    eventually(lambda: refreshed(office, username) >= 3, "the token is refreshed by itself")
    office.deliver(username, "Later")
    eventually(lambda: "Later" in office.subjects(account), "mail arrives with a later token")

    draft = answer(visitor, "お打ち合わせの件")
    eventually(lambda: office.on_server(friend), "the answer arrives")
    sent = OutgoingMessage.objects.filter(pk=draft.pk, state=OutgoingMessage.State.SENT)
    draft = eventually(sent.first, "the answer counts as sent")

    (arrived,) = office.on_server(friend)
    assert arrived.subject == "Re: お打ち合わせの件"
    body = arrived.mail.get_body().get_content().replace("\r\n", "\n")
    assert body.startswith(LINES) and "> Here they are." in body
    assert [
        (part.get_filename(), part.get_payload(decode=True))
        for part in arrived.mail.iter_attachments()
    ] == [(name, content) for _field, (name, content, _type) in FILES]

    original = eventually(
        lambda: [m for m in office.on_server(username) if "\\Answered" in m.flags],
        "the original is marked as answered on the server",
    )
    assert [found.subject for found in original] == ["お打ち合わせの件"]
    assert arrived.mail["In-Reply-To"].strip() == original[0].mail["Message-ID"].strip()
    shown = eventually(lambda: office.subjects(account, "sent"), "the copy is shown in Sent")
    assert shown == ["Re: お打ち合わせの件"]
    assert len(copies(office, username, "Sent", draft.message_id)) == 1
    assert len(office.on_server(friend)) == 1
