"""Real clients of the standard library against the sandbox's Dovecot."""

from __future__ import annotations

import base64
import imaplib
import poplib
import smtplib
import ssl
import time

import pytest

from tests.sandbox import PASSWORD, Sandbox

ALICE, HARUKA, OLGA, PIERRE = (
    "alice@contoso.example",
    "haruka@example.jp",
    "olga@lab.example",
    "pierre@atelier.example",
)


def xoauth2(user: str, token: str) -> bytes:
    return f"user={user}\x01auth=Bearer {token}\x01\x01".encode()


def imap_login(sandbox: Sandbox, tls: ssl.SSLContext, user: str, token: str) -> imaplib.IMAP4:
    client = imaplib.IMAP4_SSL("localhost", sandbox.imap.tls_port, ssl_context=tls)
    answers = iter([xoauth2(user, token), b""])
    client.authenticate("XOAUTH2", lambda _: next(answers))
    return client


def pop3_login(sandbox: Sandbox, tls: ssl.SSLContext, user: str, token: str) -> poplib.POP3:
    client = poplib.POP3("localhost", sandbox.pop3.port)
    client.stls(tls)
    assert client._shortcmd("AUTH XOAUTH2").startswith(b"+")
    answer = client._shortcmd(base64.b64encode(xoauth2(user, token)).decode())
    if not answer.startswith(b"+OK"):
        raise poplib.error_proto(client._shortcmd(""))
    return client


def smtp_login(sandbox: Sandbox, tls: ssl.SSLContext, user: str, token: str) -> smtplib.SMTP:
    client = smtplib.SMTP("localhost", sandbox.submission.port)
    client.starttls(context=tls)
    client.ehlo()
    answers = iter([xoauth2(user, token).decode(), ""])
    client.auth("XOAUTH2", lambda _=None: next(answers), initial_response_ok=False)
    return client


@pytest.mark.parametrize("address", [ALICE, HARUKA, OLGA])
def test_a_minted_token_opens_its_mailbox_by_every_protocol(sandbox, tls, address):
    token = sandbox.authorization_server_of(address).issue(address).access_token
    with imap_login(sandbox, tls, address, token) as imap:
        assert imap.select("INBOX")[0] == "OK"
    assert pop3_login(sandbox, tls, address, token).stat() is not None
    with smtp_login(sandbox, tls, address, token) as smtp:
        assert smtp.noop()[0] == 250


def test_a_token_of_six_thousand_characters_passes_every_protocol(sandbox, tls):
    sandbox.microsoft.set(access_token_length=6000)
    token = sandbox.microsoft.issue(ALICE).access_token
    assert len(token) == 6000
    imap_login(sandbox, tls, ALICE, token).logout()
    pop3_login(sandbox, tls, ALICE, token).quit()
    smtp_login(sandbox, tls, ALICE, token).quit()


def test_a_token_of_another_person_is_refused(sandbox, tls):
    token = sandbox.microsoft.issue("maria@contoso.example").access_token
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        imap_login(sandbox, tls, ALICE, token)
    with pytest.raises(poplib.error_proto, match="Authentication failed"):
        pop3_login(sandbox, tls, ALICE, token)
    with pytest.raises(smtplib.SMTPAuthenticationError, match="535"):
        smtp_login(sandbox, tls, ALICE, token)


def test_a_token_opens_only_the_protocol_of_its_scope(sandbox, tls):
    token = sandbox.generic.issue(OLGA, ["mail:smtp"]).access_token
    smtp_login(sandbox, tls, OLGA, token).quit()
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        imap_login(sandbox, tls, OLGA, token)


def test_an_expired_and_a_revoked_token_are_refused(sandbox, tls):
    expired = sandbox.google.issue(HARUKA).access_token
    assert sandbox.google.expire_access_tokens(HARUKA) > 0
    with pytest.raises(imaplib.IMAP4.error):
        imap_login(sandbox, tls, HARUKA, expired)
    revoked = sandbox.google.issue(HARUKA).access_token
    assert sandbox.google.revoke(HARUKA) > 0
    with pytest.raises(imaplib.IMAP4.error):
        imap_login(sandbox, tls, HARUKA, revoked)


def test_only_people_without_an_authorization_server_use_a_password(sandbox, tls):
    pop3 = poplib.POP3_SSL("localhost", sandbox.pop3.tls_port, context=tls)
    pop3.user(PIERRE)
    assert pop3.pass_(PASSWORD).startswith(b"+OK")
    pop3.quit()
    imap = imaplib.IMAP4_SSL("localhost", sandbox.imap.tls_port, ssl_context=tls)
    with pytest.raises(imaplib.IMAP4.error):
        imap.login(ALICE, PASSWORD)


def message(subject: str, sender: str, recipient: str) -> bytes:
    head = f"From: {sender}\r\nTo: {recipient}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@t>"
    return f"{head}\r\n\r\nBody.\r\n.\r\n".encode()


def found(sandbox: Sandbox, address: str, folder: str, subject: str) -> list[bytes]:
    with sandbox.mailbox(address) as mailbox:
        mailbox.select(folder, readonly=True)
        return mailbox.search(None, "SUBJECT", subject)[1][0].split()


@pytest.mark.parametrize(
    ("address", "copies"), [(ALICE, 1), (HARUKA, 1), (OLGA, 0)], ids=["exchange", "gmail", "plain"]
)
def test_submitted_mail_arrives_and_is_filed_as_the_provider_does(sandbox, tls, address, copies):
    subject = f"submitted-{copies}-{address[:4]}-{time.time_ns()}"
    token = sandbox.authorization_server_of(address).issue(address).access_token
    with smtp_login(sandbox, tls, address, token) as smtp:
        smtp.sendmail(address, [PIERRE], message(subject, address, PIERRE))
    assert len(found(sandbox, PIERRE, "INBOX", subject)) == 1
    assert len(found(sandbox, address, "Sent", subject)) == copies


def test_recipients_are_refused_by_name(sandbox, tls):
    token = sandbox.microsoft.issue(ALICE).access_token
    with smtp_login(sandbox, tls, ALICE, token) as smtp:
        smtp.mail(ALICE)
        code, words = smtp.rcpt("nobody@contoso.example")
        assert (code, words) == (550, b"5.1.1 <nobody@contoso.example> The mailbox does not exist")
        assert smtp.rcpt("reject-me@other.example")[0] == 550
        assert smtp.rcpt("tempfail-me@other.example")[0] == 451
        assert smtp.rcpt(PIERRE)[0] == 250


def test_nobody_sends_under_the_name_of_another(sandbox, tls):
    token = sandbox.microsoft.issue(ALICE).access_token
    with smtp_login(sandbox, tls, ALICE, token) as smtp, pytest.raises(smtplib.SMTPSenderRefused):
        smtp.sendmail("maria@contoso.example", [PIERRE], message("forged", ALICE, PIERRE))


def test_mail_from_outside_is_delivered(sandbox):
    sandbox.deliver(message("from-outside", "friend@other.example", OLGA), OLGA)
    assert len(found(sandbox, OLGA, "INBOX", "from-outside")) >= 1
