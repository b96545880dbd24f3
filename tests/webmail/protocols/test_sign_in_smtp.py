"""Signing in to SMTP servers which do it their own way."""

import base64
from typing import Any

import pytest

from tests.webmail.protocols.lab import (
    PASSWORD_CREDENTIALS,
)
from tests.webmail.protocols.refused_sign_ins import JSON, open_failing
from tests.webmail.protocols.scripted import Peer, lines, serving
from webmail.protocols.errors import (
    AuthenticationError,
    CapabilityError,
    MailServerError,
    ProtocolError,
    ThrottledError,
    UnreachableError,
)
from webmail.protocols.smtp import SmtpSession


def smtp_server(*after_token: str, ehlo: str = "250-x\n250 AUTH XOAUTH2 PLAIN") -> Any:
    def auth(peer: Peer) -> None:
        peer.send("334 ")
        peer.line()
        for text in after_token:
            peer.send(text)
            if text.startswith("334"):
                peer.line()

    return lines("220 ready", {"EHLO": ehlo, "AUTH": auth})


@pytest.mark.parametrize(
    ("reply", "kind", "code", "retryable"),
    [
        (
            "535 5.7.3 Authentication unsuccessful [x]",
            AuthenticationError,
            "authentication_failed",
            False,
        ),
        (
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for "
            "the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information.",
            AuthenticationError,
            "smtp_auth_disabled",
            False,
        ),
        (
            "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.",
            AuthenticationError,
            "basic_authentication_disabled",
            False,
        ),
        (
            "535 5.7.139 Authentication unsuccessful, user is locked by your organization's "
            "security defaults policy.",
            AuthenticationError,
            "blocked_by_security_defaults",
            False,
        ),
        (
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for "
            "the Mailbox. Visit https://aka.ms/smtp_auth_disabled for more information.",
            AuthenticationError,
            "smtp_auth_disabled_for_mailbox",
            False,
        ),
        (
            "535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be "
            "authenticated successfully. Contact your administrator.",
            AuthenticationError,
            "blocked_by_policy",
            False,
        ),
        (
            "454 4.7.0 Temporary authentication failure",
            AuthenticationError,
            "authentication_temporarily_unavailable",
            True,
        ),
        ("432 4.3.2 too many", ThrottledError, "too_many_connections", True),
        ("421 4.3.0 closing", UnreachableError, "server_closing", True),
        ("503 5.5.2 Send hello first", ProtocolError, "protocol_error", False),
        ("500 5.5.6 Line too long", ProtocolError, "protocol_error", False),
        ("501 5.5.2 cannot decode", ProtocolError, "protocol_error", False),
        ("504 5.5.4 no", CapabilityError, "authentication_mechanism_missing", False),
        ("535 5.7.8 no", AuthenticationError, "authentication_failed", False),
        ("534 5.7.9 too weak", AuthenticationError, "authentication_failed", False),
        ("538 5.7.11 encrypt", AuthenticationError, "authentication_failed", False),
    ],
)
def test_smtp_answers_to_a_sign_in(
    reply: str, kind: type[MailServerError], code: str, retryable: bool
) -> None:
    with serving(smtp_server(reply)) as server:
        error = open_failing(SmtpSession, server)
    assert (type(error), error.code, error.retryable) == (kind, code, retryable)


def test_smtp_503_at_auth_is_not_taken_for_success() -> None:
    script = lines("220 x", {"EHLO": "250-x\n250 AUTH XOAUTH2", "AUTH": "503 5.5.2 Send hello"})
    with serving(script) as server:
        assert isinstance(open_failing(SmtpSession, server), ProtocolError)


def test_smtp_challenge_gives_its_detail() -> None:
    with serving(smtp_server(f"334 {JSON}", "535 5.7.8 no")) as server:
        error = open_failing(SmtpSession, server)
    assert isinstance(error, AuthenticationError)
    assert error.detail["status"] == "401"


def test_smtp_endless_challenges_end_with_an_abort() -> None:
    with serving(smtp_server(*(["334 " + JSON] * 9))) as server:
        error = open_failing(SmtpSession, server)
        assert isinstance(error, ProtocolError)
        assert server.heard.endswith(b"\r\n\r\n*\r\n")


def test_smtp_uses_login_where_plain_is_missing() -> None:
    def auth(peer: Peer) -> None:
        for _ in range(2):
            peer.send("334 VXNlcm5hbWU6")
            peer.line()
        peer.send("235 2.7.0 welcome")

    script = lines("220 x", {"EHLO": "250-x\n250 AUTH LOGIN", "AUTH": auth})
    with serving(script) as server, SmtpSession.open(server.endpoint(), PASSWORD_CREDENTIALS):
        word = base64.b64encode(PASSWORD_CREDENTIALS.password.encode())
        assert server.heard.endswith(b"\r\n" + word + b"\r\n")


def test_smtp_server_without_sign_in_refuses_credentials_but_serves_without() -> None:
    with serving(lines("220 x", {"EHLO": "250 x"})) as server:
        assert isinstance(open_failing(SmtpSession, server), CapabilityError)
        with SmtpSession.open(server.endpoint(), None) as session:
            assert session.max_size is None
