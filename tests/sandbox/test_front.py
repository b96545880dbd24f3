"""The front with the manners of Exchange, as clients see it on the wire."""

from __future__ import annotations

import base64
import imaplib
import poplib
import smtplib
import ssl
import time

import pytest

from tests.sandbox import PASSWORD, Sandbox
from tests.sandbox.attempts import ALICE, MARIA
from tests.sandbox.test_mail_servers import PIERRE, found, message, xoauth2

SUPPORT = "support@contoso.example"


def imap(sandbox: Sandbox, tls: ssl.SSLContext, user: str, token: str) -> imaplib.IMAP4:
    client = imaplib.IMAP4("localhost", sandbox.exchange.imap.port, timeout=20)
    client.starttls(tls)
    client.authenticate("XOAUTH2", lambda _: xoauth2(user, token))
    return client


def smtp(sandbox: Sandbox, tls: ssl.SSLContext) -> smtplib.SMTP:
    client = smtplib.SMTP("localhost", sandbox.exchange.submission.port, timeout=20)
    client.starttls(context=tls)
    client.ehlo()
    return client


def signed_in(client: smtplib.SMTP, user: str, token: str) -> tuple[int, bytes]:
    return client.docmd("AUTH", f"XOAUTH2 {base64.b64encode(xoauth2(user, token)).decode()}")


def test_a_good_token_passes_the_front_by_every_protocol(sandbox, tls):
    token = sandbox.microsoft.issue(ALICE).access_token
    with imap(sandbox, tls, ALICE, token) as client:
        assert client.select("INBOX")[0] == "OK"
        assert client.search(None, "ALL")[0] == "OK"
    pop3 = poplib.POP3_SSL("localhost", sandbox.exchange.pop3.tls_port, context=tls, timeout=20)
    assert "XOAUTH2" in pop3.capa()["SASL"]
    assert pop3._shortcmd("AUTH XOAUTH2").startswith(b"+")
    assert pop3._shortcmd(base64.b64encode(xoauth2(ALICE, token)).decode()).startswith(b"+OK")
    assert pop3.stat() is not None
    subject = f"front-{time.time_ns()}"
    with smtp(sandbox, tls) as client:
        assert signed_in(client, ALICE, token)[0] == 235
        client.sendmail(ALICE, [PIERRE], message(subject, ALICE, PIERRE))
    assert len(found(sandbox, PIERRE, "INBOX", subject)) == 1
    assert len(found(sandbox, ALICE, "Sent", subject)) == 1


def test_a_letter_of_some_megabytes_passes_the_front_both_ways(sandbox, tls):
    token = sandbox.microsoft.issue(MARIA, None).access_token
    raw = message(f"big-{time.time_ns()}", MARIA, MARIA) + b"0123456789abcdef\r\n" * 200_000
    with imap(sandbox, tls, MARIA, token) as client:
        client.create("Big")
        assert client.append("Big", "", "", raw)[0] == "OK"
        client.select("Big")
        assert client.fetch("1", "(BODY.PEEK[])")[1][0][1] == raw
        client.close()
        client.delete("Big")


def test_a_bad_token_is_refused_at_once_without_a_challenge(sandbox, tls):
    with pytest.raises(imaplib.IMAP4.error, match=r"AUTHENTICATE failed\."):
        imap(sandbox, tls, ALICE, "wrong")
    with smtp(sandbox, tls) as client:
        code, words = signed_in(client, ALICE, "wrong")
        assert (code, words) == (535, b"5.7.3 Authentication unsuccessful [sandbox]")
    pop3 = poplib.POP3_SSL("localhost", sandbox.exchange.pop3.tls_port, context=tls, timeout=20)
    with pytest.raises(poplib.error_proto, match="Authentication failure"):
        pop3._shortcmd(f"AUTH XOAUTH2 {base64.b64encode(xoauth2(ALICE, 'x')).decode()}")


def test_nobody_signs_in_without_tls_or_with_a_password(sandbox, tls):
    client = imaplib.IMAP4("localhost", sandbox.exchange.imap.port, timeout=20)
    assert "AUTH=XOAUTH2" not in client.capabilities
    with pytest.raises(imaplib.IMAP4.error):
        client.authenticate("XOAUTH2", lambda _: b"")
    client.starttls(tls)
    with pytest.raises(imaplib.IMAP4.error, match="Basic authentication is disabled"):
        client.login(ALICE, PASSWORD)
    with smtp(sandbox, tls) as sender, pytest.raises(smtplib.SMTPSenderRefused, match="not auth"):
        sender.sendmail(ALICE, [PIERRE], b"x")


@pytest.mark.parametrize("switches", [{"imap": False}, {"licensed": False}])
def test_a_mailbox_that_is_switched_off_signs_in_and_is_not_connected(sandbox, tls, switches):
    sandbox.microsoft.switch(ALICE, **switches)
    token = sandbox.microsoft.issue(ALICE).access_token
    client = imap(sandbox, tls, ALICE, token)
    assert client.noop()[0] == "OK"
    with pytest.raises(imaplib.IMAP4.error, match="User is authenticated but not connected"):
        client.select("INBOX")
    with pytest.raises(imaplib.IMAP4.abort):
        client.noop()
    sandbox.microsoft.switch(ALICE, imap=True, licensed=True)
    assert imap(sandbox, tls, ALICE, token).select("INBOX")[0] == "OK"


def test_a_mailbox_that_may_not_send_says_so_and_another_may(sandbox, tls):
    server = sandbox.microsoft
    server.switch(ALICE, smtp=False)
    with smtp(sandbox, tls) as client:
        code, words = signed_in(client, ALICE, server.issue(ALICE).access_token)
        assert code == 535
        assert words.startswith(
            b"5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
            b"Mailbox."
        )
        assert signed_in(client, MARIA, server.issue(MARIA).access_token)[0] == 235
    with pytest.raises(ValueError, match="no switch"):
        server.switch(ALICE, fax=False)


def test_a_mailbox_is_refused_in_the_words_of_a_test(sandbox, tls):
    server, words = sandbox.microsoft, "535 5.7.139 The user is locked by the security defaults"
    server.answer(ALICE, smtp=words, imap="NO [UNAVAILABLE] Server busy")
    token = server.issue(ALICE).access_token
    with smtp(sandbox, tls) as client:
        assert signed_in(client, ALICE, token) == (535, words[4:].encode())
    with pytest.raises(imaplib.IMAP4.error, match="Server busy"):
        imap(sandbox, tls, ALICE, token)
    server.answer(ALICE, smtp="", imap="")
    imap(sandbox, tls, ALICE, token).logout()


def test_who_is_no_delegate_of_a_shared_mailbox_is_not_connected(sandbox, tls):
    server = sandbox.microsoft
    stranger = imap(sandbox, tls, SUPPORT, server.issue(MARIA).access_token)
    with pytest.raises(imaplib.IMAP4.error, match="not connected"):
        stranger.select("INBOX")
    delegate = server.issue(ALICE).access_token
    assert imap(sandbox, tls, SUPPORT, delegate).select("INBOX")[0] == "OK"
    with smtp(sandbox, tls) as client:
        assert signed_in(client, SUPPORT, delegate)[0] == 535
        assert signed_in(client, ALICE, delegate)[0] == 235
        client.mail(SUPPORT)
        assert client.rcpt(PIERRE)[0] == 250
