"""Signing in to the real server."""

from typing import Any

import pytest

from tests.webmail.protocols.lab import (
    ALICE,
    LONG_TOKEN,
    MARIAS_TOKEN,
    PASSWORD_CREDENTIALS,
    Lab,
    bearer,
)
from tests.webmail.protocols.refused_sign_ins import assert_without_secret
from webmail.protocols.errors import (
    AuthenticationError,
)
from webmail.protocols.imap import ImapSession
from webmail.protocols.pop3 import Pop3Session
from webmail.protocols.smtp import SmtpSession
from webmail.protocols.types import PasswordCredentials

SESSIONS: list[tuple[Any, str]] = [
    (ImapSession, "imap"),
    (Pop3Session, "pop3"),
    (SmtpSession, "submission"),
]
each_protocol = pytest.mark.parametrize(("session", "service"), SESSIONS)
each_mechanism = pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])


@each_mechanism
@each_protocol
def test_a_token_of_6000_characters_opens_the_mailbox(
    lab: Lab, session: Any, service: str, mechanism: str
) -> None:
    assert len(LONG_TOKEN) == 6000
    with session.open(lab.endpoint(service), bearer(LONG_TOKEN, mechanisms=(mechanism,))) as opened:
        assert opened.is_open


@each_protocol
def test_a_password_opens_the_mailbox(lab: Lab, session: Any, service: str) -> None:
    with session.open(lab.endpoint(service + "s"), PASSWORD_CREDENTIALS) as opened:
        assert opened.is_open


@each_mechanism
@each_protocol
def test_a_refused_token_gives_the_detail_of_the_challenge(
    lab: Lab, session: Any, service: str, mechanism: str
) -> None:
    with pytest.raises(AuthenticationError) as caught:
        session.open(lab.endpoint(service), bearer("refused-token", mechanisms=(mechanism,)))
    assert caught.value.code == "authentication_failed"
    assert not caught.value.retryable
    expected = "401" if mechanism == "XOAUTH2" else "invalid_token"
    assert caught.value.detail["status"] == expected
    assert_without_secret(caught.value, "refused-token")


@each_protocol
def test_another_persons_token_does_not_open_the_mailbox(
    lab: Lab, session: Any, service: str
) -> None:
    with pytest.raises(AuthenticationError) as caught:
        session.open(lab.endpoint(service), bearer(MARIAS_TOKEN, user=ALICE))
    assert caught.value.code == "authentication_failed"


@each_protocol
def test_a_wrong_password_is_an_authentication_error(lab: Lab, session: Any, service: str) -> None:
    wrong = PasswordCredentials(PASSWORD_CREDENTIALS.username, "wrong-password")
    with pytest.raises(AuthenticationError) as caught:
        session.open(lab.endpoint(service), wrong)
    assert caught.value.code == "authentication_failed"
    assert_without_secret(caught.value, "wrong-password")
