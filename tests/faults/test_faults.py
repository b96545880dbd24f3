"""The proxy and the scripted server do what tests will rely on."""

from __future__ import annotations

import imaplib
import smtplib
import socket
import time

import pytest

from tests.faults import TO_CLIENT, TO_SERVER, FaultyProxy, ScriptedServer, Turn
from tests.sandbox import PASSWORD

PIERRE, OLGA = "pierre@atelier.example", "olga@lab.example"


def logged_in(port: int) -> smtplib.SMTP:
    client = smtplib.SMTP("127.0.0.1", port, timeout=20)
    client.login(PIERRE, PASSWORD)
    return client


def arrived(sandbox, subject: str) -> int:
    with sandbox.mailbox(OLGA) as mailbox:
        mailbox.select("INBOX", readonly=True)
        return len(mailbox.search(None, "SUBJECT", subject)[1][0].split())


def eventually(sandbox, subject: str) -> int:
    deadline = time.monotonic() + 10
    while not arrived(sandbox, subject) and time.monotonic() < deadline:
        time.sleep(0.05)
    return arrived(sandbox, subject)


def raw(subject: str) -> bytes:
    return f"From: {PIERRE}\r\nTo: {OLGA}\r\nSubject: {subject}\r\n\r\nBody.\r\n".encode()


def test_everything_passes_and_is_written_down(sandbox):
    with FaultyProxy(sandbox.imap.port) as proxy:
        client = imaplib.IMAP4("127.0.0.1", proxy.port, timeout=20)
        client.login(PIERRE, PASSWORD)
        client.select("INBOX", readonly=True)
        client.logout()
        assert b"SELECT" in proxy.heard() or b"EXAMINE" in proxy.heard()
        assert b"EXISTS" in proxy.heard(TO_CLIENT)


def test_a_cut_before_data_reaches_the_server_delivers_nothing(sandbox):
    with FaultyProxy(sandbox.submission.port) as proxy:
        client = logged_in(proxy.port)
        proxy.cut_on(rb"data\r\n", TO_SERVER, is_passed_on=False)
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.sendmail(PIERRE, [OLGA], raw("cut-before-data"))
        assert proxy.conversations[0].was_cut
    assert arrived(sandbox, "cut-before-data") == 0


def test_a_cut_after_the_final_dot_loses_the_answer_and_not_the_message(sandbox):
    with FaultyProxy(sandbox.submission.port) as proxy:
        client = logged_in(proxy.port)
        proxy.cut_on(rb"\r\n\.\r\n", TO_SERVER)
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.sendmail(PIERRE, [OLGA], raw("cut-after-dot"))
        assert eventually(sandbox, "cut-after-dot") == 1


def test_a_cut_counts_octets_and_is_used_up(sandbox):
    with FaultyProxy(sandbox.imap.port) as proxy:
        proxy.cut_after(10, TO_CLIENT, times=1)
        with socket.create_connection(("127.0.0.1", proxy.port), 20) as first:
            received = b""
            while chunk := first.recv(100):
                received += chunk
        assert len(received) == 10
        with socket.create_connection(("127.0.0.1", proxy.port), 20) as second:
            assert second.recv(5) == b"* OK "


def test_a_reset_looks_like_a_reset(sandbox):
    with FaultyProxy(sandbox.imap.port) as proxy:
        proxy.cut_on(rb"NOOP", TO_SERVER, is_reset=True, is_passed_on=False)
        with socket.create_connection(("127.0.0.1", proxy.port), 20) as client:
            assert client.recv(5)
            client.sendall(b"a NOOP\r\n")
            with pytest.raises(ConnectionResetError):
                while client.recv(1000):
                    pass


def test_refused_connections_end_at_once_and_mending_helps(sandbox):
    with FaultyProxy(sandbox.imap.port) as proxy:
        proxy.refuse()
        with pytest.raises(imaplib.IMAP4.abort):
            imaplib.IMAP4("127.0.0.1", proxy.port, timeout=20)
        proxy.mend()
        imaplib.IMAP4("127.0.0.1", proxy.port, timeout=20).logout()


def test_a_script_says_what_no_real_server_says():
    turns = [
        Turn(r"(\w+) CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=XOAUTH2\n\\1 OK done"),
        Turn(r"(\w+) LOGIN", "\\1 OK completed"),
        Turn(
            r"(\w+) SELECT",
            "\\1 BAD User is authenticated but not connected.\n* BYE",
            hangs_up=True,
        ),
    ]
    with ScriptedServer("* OK ready", turns) as server:
        client = imaplib.IMAP4("127.0.0.1", server.port, timeout=20)
        client.login("a", "b")
        with pytest.raises(imaplib.IMAP4.error, match="not connected"):
            client.select()
        assert server.lines[-1].endswith("SELECT INBOX")


def test_a_script_changes_its_mind_and_takes_data():
    turns = [
        Turn("EHLO", "250 ok"),
        Turn("MAIL", "451 4.3.2 later", times=1),
        Turn("(MAIL|RCPT)", "250 ok"),
        Turn("DATA", "354 go"),
        Turn(".*Body", "250 taken", takes_data=True),
    ]
    with ScriptedServer("220 ready", turns) as server:
        client = smtplib.SMTP("127.0.0.1", server.port, timeout=20)
        with pytest.raises(smtplib.SMTPSenderRefused):
            client.sendmail("a@b.example", ["c@d.example"], "Body\r\nmore")
        client.ehlo()
        assert client.sendmail("a@b.example", ["c@d.example"], "Body\r\nmore") == {}
        assert "more" in server.lines


def test_a_hold_stands_still_before_or_behind_what_it_waits_for(sandbox):
    with FaultyProxy(sandbox.imap.port) as proxy:
        before = proxy.hold_on(rb"NOOP", TO_SERVER, is_passed_on=False)
        client = imaplib.IMAP4("127.0.0.1", proxy.port, timeout=20)
        client.send(b"a1 NOOP\r\n")
        before.wait()
        assert proxy.heard().endswith(b"\r\na1 ")
        before.let_go()
        assert client.readline().startswith(b"a1 OK")
        behind = proxy.hold_on(rb"NOOP\r\n", TO_SERVER)
        client.send(b"a2 NOOP\r\na3 NOOP\r\n")
        behind.wait()
        assert client.readline().startswith(b"a2 OK")
        behind.drop()
        assert client.readline() == b""
        assert proxy.heard().endswith(b"a1 NOOP\r\na2 NOOP\r\n")
