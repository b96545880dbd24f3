"""An IMAP session against the real server."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.webmail.protocols.lab import Lab, bearer
from webmail.protocols.errors import (
    CommandRefusedError,
    InvalidArgumentError,
    MailboxMissingError,
)
from webmail.protocols.imap import ImapSession
from webmail.protocols.types import MessageFlags

MESSAGE = b"From: a@b.example\r\nSubject: one\r\nMessage-ID: <1@x>\r\n\r\nbody\r\n"


@pytest.fixture
def session(lab: Lab) -> ImapSession:
    return ImapSession.open(lab.endpoint("imaps"), bearer())


def test_an_appended_message_comes_back_octet_by_octet(session: ImapSession) -> None:
    received = datetime(2024, 2, 29, 23, 30, tzinfo=timezone(timedelta(hours=9)))
    raw = MESSAGE + b"\x80\xff line with )\r\n* BYE\r\nA1 OK\r\n{5}\r\n"
    with session:
        uid = session.append("INBOX", raw, ["\\Seen", "$Forwarded"], received)
        session.select("INBOX", readonly=True)
        assert uid is not None
        [message] = session.fetch([uid])
        assert message.raw == raw
        assert message.size == len(raw)
        assert message.received_at == received
        assert message.received_at.tzinfo is UTC
        assert message.flags == MessageFlags(is_seen=True, keywords=frozenset({"$Forwarded"}))


def test_fetching_does_not_mark_as_read_and_keeps_the_order(session: ImapSession) -> None:
    with session:
        uids = [session.append("INBOX", MESSAGE + b"%d\r\n" % n) for n in range(7)]
        session.select("INBOX")
        wanted = [uid for uid in reversed(uids) if uid is not None]
        fetched = list(session.fetch([*wanted, 4000], batch=3))
        assert [m.uid for m in fetched] == wanted
        assert [f.flags.is_seen for f in session.fetch_flags()] == [False] * 7
        assert session.fetch_sizes(wanted) == {m.uid: len(m.raw) for m in fetched}


def test_status_and_select_agree(session: ImapSession) -> None:
    with session:
        session.append("INBOX", MESSAGE)
        session.append("INBOX", MESSAGE, ["\\Seen"])
        status, selected = session.status("INBOX"), session.select("INBOX")
        assert (status.exists, status.unseen, status.uid_next) == (2, 1, 3)
        assert (selected.exists, selected.unseen, selected.uid_next) == (2, None, 3)
        assert selected.uid_validity == status.uid_validity > 0
        assert selected.highest_mod_seq == status.highest_mod_seq


def test_uids_beyond_the_last_are_none(session: ImapSession) -> None:
    with session:
        for _ in range(3):
            session.append("INBOX", MESSAGE)
        session.select("INBOX")
        assert session.uids() == [1, 2, 3]
        assert session.uids(2) == [2, 3]
        assert session.uids(1, 2) == [1, 2]
        assert session.uids(4) == []


def test_an_empty_mailbox_has_nothing(session: ImapSession) -> None:
    with session:
        session.select("INBOX")
        assert session.uids() == []
        assert session.fetch_flags() == []
        assert list(session.fetch([])) == []
        assert session.move([], "Trash") == {}


def test_only_flags_changed_since_a_mod_sequence_are_fetched(session: ImapSession) -> None:
    with session:
        for _ in range(3):
            session.append("INBOX", MESSAGE)
        before = session.select("INBOX").highest_mod_seq
        session.store_flags([2], add=["\\Flagged", "work"])
        session.store_flags([3], add=["\\Seen"])
        session.store_flags([3], remove=["\\Seen"])
        changed = session.fetch_flags(changed_since=before)
        assert [c.uid for c in changed] == [2, 3]
        assert changed[0].flags == MessageFlags(is_flagged=True, keywords=frozenset({"work"}))
        assert changed[1].flags == MessageFlags()
        assert all(c.mod_seq is not None and c.mod_seq > (before or 0) for c in changed)
        assert [f.uid for f in session.fetch_flags([1, 3])] == [1, 3]


def test_moved_and_copied_messages_tell_their_new_uids(session: ImapSession) -> None:
    with session:
        for _ in range(3):
            session.append("INBOX", MESSAGE)
        session.append("Trash", MESSAGE)
        session.select("INBOX")
        assert session.copy([1], "Trash") == {1: 2}
        assert session.move([1, 3], "Trash") == {1: 3, 3: 4}
        assert session.uids() == [2]


def test_expunge_leaves_what_others_have_marked(session: ImapSession) -> None:
    with session:
        for _ in range(3):
            session.append("INBOX", MESSAGE)
        session.select("INBOX")
        session.store_flags([1], add=["\\Deleted"])
        session.expunge([2])
        assert session.uids() == [1, 3]


@pytest.mark.parametrize("name", ["送信 & 下書き", 'with "quotes" and \\', "Ünï/Çödé", "&", "a b"])
def test_mailbox_names_survive(session: ImapSession, name: str) -> None:
    with session:
        session.create(name)
        assert name in [box.name for box in session.list_mailboxes()]
        session.rename(name, name + " 2")
        assert session.select(name + " 2").exists == 0
        session.select("INBOX")
        session.delete(name + " 2")
        assert name + " 2" not in [box.name for box in session.list_mailboxes()]


def test_roles_come_from_special_use(session: ImapSession) -> None:
    with session:
        roles = {box.name: box.role for box in session.list_mailboxes()}
    assert roles == {
        "INBOX": "inbox",
        "Drafts": "drafts",
        "Sent": "sent",
        "Junk": "junk",
        "Trash": "trash",
    }


def test_headers_are_searched(session: ImapSession) -> None:
    with session:
        session.append("INBOX", MESSAGE)
        session.append("INBOX", MESSAGE.replace(b"one", "春".encode()).replace(b"<1@x>", b"(2@x)"))
        session.select("INBOX")
        assert session.search_header("Message-ID", "<1@x>") == [1]
        assert session.search_header("Message-ID", "(2@x)") == [2]
        assert session.search_header("Subject", "春") == [2]
        assert session.search_header("Subject", 'a "quote" \\') == []


def test_refusals_leave_the_session_usable(session: ImapSession) -> None:
    with session:
        for call in (
            lambda: session.select("absent"),
            lambda: session.append("absent", MESSAGE),
            lambda: session.delete("absent"),
        ):
            with pytest.raises(MailboxMissingError):
                call()
        session.create("Twice")
        with pytest.raises(CommandRefusedError) as caught:
            session.create("Twice")
        assert caught.value.code == "mailbox_exists"
        with pytest.raises(InvalidArgumentError):
            session.append("INBOX", b"a: b\r\n\r\n\0")
        session.append("INBOX", MESSAGE)
        session.select("INBOX", readonly=True)
        with pytest.raises(CommandRefusedError) as caught:
            session.store_flags([1], add=["\\Seen"])
        assert caught.value.code == "read_only"
        assert session.select("INBOX").exists == 1
