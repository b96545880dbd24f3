"""A message that breaks the parser, or the database, does not stop the folder."""

from __future__ import annotations

import sys

import pytest

from tests.webmail.conftest import MailWorld, receive, subjects
from webmail import rawstore
from webmail.models import Message
from webmail.parser import ParserPool, pool
from webmail.sync import Outcome, rows

BAD = [sys.executable, "-m", "tests.faults.bad_parser"]


@pytest.fixture
def weak_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages are parsed by a child that some of them break."""
    weak = ParserPool(BAD, seconds=2)
    monkeypatch.setattr(pool, "pool", weak)
    yield
    weak.close()


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
@pytest.mark.parametrize("poison", ["hangs", "kills", "raises", "eats", "exits"])
def test_one_message_is_quarantined_and_the_folder_is_complete(
    world: MailWorld, weak_parser: None, poison: str, protocol: str
) -> None:
    world.deliver("Before", f"poison {poison}", "After")
    account = world.account(protocol)

    assert receive(account) == Outcome.DONE

    assert sorted(subjects(account)) == ["", "After", "Before"]
    quarantined = Message.objects.get(subject="")
    assert quarantined.body_state == Message.Body.QUARANTINED
    assert quarantined.message_id.startswith("<poison.")
    assert f"poison {poison}".encode() in rawstore.read(quarantined.digest)
    receive(account)
    assert Message.objects.count() == 3


def test_what_the_database_refuses_is_quarantined_alone(
    world: MailWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    from webmail import parser

    class Stranger:
        """A parser whose answer no database takes for one of the messages."""

        @staticmethod
        def parse(raw: bytes):
            fields = parser.parse(raw)
            if fields and b"Subject: Strange" in raw:
                fields["has_attachments"] = "neither yes nor no"
            return fields

    monkeypatch.setattr(rows, "parser", Stranger)
    world.deliver("Before", "Strange", "After")
    account = world.account()
    assert receive(account) == Outcome.DONE
    assert sorted(subjects(account)) == ["", "After", "Before"]


@pytest.mark.parametrize("inside", ["a\x07b@c", "a\0b@c", "a b@c", "a" * 899])
def test_an_identifier_that_cannot_be_searched_for_counts_as_none(inside: str) -> None:
    raw = f"Message-ID: <{inside}>\r\n\r\n".encode()
    assert rows.quarantined(raw, "").fields["message_id"] == ""
    assert rows.quarantined(b"Message-ID: <a@b>\r\n\r\n", "").fields["message_id"] == "<a@b>"


def test_strange_bytes_are_stored_whatever_they_are(world: MailWorld) -> None:
    strange = [
        b"Subject: nul \0 in it\r\n\r\nbody \0",
        b"Subject: =?utf-16?b?2AA=?=\r\nFrom: \xff\xfe <x@y>\r\n\r\n\xed\xa0\x80",
        b"",
        b"\r\n\r\n\r\n",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n--x\r\n--x",
        b"Subject: " + b"long " * 20000 + b"\r\n\r\n",
        b"Message-ID: <" + b"a" * 5000 + b"@x>\r\nReferences: " + b"<r@x> " * 5000 + b"\r\n\r\n",
    ]
    with world.imap() as client:
        for raw in strange:
            client.append("INBOX", None, None, raw.replace(b"\0", b"\x01") or b"\r\n")
    account = world.account()
    assert receive(account) == Outcome.DONE
    assert Message.objects.count() == len(strange)
    assert not Message.objects.exclude(body_state=Message.Body.COMPLETE).exists()
