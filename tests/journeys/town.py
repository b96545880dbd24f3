"""The groupware and the sandbox's servers together, and what tests ask of both."""

from __future__ import annotations

import email.policy
import imaplib
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from typing import TypeVar

from django.utils import timezone

from groupware.users.models import User
from oauthservers import vault
from oauthservers.models import AuthorizationServer, Grant
from oauthservers.providers.base import Identity, TokenResponse
from tests import environment
from tests.journeys.visitor import Visitor
from tests.sandbox import PASSWORD, PEOPLE, Sandbox
from tests.sandbox.mailboxes import quoted
from webmail import sync
from webmail import tasks as webmail_tasks
from webmail.models import MailAccount, MailServer, Message
from webmail.models.server import Security

T = TypeVar("T")
ADDRESS = {person.username: person.address for person in PEOPLE}
REALM = {person.username: person.signs_in_at for person in PEOPLE}
PLACE = {"microsoft": "contoso", "google": "example-jp", "generic": "lab", "": "atelier"}


def eventually(question: Callable[[], T], what: str, seconds: float = 60) -> T:
    """Ask until the answer is true; the answer. The limit only ends a test that has failed."""
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        if time.monotonic() > deadline:
            raise AssertionError(f"It never came true: {what}\n{_last_words()}")
        time.sleep(0.1)
    return answer


def _last_words() -> str:
    """The end of the worker's log, for whoever reads why a test failed."""
    log = environment.DATA / "worker.log"
    return "\n".join(log.read_text(errors="replace").splitlines()[-80:]) if log.exists() else ""


def letter(subject: str, to: str, text: str = "Here they are.\n", **headers: str) -> bytes:
    """A message from outside with an identifier of its own."""
    mail = EmailMessage()
    mail["From"] = headers.pop("From", "Sato <sato@other.example>")
    mail["To"], mail["Subject"] = to, subject
    mail["Message-ID"] = f"<{time.monotonic_ns()}@other.example>"
    mail["Date"] = "Thu, 12 Nov 2026 12:00:00 +0900"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


@dataclass(frozen=True)
class Found:
    """A message as it lies on a mail server."""

    mail: EmailMessage
    flags: frozenset[str]

    @property
    def subject(self) -> str:
        return str(self.mail["Subject"])


@dataclass
class Town:
    """Everybody's servers and, at ``base``, the groupware."""

    sandbox: Sandbox
    base: str = ""

    def visitor(self, username: str) -> Visitor:
        """Somebody who has signed in to the groupware."""
        visitor = Visitor(self.base)
        visitor.sign_in(username)
        return visitor

    def realm(self, username: str):
        """Where this person's mailbox is authorized, with the levers of tests."""
        return getattr(self.sandbox, REALM[username])

    # -- mail servers ----------------------------------------------------------------------------

    def deliver(self, username: str, *subjects: str, **headers: str) -> None:
        """Put messages into somebody's inbox, as if they came from outside."""
        for subject in subjects:
            self.sandbox.deliver(letter(subject, ADDRESS[username], **headers), ADDRESS[username])

    def on_server(self, username: str, folder: str = "INBOX") -> list[Found]:
        """The messages of a folder as they lie on the server, in order of arrival."""
        with self.sandbox.mailbox(ADDRESS[username]) as client:
            state, counted = client.select(quoted(folder), readonly=True)
            if state != "OK" or counted == [b"0"]:
                return []
            _, lines = client.fetch("1:*", "(FLAGS BODY.PEEK[])")
        parser = BytesParser(policy=email.policy.default)
        return [
            Found(
                parser.parsebytes(line[1]),
                frozenset(flag.decode() for flag in imaplib.ParseFlags(line[0])),
            )
            for line in lines
            if isinstance(line, tuple)
        ]

    def subjects_on_server(self, username: str, folder: str = "INBOX") -> list[str]:
        """The subjects of a folder on the server."""
        return [found.subject for found in self.on_server(username, folder)]

    def empty_mailboxes(self) -> None:
        """Let every mailbox be as on its first day."""
        for address in filter(None, ADDRESS.values()):
            with self.sandbox.mailbox(address) as client:
                for line in client.list()[1]:
                    name = line.decode().rpartition(' "/" ')[2].strip('"')
                    if name != "INBOX":
                        client.delete(f'"{name}"')
                client.select("INBOX")
                if client.search(None, "ALL")[1][0]:
                    client.store("1:*", "+FLAGS", "\\Deleted")
                    client.expunge()

    # -- rows of the groupware -------------------------------------------------------------------

    def mail_server(self, username: str, protocol: str, port: int | None = None) -> MailServer:
        """The registered server of somebody's place; a port stands for a proxy before its plain port."""
        server = MailServer.objects.get(key=f"{PLACE[REALM[username]]}-{protocol}")
        if port is not None:
            server.port, server.security = port, Security.NONE
            server.save()
        return server

    def grant(self, username: str, *, seconds: int | None = None) -> Grant:
        """A connection as the consent of its owner leaves it; ``seconds`` of life for the first token."""
        realm = self.realm(username)
        offline = ["openid", "profile", "email", "offline_access"]
        issued = realm.issue(ADDRESS[username], [*realm.mail_scopes, *offline])
        return vault.keep(
            server=AuthorizationServer.objects.get(key=realm.key),
            user=User.objects.get(username=username),
            mailbox_address=ADDRESS[username],
            identity=Identity(realm.issuer, issued.subject, (ADDRESS[username],)),
            tokens=TokenResponse(
                issued.access_token,
                issued.refresh_token or "",
                expires_in=seconds or issued.expires_in,
            ),
            scopes=" ".join(realm.mail_scopes),
            asked_at=timezone.now(),
        )

    def account(self, username: str, protocol: str = "imap", **values) -> MailAccount:
        """A mail account of somebody, authorized where their server asks for it."""
        columns = {
            "owner": User.objects.get(username=username),
            "address": ADDRESS[username],
            "name": ADDRESS[username],
            "incoming_server": self.mail_server(username, protocol),
            "outgoing_server": self.mail_server(username, "smtp"),
        }
        if REALM[username]:
            columns["receive_grant"] = values.pop("receive_grant", None) or self.grant(username)
        else:
            columns["receive_authentication"] = MailAccount.ReceiveAuthentication.PASSWORD
            columns["receive_password"] = PASSWORD
        return MailAccount.objects.create(**(columns | values))

    def subjects(self, account: MailAccount, role: str = "inbox") -> list[str]:
        """The subjects of the folders with this role as the list shows them, sorted."""
        shown = Message.objects.filter(account=account, mailbox__role=role, is_deleted=False)
        return sorted(shown.values_list("subject", flat=True))

    def sweep(self) -> list[int]:
        """Receive as the next sweep does once the pauses are over; the accounts that were tried."""
        MailAccount.objects.update(next_sync_at=None)
        tried = sync.claim_due()
        for pk in tried:
            webmail_tasks.sync_account(pk)
        return tried

    def outdate(self) -> None:
        """Let every access token be over, here and at the servers, as an hour later."""
        Grant.objects.update(access_token_expires_at=timezone.now())
        for username, realm in REALM.items():
            if realm:
                getattr(self.sandbox, realm).expire_access_tokens(ADDRESS[username])
