"""Signing in to POP3 servers which do it their own way."""

from typing import Any

import pytest

from tests.webmail.protocols.lab import (
    bearer,
)
from tests.webmail.protocols.refused_sign_ins import JSON, open_failing
from tests.webmail.protocols.scripted import Peer, lines, serving
from webmail.protocols.errors import (
    AuthenticationError,
    ProtocolError,
)
from webmail.protocols.pop3 import Pop3Session


def pop3_server(*after_token: str, capa: str = "+OK\nSASL XOAUTH2\nUIDL\n.") -> Any:
    def auth(peer: Peer) -> None:
        peer.send("+ ")
        peer.line()
        for text in after_token:
            peer.send(text)
            if text.startswith("+ "):
                peer.line()

    return lines("+OK ready", {"CAPA": capa, "AUTH": auth})


def test_pop3_challenge_is_not_taken_for_success() -> None:
    with serving(pop3_server(f"+ {JSON}", "-ERR [AUTH] no")) as server:
        error = open_failing(Pop3Session, server)
    assert isinstance(error, AuthenticationError)
    assert error.detail["status"] == "401"


def test_pop3_exchange_refuses_without_a_challenge() -> None:
    text = "-ERR Authentication failure: unknown user name or bad password."
    with serving(pop3_server(text)) as server:
        error = open_failing(Pop3Session, server)
    assert (type(error), error.code) == (AuthenticationError, "authentication_failed")


@pytest.mark.parametrize("capa", ["-ERR unknown command", "+OK\nUIDL\nSASL PLAIN\n."])
def test_pop3_tries_xoauth2_where_capa_does_not_list_it(capa: str) -> None:
    with (
        serving(pop3_server("+OK welcome", capa=capa)) as server,
        Pop3Session.open(server.endpoint(), bearer()),
    ):
        assert b"AUTH XOAUTH2\r\n" in server.heard


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("-ERR [IN-USE] Mailbox is locked", "mailbox_in_use"),
        ("-ERR [SYS/TEMP] later", "authentication_temporarily_unavailable"),
        ("-ERR [LOGIN-DELAY] wait", "throttled"),
    ],
)
def test_pop3_temporary_refusals_are_retryable(text: str, code: str) -> None:
    with serving(pop3_server(text)) as server:
        error = open_failing(Pop3Session, server)
    assert (error.code, error.retryable) == (code, True)


def test_pop3_method_which_the_server_does_not_know() -> None:
    script = lines("+OK", {"CAPA": "-ERR", "AUTH": "-ERR Unsupported authentication mechanism"})
    with serving(script) as server:
        error = open_failing(Pop3Session, server)
    assert error.code == "authentication_mechanism_missing"


def test_pop3_endless_challenges_end_with_an_abort() -> None:
    with serving(pop3_server(*(["+ " + JSON] * 9))) as server:
        error = open_failing(Pop3Session, server)
        assert isinstance(error, ProtocolError)
        assert server.heard.endswith(b"\r\n\r\n*\r\n")
