"""A mail world for the engine's tests: empty mailboxes on real servers, and accounts that open them."""

from __future__ import annotations

import imaplib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.factories.webmail import (
    MailAccountFactory,
    MailServerFactory,
)
from tests.sandbox import PASSWORD, Sandbox
from webmail import sync
from webmail.models import MailAccount, Mailbox, MailServer, Message
from webmail.models.server import Security

PIERRE = "pierre@atelier.example"  # signs in with a password


@pytest.fixture(scope="session")
def empty_sandbox() -> Iterator[Sandbox]:
    """Servers of their own whose mailboxes are empty, so that a test may do what it likes with them."""
    with Sandbox(seed_messages=False) as running:
        yield running


def raw_mail(subject: str = "Minutes", text: str = "Here they are.", **headers: str) -> bytes:
    """A message with an identifier of its own."""
    mail = EmailMessage()
    mail["From"] = headers.pop("From", "Sato <sato@other.example>")
    mail["To"] = headers.pop("To", PIERRE)
    mail["Subject"] = subject
    mail["Message-ID"] = headers.pop(
        "Message_ID", f"<{subject.replace(' ', '.')}.{time.monotonic_ns()}@other.example>"
    )
    mail["Date"] = "Thu, 12 Nov 2026 12:00:00 +0900"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


@dataclass
class MailWorld:
    """One mailbox on the servers, with the account that receives it here."""

    sandbox: Sandbox
    address: str = PIERRE
    _servers: dict[str, MailServer] = field(default_factory=dict)

    def server(self, protocol: str, port: int | None = None, host: str = "localhost") -> MailServer:
        """The mail server row of a protocol, with TLS; ``port`` puts something in between."""
        tls_ports = {
            "imap": self.sandbox.imap.tls_port,
            "pop3": self.sandbox.pop3.tls_port,
            "smtp": self.sandbox.submission.tls_port,
        }
        return MailServerFactory(
            protocol=protocol,
            host=host,
            port=port or tls_ports[protocol],
            security=Security.TLS,
            ca_certificates=Path(self.sandbox.ca_file).read_text(),
        )

    def account(self, protocol: str = "imap", **values) -> MailAccount:
        """An account that signs in with the password."""
        defaults = {
            "address": self.address,
            "incoming_server": values.pop("incoming_server", None) or self.server(protocol),
            "outgoing_server": values.pop("outgoing_server", None) or self.server("smtp"),
            "receive_password": PASSWORD,
        }
        return MailAccountFactory(**(defaults | values))

    def deliver(self, *subjects: str, **headers: str) -> list[bytes]:
        """Put messages into the inbox, as if they came from outside."""
        sent = [raw_mail(subject, **headers) for subject in subjects]
        for raw in sent:
            self.sandbox.deliver(raw, self.address)
        return sent

    def imap(self):
        """Look into the mailbox on the server, or change it as another program would."""
        return self.sandbox.mailbox(self.address)

    def wipe(self) -> None:
        """Empty the mailbox and remove the folders that tests made."""
        with self.imap() as client:
            for line in client.list()[1]:
                if line and (name := line.decode().rpartition(' "/" ')[2].strip('"')) != "INBOX":
                    client.delete(f'"{name}"')
            client.select("INBOX")
            client.store("1:*", "+FLAGS", "\\Deleted") if client.search(None, "ALL")[1][0] else None
            client.expunge()

    def on_server(self, folder: str = "INBOX") -> dict[str, str]:
        """Subject → flags of the messages of a folder on the server."""
        found = {}
        with self.imap() as client:
            state, counted = client.select(f'"{folder}"', readonly=True)
            if state != "OK" or counted == [b"0"]:
                return {}
            _, lines = client.fetch("1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
            for line in lines:
                if isinstance(line, tuple):
                    subject = line[1].decode().partition(":")[2].strip()
                    flags = {item.decode() for item in imaplib.ParseFlags(line[0])} - {"\\Recent"}
                    found[subject] = " ".join(sorted(flags))
        return found


@pytest.fixture
def world(db: None, empty_sandbox: Sandbox) -> MailWorld:
    """The mailbox of somebody who signs in with a password, empty at the start."""
    world = MailWorld(empty_sandbox)
    world.wipe()
    return world


def receive(account: MailAccount, **options) -> sync.Outcome:
    """One run of receiving; the account is read again afterwards."""
    outcome = sync.sync_account(account.pk, **options)
    account.refresh_from_db()
    return outcome


def subjects(account: MailAccount, folder: str = "INBOX") -> list[str]:
    """Subjects of the messages of a folder as the list shows them, newest first."""
    shown = Message.objects.in_mailbox(Mailbox.objects.get(account=account, name=folder))
    return list(shown.newest_first().values_list("subject", flat=True))
