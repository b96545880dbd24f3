"""Folders whose numbers change, and messages that break what reads them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.town import ADDRESS, Town
from webmail.models import Mailbox, Message
from webmail.parser import ParserPool, pool


@pytest.fixture
def weak_parser(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Messages are parsed by a child that some subjects kill."""
    weak = ParserPool([sys.executable, "-m", "tests.faults.bad_parser"], seconds=5)
    monkeypatch.setattr(pool, "pool", weak)
    yield
    weak.close()


def number_anew(town: Town, username: str) -> None:
    """Let the server forget the numbers of an inbox, as after a restored backup (RFC 9051 section 2.3.1.1)."""
    folder = Path(town.sandbox.data, "mail", ADDRESS[username]).resolve()
    for name in ("dovecot-uidlist", "dovecot.index", "dovecot.index.log", "dovecot.index.cache"):
        (folder / name).unlink(missing_ok=True)


def test_an_inbox_numbered_anew_keeps_every_message_once_with_its_history(office: Town) -> None:
    office.deliver("olga", "One", "Two", "Three")
    account = office.account("olga")
    office.sweep()
    visitor = office.visitor("olga")
    one, two = (Message.objects.get(subject=subject) for subject in ("One", "Two"))
    visitor.post("/mail/messages/act/", verb="flag", message=str(one.public_id))
    visitor.post("/mail/messages/act/", verb="read", message=str(two.public_id))
    office.sweep()
    before = dict(Message.objects.values_list("subject", "pk"))
    inbox = Mailbox.objects.get(account=account, role="inbox")

    number_anew(office, "olga")
    office.deliver("olga", "Four")
    office.sweep()

    renewed = Mailbox.objects.get(pk=inbox.pk)
    assert renewed.uid_validity != inbox.uid_validity and renewed.total == 4
    after = dict(Message.objects.values_list("subject", "pk"))
    assert {subject: after[subject] for subject in before} == before and len(after) == 4
    flags = {found.subject: found.flags for found in office.on_server("olga")}
    shown = {message.subject: message for message in Message.objects.all()}
    assert "\\Flagged" in flags["One"] and shown["One"].is_flagged
    assert "\\Seen" in flags["Two"] and shown["Two"].is_seen and not shown["Four"].is_seen
    assert visitor.get("/mail/").words.count("Four") == 1


def test_a_message_that_kills_the_parser_is_shown_as_such_and_the_folder_is_complete(
    office: Town, weak_parser: None
) -> None:
    office.deliver("olga", "Before", "poison kills", "After")
    account = office.account("olga")
    office.sweep()
    assert office.subjects(account) == ["", "After", "Before"]

    visitor = office.visitor("olga")
    page = visitor.get("/mail/")
    assert "Before" in page.words and "After" in page.words
    broken = Message.objects.get(body_state=Message.Body.QUARANTINED)
    assert visitor.get(f"/mail/messages/{broken.public_id}/").status == 200
    source = visitor.get(f"/mail/messages/{broken.public_id}/source/")
    assert source.status == 200 and "poison kills" in source.html
