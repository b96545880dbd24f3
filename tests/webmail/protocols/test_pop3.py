"""A POP3 session against the real server, and against servers which answer oddly."""

from typing import Any

import pytest

from tests.webmail.protocols.lab import PASSWORD_CREDENTIALS, Lab, bearer
from tests.webmail.protocols.scripted import Peer, lines, serving
from webmail.protocols.errors import (
    CapabilityError,
    CommandRefusedError,
    MailServerError,
    ProtocolError,
    UnreachableError,
)
from webmail.protocols.imap import ImapSession
from webmail.protocols.pop3 import Pop3Session

LONG_LINE = b"x" * 100_000
RAW = (
    b"Subject: dots\r\n\r\n.\r\n..two\r\n.x\r\n\x80\xff bare\rcr\r\n"
    + LONG_LINE
    + b"\r\n\r\nend\r\n"
)


@pytest.fixture
def filled(lab: Lab) -> Lab:
    """A mailbox with two messages, put there by IMAP."""
    with ImapSession.open(lab.endpoint("imaps"), bearer()) as session:
        session.append("INBOX", RAW)
        session.append("INBOX", b"Subject: two\r\n\r\n2\r\n")
    return lab


def answering(replies: dict[str, Any]) -> Any:
    return serving(lines("+OK ready", {"CAPA": "-ERR no", **replies}))


def test_a_message_comes_octet_by_octet(filled: Lab) -> None:
    with Pop3Session.open(filled.endpoint("pop3"), bearer()) as session:
        assert session.retrieve(1) == RAW
        assert session.stat() == (2, sum(session.sizes().values()))
        assert session.sizes()[1] == len(RAW)


def test_unique_ids_stay_the_same(filled: Lab) -> None:
    with Pop3Session.open(filled.endpoint("pop3"), bearer()) as session:
        first = session.uidl()
        assert list(first.values()) == [1, 2]
    with Pop3Session.open(filled.endpoint("pop3s"), bearer()) as session:
        assert session.uidl() == first


def test_deletions_happen_at_quit(filled: Lab) -> None:
    with Pop3Session.open(filled.endpoint("pop3"), bearer()) as session:
        session.delete(1)
        session.quit()
    with Pop3Session.open(filled.endpoint("pop3"), bearer()) as session:
        assert session.stat()[0] == 1
        assert session.retrieve(1) == b"Subject: two\r\n\r\n2\r\n"


def test_leaving_without_quit_deletes_nothing(filled: Lab) -> None:
    with Pop3Session.open(filled.endpoint("pop3"), bearer()) as session:
        session.delete(1)
        session.delete(2)
    with pytest.raises(RuntimeError), Pop3Session.open(filled.endpoint("pop3"), bearer()) as again:
        again.delete(1)
        raise RuntimeError
    with Pop3Session.open(filled.endpoint("pop3"), bearer()) as session:
        assert session.stat()[0] == 2


def test_leaving_without_quit_never_says_quit_and_takes_deletions_back() -> None:
    with answering({}) as server:
        with Pop3Session.open(server.endpoint(), PASSWORD_CREDENTIALS) as session:
            session.delete(1)
        assert server.heard.endswith(b"DELE 1\r\nRSET\r\n")


def test_a_message_which_is_not_there_is_refused(filled: Lab) -> None:
    with Pop3Session.open(filled.endpoint("pop3"), bearer()) as session:
        with pytest.raises(CommandRefusedError):
            session.retrieve(3)
        assert session.stat()[0] == 2


def test_equal_unique_ids_do_not_hide_a_message() -> None:
    with (
        answering({"UIDL": "+OK\n1 aa\n2 bb\n3 aa\n4 aa\n."}) as server,
        Pop3Session.open(server.endpoint(), PASSWORD_CREDENTIALS) as session,
    ):
        assert session.uidl() == {"aa": 1, "bb": 2, "aa 2": 3, "aa 3": 4}


def test_a_server_without_unique_ids_lacks_a_capability() -> None:
    with (
        answering({"UIDL": "-ERR unknown command"}) as server,
        Pop3Session.open(server.endpoint(), PASSWORD_CREDENTIALS) as session,
        pytest.raises(CapabilityError) as caught,
    ):
        session.uidl()
    assert caught.value.code == "uidl_missing"


def test_a_temporary_refusal_of_uidl_is_no_lack() -> None:
    with (
        answering({"UIDL": "-ERR [SYS/TEMP] later"}) as server,
        Pop3Session.open(server.endpoint(), PASSWORD_CREDENTIALS) as session,
        pytest.raises(CommandRefusedError) as caught,
    ):
        session.uidl()
    assert caught.value.retryable


def test_line_feeds_alone_become_line_ends() -> None:
    def retrieve(peer: Peer) -> None:
        peer.send_raw(b"+OK\na: b\n\n..x\n.\n")

    with (
        answering({"RETR": retrieve}) as server,
        Pop3Session.open(server.endpoint(), PASSWORD_CREDENTIALS) as session,
    ):
        assert session.retrieve(1) == b"a: b\r\n\r\n.x\r\n"


@pytest.mark.parametrize(
    ("command", "reply", "call"),
    [
        ("STAT", "+OK", lambda s: s.stat()),
        ("STAT", "+OK one two", lambda s: s.stat()),
        ("STAT", "+ 1 2", lambda s: s.stat()),
        ("STAT", "+OKAY 1 2", lambda s: s.stat()),
        ("STAT", "\0\xff", lambda s: s.stat()),
        ("UIDL", "+OK\n1\n.", lambda s: s.uidl()),
        ("UIDL", "+OK\nx y\n.", lambda s: s.uidl()),
        ("LIST", "+OK\n1 x\n.", lambda s: s.sizes()),
        ("RETR", "hello", lambda s: s.retrieve(1)),
    ],
)
def test_a_reply_which_breaks_the_rules_is_a_typed_error(
    command: str, reply: str, call: Any
) -> None:
    with (
        answering({command: reply}) as server,
        Pop3Session.open(server.endpoint(), PASSWORD_CREDENTIALS) as session,
    ):
        with pytest.raises(ProtocolError):
            call(session)
        assert not session.is_open


def test_a_message_which_ends_early_is_never_taken_for_whole() -> None:
    def retrieve(peer: Peer) -> None:
        peer.send("+OK", "Subject: x", "")
        raise EOFError

    with (
        answering({"RETR": retrieve}) as server,
        Pop3Session.open(server.endpoint(), PASSWORD_CREDENTIALS) as session,
        pytest.raises(UnreachableError),
    ):
        session.retrieve(1)


def test_a_server_of_another_protocol_is_a_typed_error() -> None:
    with serving(lines("220 smtp", {})) as server, pytest.raises(MailServerError) as caught:
        Pop3Session.open(server.endpoint(), PASSWORD_CREDENTIALS)
    assert caught.value.code == "protocol_error"
