"""With access tokens which an authorization server really issued."""

from typing import Any

import pytest

from tests.sandbox import Sandbox, Service
from webmail.protocols.errors import AuthenticationError
from webmail.protocols.imap import ImapSession
from webmail.protocols.pop3 import Pop3Session
from webmail.protocols.smtp import SmtpSession
from webmail.protocols.types import BearerCredentials, Endpoint, Security, TlsOptions

OWNERS = ["alice@contoso.example", "haruka@example.jp", "olga@lab.example"]


def endpoint(sandbox: Sandbox, service: Service) -> Endpoint:
    options = TlsOptions(ca_pem=sandbox.ca_file.read_text())
    return Endpoint(service.host, service.port, Security.STARTTLS, options)


@pytest.mark.parametrize("owner", OWNERS)
def test_an_issued_token_opens_its_mailbox_and_no_other(sandbox: Sandbox, owner: str) -> None:
    token = sandbox.authorization_server_of(owner).issue(owner).access_token
    sessions: list[tuple[Any, Service]] = [
        (ImapSession, sandbox.imap),
        (Pop3Session, sandbox.pop3),
        (SmtpSession, sandbox.submission),
    ]
    for session, service in sessions:
        with session.open(endpoint(sandbox, service), BearerCredentials(owner, token)) as opened:
            assert opened.is_open
        with pytest.raises(AuthenticationError) as caught:
            session.open(
                endpoint(sandbox, service), BearerCredentials("maria@contoso.example", token)
            )
        assert caught.value.code == "authentication_failed"
        assert token not in repr(caught.value)


def test_what_is_submitted_arrives_as_it_was(sandbox: Sandbox) -> None:
    sender, receiver = OWNERS[0], OWNERS[1]
    raw = (
        f"From: {sender}\r\nTo: {receiver}\r\nSubject: x\r\n"
        "Message-ID: <wire-1@contoso.example>\r\n\r\n.\r\n..two\r\nend\r\n"
    ).encode()
    tokens = {
        owner: sandbox.authorization_server_of(owner).issue(owner).access_token
        for owner in (sender, receiver)
    }
    with SmtpSession.open(
        endpoint(sandbox, sandbox.submission), BearerCredentials(sender, tokens[sender])
    ) as smtp:
        assert smtp.submit(raw, sender, [receiver]).refused == {}
    with ImapSession.open(
        endpoint(sandbox, sandbox.imap), BearerCredentials(receiver, tokens[receiver])
    ) as imap:
        imap.select("INBOX")
        found = imap.search_header("Message-ID", "<wire-1@contoso.example>")
        [message] = imap.fetch(found)
    assert message.raw.endswith(raw)
