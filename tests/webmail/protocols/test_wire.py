"""No wait without an end, and no connection which goes on after one."""

import itertools
import socket
import threading
from typing import Any

import pytest

from tests.webmail.protocols.lab import PASSWORD_CREDENTIALS, bearer
from tests.webmail.protocols.scripted import Peer, ScriptedServer, imap, lines, serving
from webmail.protocols.errors import InvalidArgumentError, ProtocolError, UnreachableError
from webmail.protocols.imap import ImapSession
from webmail.protocols.pop3 import Pop3Session
from webmail.protocols.smtp import SmtpSession
from webmail.protocols.types import Endpoint, Security
from webmail.protocols.wire import dial

SESSIONS = [ImapSession, Pop3Session, SmtpSession]
never = threading.Event()


def silence(peer: Peer) -> None:
    peer.octets(1_000_000)


def drip(peer: Peer) -> None:
    while True:
        peer.send_raw(b"x")
        never.wait(0.05)


def opening(session: Any, server: ScriptedServer, **changes: Any) -> UnreachableError:
    with pytest.raises(UnreachableError) as caught:
        session.open(server.endpoint(**changes), PASSWORD_CREDENTIALS)
    return caught.value


@pytest.mark.parametrize("script", [silence, drip])
@pytest.mark.parametrize("session", SESSIONS)
def test_a_server_which_is_silent_or_drips_is_given_up(session: Any, script: Any) -> None:
    with serving(script) as server:
        error = opening(session, server, read_timeout=0.2)
    assert error.code == "timeout"
    assert error.retryable


def test_a_silent_tls_handshake_is_given_up() -> None:
    with serving(silence) as server, pytest.raises(UnreachableError) as caught:
        dial(server.endpoint(security=Security.TLS, connect_timeout=0.2))
    assert caught.value.code == "timeout"


def test_after_a_time_out_the_connection_is_closed_and_stays_so() -> None:
    def slow(peer: Peer, tag: str, command: str) -> None:
        peer.line()

    with serving(imap({"NOOP": slow})) as server:
        session = ImapSession.open(server.endpoint(read_timeout=0.3), bearer())
        for code in ("timeout", "connection_lost"):
            with pytest.raises(UnreachableError) as caught:
                session.noop()
            assert caught.value.code == code
        assert not session.is_open
        session.close()


def test_a_body_which_drips_is_given_up() -> None:
    def fetch(peer: Peer, tag: str, command: str) -> None:
        peer.send("* 1 FETCH (UID 4 RFC822.SIZE 9 BODY[] {99999}")
        drip(peer)

    with serving(imap({"UID FETCH": fetch})) as server:
        session = ImapSession.open(server.endpoint(read_timeout=0.3), bearer())
        session.select("INBOX")
        with pytest.raises(UnreachableError) as caught:
            list(session.fetch([4]))
    assert caught.value.code == "timeout"


def test_a_name_which_does_not_exist() -> None:
    endpoint = Endpoint("no-such-host.invalid", 143, Security.NONE, connect_timeout=5)
    with pytest.raises(UnreachableError) as caught:
        dial(endpoint)
    assert caught.value.code == "dns_failed"


def test_a_closed_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(UnreachableError) as caught:
        dial(Endpoint("localhost", port, Security.NONE, addresses=("127.0.0.1",)))
    assert caught.value.code == "connection_refused"


def test_the_second_address_is_dialled_where_the_first_refuses() -> None:
    with serving(lambda peer: peer.send("hello")) as server:
        wire = dial(server.endpoint(addresses=("127.0.0.2", "127.0.0.1")))
        assert wire.readline() == b"hello\r\n"
        wire.close()


def test_the_name_is_not_resolved_where_addresses_are_given() -> None:
    with serving(lambda peer: peer.send("hello")) as server:
        wire = dial(server.endpoint(host="no-such-host.invalid"))
        assert wire.readline() == b"hello\r\n"
        wire.close()


@pytest.mark.parametrize("host", ["", ".x", "a b", "x" * 64 + ".example", "\ud800"])
def test_hosts_which_are_none_are_refused(host: str) -> None:
    with pytest.raises(InvalidArgumentError):
        dial(Endpoint(host, 143, Security.NONE))


@pytest.mark.parametrize(
    ("session", "script"),
    [
        (ImapSession, lambda peer: flood(peer, b"* OK " + b"x" * 65536)),
        (Pop3Session, lambda peer: flood(peer, b"+OK " + b"x" * 65536)),
        (SmtpSession, lambda peer: flood(peer, b"220-" + b"x" * 65536)),
    ],
)
def test_a_line_without_an_end_is_a_typed_error(session: Any, script: Any) -> None:
    with serving(script) as server, pytest.raises(ProtocolError):
        session.open(server.endpoint(), PASSWORD_CREDENTIALS)


def flood(peer: Peer, piece: bytes) -> None:
    for _ in itertools.repeat(None):
        peer.send_raw(piece)


@pytest.mark.parametrize(
    ("session", "script"),
    [
        (ImapSession, imap({"LOGOUT": lambda peer, tag, command: peer.line()})),
        (SmtpSession, lines("220 x", {"EHLO": "250-x\n250 AUTH PLAIN", "AUTH": "235 ok"})),
    ],
)
def test_leaving_never_raises(session: Any, script: Any) -> None:
    with serving(script) as server:
        opened = session.open(server.endpoint(read_timeout=0.3), PASSWORD_CREDENTIALS)
        server.close()
        opened.close()
        opened.close()
        assert not opened.is_open
