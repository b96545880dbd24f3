"""Mailboxes to which nobody signs in: delegates open them and send as them."""

from __future__ import annotations

import imaplib
import poplib
import smtplib
import time

import pytest

from tests.sandbox.attempts import ALICE, MARIA, OLGA
from tests.sandbox.test_mail_servers import (
    PIERRE,
    found,
    imap_login,
    message,
    pop3_login,
    smtp_login,
)

SUPPORT, INFO = "support@contoso.example", "info@lab.example"


@pytest.mark.parametrize(
    ("key", "delegate", "shared"), [("microsoft", ALICE, SUPPORT), ("generic", OLGA, INFO)]
)
def test_a_delegate_opens_a_shared_mailbox_and_sends_as_it(sandbox, tls, key, delegate, shared):
    token, subject = getattr(sandbox, key).issue(delegate).access_token, f"as-{time.time_ns()}"
    with imap_login(sandbox, tls, shared, token) as imap:
        assert imap.select("INBOX")[0] == "OK"
    assert pop3_login(sandbox, tls, shared, token).stat() is not None
    with pytest.raises(smtplib.SMTPAuthenticationError):
        smtp_login(sandbox, tls, shared, token)
    with smtp_login(sandbox, tls, delegate, token) as smtp:
        smtp.sendmail(shared, [PIERRE], message(subject, shared, PIERRE))
    assert len(found(sandbox, PIERRE, "INBOX", subject)) == 1
    for address in (shared, delegate):
        assert found(sandbox, address, "Sent", subject) == []


def test_mail_to_a_shared_mailbox_arrives(sandbox):
    subject = f"to-support-{time.time_ns()}"
    sandbox.deliver(message(subject, "friend@other.example", SUPPORT), SUPPORT)
    assert len(found(sandbox, SUPPORT, "INBOX", subject)) == 1


def test_who_is_no_delegate_neither_reads_nor_sends(sandbox, tls):
    token = sandbox.microsoft.issue(MARIA).access_token
    with pytest.raises(imaplib.IMAP4.error):
        imap_login(sandbox, tls, SUPPORT, token)
    with pytest.raises(poplib.error_proto):
        pop3_login(sandbox, tls, SUPPORT, token)
    with (
        smtp_login(sandbox, tls, MARIA, token) as smtp,
        pytest.raises(smtplib.SMTPSenderRefused, match=r"5\.7\.60"),
    ):
        smtp.sendmail(SUPPORT, [PIERRE], message("as-nobody", SUPPORT, PIERRE))


def test_delegates_come_and_go(sandbox, tls):
    server = sandbox.microsoft
    server.add_delegate(SUPPORT, MARIA)
    server.remove_delegate(SUPPORT, ALICE)
    imap_login(sandbox, tls, SUPPORT, server.issue(MARIA).access_token).logout()
    with pytest.raises(imaplib.IMAP4.error):
        imap_login(sandbox, tls, SUPPORT, server.issue(ALICE).access_token)
    with pytest.raises(ValueError, match="no mailbox"):
        server.add_delegate(INFO, MARIA)
