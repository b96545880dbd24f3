"""Starts and stops the sandbox, and tells what is where."""

from __future__ import annotations

import imaplib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.sandbox import folders
from tests.sandbox.control import AuthorizationServer, Inner
from tests.sandbox.mailboxes import open_mailbox
from tests.sandbox.people import PEOPLE, Person

_ROOT = Path(__file__).resolve().parents[2]


class SandboxError(RuntimeError):
    """The sandbox did not start; the text says why."""


@dataclass(frozen=True)
class Service:
    """Where a mail protocol listens: `port` is plain with STARTTLS, `tls_port` TLS from the start."""

    host: str
    port: int
    tls_port: int


@dataclass(frozen=True)
class MailServers:
    """The three protocols of one mail system."""

    imap: Service
    pop3: Service
    submission: Service


@dataclass(frozen=True)
class BadListener:
    """An OpenID provider (like `generic`) and an IMAP server behind one bad certificate.

    `ca_file` holds the authority that signed it.
    """

    host: str
    https_port: int
    imaps_port: int
    ca_file: Path

    @property
    def issuer(self) -> str:
        return f"https://{self.host}:{self.https_port}"


class Sandbox:
    """Authorization servers, Dovecot and delivery in a process of their own.

    `data` keeps everything between starts; None makes a folder that is removed at the end.
    `fixed_ports` tries the ports of the last start and then the usual ones; otherwise any free.
    Raises SandboxError from `start` (and from entering a `with` block).
    """

    microsoft: AuthorizationServer
    google: AuthorizationServer
    generic: AuthorizationServer
    ca_file: Path
    provisioning_file: Path
    application_file: Path
    ports: dict[str, int]
    bad_tls: dict[str, BadListener]

    def __init__(
        self,
        data: Path | None = None,
        redirect_base: str = "http://127.0.0.1:8000",
        access_token_seconds: int = 120,
        fixed_ports: bool = False,
        *,
        access_token_length: int = 1200,
        seed_messages: bool = True,
    ) -> None:
        self._is_temporary = data is None
        self.data = Path(data).resolve() if data else Path(tempfile.mkdtemp(prefix="sandbox-"))
        if self._is_temporary:
            # The user `mail` must pass through it; what is secret inside has modes of its own.
            self.data.chmod(0o755)
        self._options: dict[str, Any] = {
            "data": str(self.data),
            "redirect_base": redirect_base,
            "access_token_seconds": access_token_seconds,
            "access_token_length": access_token_length,
            "fixed_ports": fixed_ports,
            "seed_messages": seed_messages,
        }
        self._process: subprocess.Popen[str] | None = None
        self.people: tuple[Person, ...] = PEOPLE

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Returns when everything answers."""
        self.data.mkdir(parents=True, exist_ok=True)
        options = json.dumps(self._options)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.sandbox.world", options, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=_ROOT,
            # Ctrl-C is for the parent, which then ends the sandbox in order.
            start_new_session=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        report = json.loads(line) if line else {"error": "The sandbox ended without a word."}
        if "error" in report:
            self.stop()
            raise SandboxError(report["error"])
        self._describe(report["ready"])

    def stop(self) -> None:
        """Ends everything; the data stay unless the folder was temporary."""
        if self._process is not None:
            assert self._process.stdin is not None and self._process.stdout is not None
            self._process.stdin.close()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process.stdout.close()
            self._process = None
        if self._is_temporary:
            folders.remove_run_folder(self.data)
            shutil.rmtree(self.data, ignore_errors=True)

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _describe(self, facts: dict[str, Any]) -> None:
        self.ports = facts["ports"]
        self.ca_file = Path(facts["ca_file"])
        self.provisioning_file = Path(facts["provisioning_file"])
        self.application_file = Path(facts["application_file"])
        self._secret: str = facts["secret"]
        self._inner = Inner(self.ports["internal"], self._secret)
        self.bad_tls = {
            kind: BadListener(
                "localhost",
                self.ports[f"{kind}_https"],
                self.ports[f"{kind}_imaps"],
                Path(ca_file),
            )
            for kind, ca_file in facts["bad_ca_files"].items()
        }
        servers = {
            key: AuthorizationServer(key, about, self._inner, str(self.ca_file))
            for key, about in facts["realms"].items()
        }
        self.microsoft, self.google, self.generic = (
            servers[key] for key in ("microsoft", "google", "generic")
        )

    # -- mail ----------------------------------------------------------------------------------

    @property
    def imap(self) -> Service:
        return Service("localhost", self.ports["imap"], self.ports["imaps"])

    @property
    def pop3(self) -> Service:
        return Service("localhost", self.ports["pop3"], self.ports["pop3s"])

    @property
    def submission(self) -> Service:
        return Service("localhost", self.ports["submission"], self.ports["submissions"])

    @property
    def exchange(self) -> MailServers:
        """The same mailboxes behind a front with the manners of Exchange Online.

        It asks for TLS first, refuses a token at once with words of its own, and knows the
        switches of `microsoft.switch`.
        """

        def service(name: str) -> Service:
            return Service("localhost", self.ports[name], self.ports[f"{name}s"])

        names = ("exchange_imap", "exchange_pop3", "exchange_submission")
        return MailServers(*map(service, names))

    def authorization_server_of(self, address: str) -> AuthorizationServer | None:
        """Where the owner of this mailbox signs in; None for a mailbox with a password."""
        person = next(person for person in self.people if person.address == address)
        return getattr(self, person.signs_in_at) if person.signs_in_at else None

    def deliver(
        self, raw: bytes, to: str | list[str], sender: str = "outside@other.example"
    ) -> None:
        """Puts a message into mailboxes at once, as if it had come from outside."""
        recipients = [to] if isinstance(to, str) else to
        self._inner.do("deliver", raw=raw.decode("latin-1"), sender=sender, recipients=recipients)

    def mailbox(self, address: str) -> AbstractContextManager[imaplib.IMAP4]:
        """An IMAP connection to anybody's mailbox, for looking at it in a test."""
        return open_mailbox(self.ports["imap"], self._secret, address)
