"""Signing in to IMAP servers which do it their own way."""

import base64
from collections.abc import Callable

import pytest

from tests.webmail.protocols.lab import (
    ALICE,
    GOOD_TOKEN,
    bearer,
)
from tests.webmail.protocols.refused_sign_ins import JSON, assert_without_secret, open_failing
from tests.webmail.protocols.scripted import Peer, imap, serving
from webmail.protocols.errors import (
    AuthenticationError,
    CapabilityError,
    MailServerError,
    ProtocolError,
    ThrottledError,
    UnreachableError,
)
from webmail.protocols.imap import ImapSession
from webmail.protocols.types import PasswordCredentials


def imap_refusing(*after_token: str) -> Callable[[Peer, str, str], None]:
    def authenticate(peer: Peer, tag: str, command: str) -> None:
        peer.send("+ ")
        peer.line()
        peer.send(*(line.replace("{tag}", tag) for line in after_token))

    return authenticate


@pytest.mark.parametrize(
    ("reply", "kind", "code", "retryable"),
    [
        ("NO AUTHENTICATE failed.", AuthenticationError, "authentication_failed", False),
        (
            "NO [UNAVAILABLE] Temporary authentication failure.",
            AuthenticationError,
            "authentication_temporarily_unavailable",
            True,
        ),
        ("NO [INUSE] Mailbox in use", ThrottledError, "mailbox_in_use", True),
        (
            "NO [ALERT] Too many simultaneous connections. (Failure)",
            ThrottledError,
            "too_many_connections",
            True,
        ),
        (
            "NO Basic authentication is disabled.",
            AuthenticationError,
            "basic_authentication_disabled",
            False,
        ),
        ("BAD Command too long", ProtocolError, "protocol_error", False),
    ],
)
def test_imap_refusals_without_a_challenge(
    reply: str, kind: type[MailServerError], code: str, retryable: bool
) -> None:
    with serving(imap({"AUTHENTICATE": imap_refusing("{tag} " + reply)})) as server:
        error = open_failing(ImapSession, server)
    assert (type(error), error.code, error.retryable) == (kind, code, retryable)
    assert "failed" not in reply or "failed" in error.server_text


def test_imap_goodbye_during_the_sign_in_is_temporary() -> None:
    replies = {"AUTHENTICATE": imap_refusing("* BYE Server shutting down")}
    with serving(imap(replies)) as server:
        error = open_failing(ImapSession, server)
    assert isinstance(error, UnreachableError)
    assert (error.code, error.retryable) == ("server_closing", True)


def test_imap_goodbye_as_greeting_is_temporary() -> None:
    script = imap(greeting="* BYE [ALERT] Too many simultaneous connections")
    with serving(script) as server:
        error = open_failing(ImapSession, server)
    assert isinstance(error, ThrottledError)


def test_imap_connection_which_ends_during_the_sign_in_is_temporary() -> None:
    def hang_up(peer: Peer, tag: str, command: str) -> None:
        raise EOFError

    with serving(imap({"AUTHENTICATE": hang_up})) as server:
        error = open_failing(ImapSession, server)
    assert isinstance(error, UnreachableError)
    assert error.code == "connection_lost"


@pytest.mark.parametrize("challenge", [JSON, "{this is not base64", ""])
def test_imap_closing_reply_follows_any_challenge(challenge: str) -> None:
    answers: list[str] = []

    def authenticate(peer: Peer, tag: str, command: str) -> None:
        peer.send("+ ")
        peer.line()
        peer.send(f"+ {challenge}")
        answers.append(peer.line())
        peer.send(f"{tag} NO [AUTHENTICATIONFAILED] no")

    with serving(imap({"AUTHENTICATE": authenticate})) as server:
        error = open_failing(ImapSession, server)
        assert isinstance(error, AuthenticationError)
        assert answers == [""]
        assert (error.detail.get("status") == "401") is (challenge == JSON)
        token = base64.b64encode(b"auth=Bearer " + GOOD_TOKEN.encode())[:16]
        assert server.heard.count(token[4:]) <= 1


def test_imap_endless_challenges_end_with_an_abort() -> None:
    def authenticate(peer: Peer, tag: str, command: str) -> None:
        while True:
            peer.send("+ " + JSON)
            peer.line()

    with serving(imap({"AUTHENTICATE": authenticate})) as server:
        error = open_failing(ImapSession, server)
        assert isinstance(error, ProtocolError)
        assert server.heard.endswith(b"\r\n\r\n*\r\n")


def test_imap_capabilities_are_read_again_after_the_sign_in() -> None:
    said = iter(["AUTH=XOAUTH2 LOGINDISABLED", "MOVE UIDPLUS"])

    def capability(peer: Peer, tag: str, command: str) -> None:
        peer.send(f"* CAPABILITY IMAP4rev1 {next(said)}", f"{tag} OK done")

    with (
        serving(imap({"CAPABILITY": capability})) as server,
        ImapSession.open(server.endpoint(), bearer()) as session,
    ):
        assert session.capabilities == {"IMAP4REV1", "MOVE", "UIDPLUS"}


def test_imap_login_refuses_where_the_server_forbids_passwords() -> None:
    replies = {"CAPABILITY": ["* CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=XOAUTH2", "{tag} OK x"]}
    with serving(imap(replies)) as server:
        error = open_failing(ImapSession, server, PasswordCredentials("u", "the-password"))
        assert isinstance(error, CapabilityError)
        assert b"the-password" not in server.heard


def test_imap_login_quotes_what_it_sends() -> None:
    replies = {"CAPABILITY": ["* CAPABILITY IMAP4rev1", "{tag} OK x"]}
    credentials = PasswordCredentials("a b", 'x"y\\z')
    with serving(imap(replies)) as server, ImapSession.open(server.endpoint(), credentials):
        assert b' LOGIN "a b" "x\\"y\\\\z"\r\n' in server.heard


def test_imap_user_who_is_authenticated_but_not_connected() -> None:
    replies = {
        "SELECT": ["{tag} BAD User is authenticated but not connected."],
    }
    with (
        serving(imap(replies)) as server,
        ImapSession.open(server.endpoint(), bearer()) as session,
        pytest.raises(AuthenticationError) as caught,
    ):
        session.select("INBOX")
    assert caught.value.code == "authenticated_but_not_connected"


def test_a_server_which_echoes_the_token_does_not_get_it_into_the_error() -> None:
    def authenticate(peer: Peer, tag: str, command: str) -> None:
        peer.send("+ ")
        peer.send(f"{tag} BAD unknown: {peer.line()}")

    with serving(imap({"AUTHENTICATE": authenticate})) as server:
        error = open_failing(ImapSession, server)
    encoded = base64.b64encode(f"user={ALICE}\x01auth=Bearer {GOOD_TOKEN}\x01\x01".encode())
    assert_without_secret(error, encoded.decode()[:20])
    assert "[hidden]" in error.server_text
