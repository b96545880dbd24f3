"""What is read of a mail server before anybody signs in, also of servers with bad manners."""

from __future__ import annotations

import pytest

from tests.webmail.protocols.scripted import Peer, serving
from webmail.protocols.errors import MailServerError, ProtocolError, TlsError, UnreachableError
from webmail.protocols.greeting import greeting
from webmail.protocols.types import Security


def test_greeting_of_several_lines_is_read_to_its_end():
    def script(peer: Peer) -> None:
        peer.send("220-mail.example is", "220 ready")
        peer.line()

    with serving(script) as server:
        assert greeting(server.endpoint(), "smtp") == "220 ready"
        assert server.heard == b""


WRONG = {
    "web server": ("imap", "HTTP/1.1 400 Bad Request"),
    "server that is going away": ("imap", "* BYE out of order"),
    "mail server of another protocol": ("pop3", "* OK ready"),
    "server that is full": ("smtp", "421 too many connections"),
}


@pytest.mark.parametrize(("protocol", "said"), WRONG.values(), ids=WRONG)
def test_whatever_else_answers_is_told_with_its_words(protocol, said):
    with serving(lambda peer: peer.send(said)) as server, pytest.raises(ProtocolError) as refusal:
        greeting(server.endpoint(), protocol)
    assert refusal.value.server_text == said


def test_server_that_does_not_stop_is_left():
    def script(peer: Peer) -> None:
        while True:
            peer.send("220-and")

    with serving(script) as server, pytest.raises(ProtocolError):
        greeting(server.endpoint(), "smtp")


def test_server_that_says_nothing_is_left_after_its_time():
    with serving(lambda peer: peer.line()) as server, pytest.raises(UnreachableError) as refusal:
        greeting(server.endpoint(read_timeout=0.2), "imap")
    assert refusal.value.code == "timeout"


#: Protocol → its greeting, and the answers to one command after the other.
REFUSALS = {
    "imap": ("* OK ready", [("* NO alert", "a1 BAD unknown command")]),
    "pop3": ("+OK ready", [("-ERR unknown command",)]),
    "smtp": ("220 ready", [("250-mail.example", "250 SIZE"), ("454 not now",)]),
}


@pytest.mark.parametrize("protocol", REFUSALS)
def test_server_without_starttls_is_told(protocol):
    hello, answers = REFUSALS[protocol]

    def script(peer: Peer) -> None:
        peer.send(hello)
        for lines in answers:
            peer.line()
            peer.send(*lines)

    with serving(script) as server, pytest.raises(TlsError) as refusal:
        greeting(server.endpoint(security=Security.STARTTLS), protocol)
    assert refusal.value.code == "tls_starttls_refused"
    assert refusal.value.server_text == answers[-1][-1]


def test_words_before_encryption_are_refused():
    def script(peer: Peer) -> None:
        peer.send("+OK ready")
        peer.line()
        # In one piece: what comes later is read as encrypted.
        peer.send_raw(b"+OK begin\r\n+OK slipped in\r\n")

    with serving(script) as server, pytest.raises(MailServerError) as refusal:
        greeting(server.endpoint(security=Security.STARTTLS), "pop3")
    assert refusal.value.code == "tls_starttls_injection"
