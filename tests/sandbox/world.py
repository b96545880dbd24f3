"""The process in which the sandbox lives: authorization servers, relay, and Dovecot below it.

Run by `Sandbox`; it reports once on standard output, in JSON, and ends when its standard input
closes or when the process that started it is gone.
"""

from __future__ import annotations

import imaplib
import json
import logging
import os
import secrets
import select
import signal
import ssl
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.sandbox import folders
from tests.sandbox.authorization.clients import Client
from tests.sandbox.authorization.directory import Verdict, verdict
from tests.sandbox.authorization.google import GoogleRealm
from tests.sandbox.authorization.inner import make_inner_app
from tests.sandbox.authorization.realm import Realm
from tests.sandbox.authorization.store import Store
from tests.sandbox.authorization.web import REALMS, WebServers, make_app, make_realm, signing_key
from tests.sandbox.certificates import BAD, Certificates, bad_certificate, certificates
from tests.sandbox.delivery import Delivery
from tests.sandbox.dovecot import Dovecot, DovecotLayout
from tests.sandbox.front.listeners import Listeners
from tests.sandbox.levers import remembered_client_certificate
from tests.sandbox.mailboxes import open_mailbox
from tests.sandbox.people import person_of
from tests.sandbox.ports import choose_ports
from tests.sandbox.provisioning import (
    CLIENT_CERTIFICATE,
    SERVICE_ACCOUNT,
    write_application_access,
    write_provisioning,
)
from tests.sandbox.seeding import seed

CLIENT_NAME = "Groupware webmail"
# Where nobody listens: the person copies the address of the error page (RFC 8252 section 7.3).
_LOOPBACK_REDIRECTS = ["http://127.0.0.1/", "http://localhost/", "http://localhost"]
_FILES_SENT_COPIES = {"microsoft", "google"}
# The protocol in the sandbox's words, and the name of its ports.
_SERVICES = {"imap": "imap", "pop3": "pop3", "smtp": "submission"}


@dataclass(frozen=True)
class WorldOptions:
    data: Path
    redirect_base: str
    access_token_seconds: int
    access_token_length: int
    fixed_ports: bool
    seed_messages: bool

    @classmethod
    def from_json(cls, text: str) -> WorldOptions:
        values = json.loads(text)
        return cls(**{**values, "data": Path(values["data"])})


class World:
    """Everything that runs. `start` and `stop` belong to the main thread."""

    def __init__(self, options: WorldOptions) -> None:
        self.options = options
        data = options.data
        self.secrets = _remembered_secrets(data / "secrets.json")
        self.ports = choose_ports(data / "ports.json", fixed=options.fixed_ports)
        self.certificates = certificates(data / "tls")
        self.run = folders.make_run_folder(data)
        layout = DovecotLayout(
            self.run, self.run / "settings", folders.mail_folder(data), data / "dovecot.log"
        )
        self.dovecot = Dovecot(layout, self.ports, self.certificates, self.secrets["inner"])
        self.delivery = Delivery(
            layout.lmtp_socket, self.ports["relay"], self._file_sent_copy, self._may_send_as
        )
        self.store = Store(data / "authorization.sqlite3")
        self.realms = {key: self._realm(key) for key in REALMS}
        self.web = WebServers()
        self.listeners = Listeners({p: self.ports[name] for p, name in _SERVICES.items()})

    def start(self) -> None:
        context = _context(self.certificates)
        actions = {"deliver": self._deliver}
        inner = make_inner_app(self.realms, self.secrets["inner"], actions)
        self.web.serve(self.ports["internal"], inner)
        for key, realm in self.realms.items():
            app = make_app(realm, self.secrets[f"{key}_pages"])
            self.web.serve(self.ports[key], app, context)
        self.delivery.start()
        self.dovecot.start()
        self._start_listeners(context)
        if self.options.seed_messages:
            seed(self.options.data / "seeded", self.ports["imap"], self.secrets["inner"])
        about = (self.options.data, self.realms, self.ports, self.certificates.ca)
        self.provisioning_file = write_provisioning(*about)
        self.application_file = write_application_access(*about)

    def _start_listeners(self, context: ssl.SSLContext) -> None:
        for protocol, name in _SERVICES.items():
            ports = (self.ports[f"exchange_{name}"], self.ports[f"exchange_{name}s"])
            self.listeners.front(protocol, ports, context, self._judge)
        for kind in BAD:
            bad = _context(bad_certificate(kind, self.certificates))
            self.listeners.tunnel("imap", self.ports[f"{kind}_imaps"], bad)
            realm = self._realm("generic", self.ports[f"{kind}_https"])
            app = make_app(realm, self.secrets["generic_pages"])
            self.web.serve(self.ports[f"{kind}_https"], app, bad)

    def _judge(self, protocol: str, user: str, token: str) -> tuple[Verdict, str]:
        row = self.store.access_token(token)
        words = self.realms[row["realm"]].directory.answer_to(user, protocol) if row else ""
        return verdict(self.realms, row, protocol, user), words

    def stop(self) -> None:
        self.listeners.stop()
        self.dovecot.stop()
        self.delivery.stop()
        self.web.stop()
        self.store.close()
        folders.remove_run_folder(self.options.data)

    def description(self) -> dict[str, Any]:
        """What the other side of the pipe needs to know."""
        return {
            "ports": self.ports,
            "secret": self.secrets["inner"],
            "ca_file": str(self.certificates.ca),
            "bad_ca_files": {
                kind: str(bad_certificate(kind, self.certificates).ca) for kind in BAD
            },
            "provisioning_file": str(self.provisioning_file),
            "application_file": str(self.application_file),
            "realms": {
                key: {
                    "base_url": realm.base_url,
                    "client_id": realm.client.client_id,
                    "client_secret": realm.client.client_secret,
                }
                for key, realm in self.realms.items()
            },
        }

    def _realm(self, key: str, port: int = 0) -> Realm:
        """A realm at its own port, or the same people and clients at another."""
        client = Client(
            self.secrets[f"{key}_client_id"],
            self.secrets[f"{key}_client_secret"],
            CLIENT_NAME,
            [f"{self.options.redirect_base.rstrip('/')}/oauth/callback/"],
            list(_LOOPBACK_REDIRECTS),
        )
        if key == "microsoft":
            pem, private = (
                self.options.data / f"{CLIENT_CERTIFICATE}.{end}" for end in ("pem", "key")
            )
            client.add_certificate(remembered_client_certificate(pem, private, client.client_id))
        signing = signing_key(self.options.data / f"{key}-signing.pem", f"{key}-1")
        realm = make_realm(key, port or self.ports[key], client, self.store, signing)
        changes = {
            "access_token_seconds": self.options.access_token_seconds,
            "access_token_length": self.options.access_token_length,
        }
        if isinstance(realm, GoogleRealm):
            realm.service_accounts.remembered(self.options.data / SERVICE_ACCOUNT)
        realm.default_settings |= changes
        realm.settings.update(changes)
        return realm

    def _deliver(self, raw: str, sender: str, recipients: list[str]) -> None:
        self.delivery.deliver(raw.encode("latin-1"), sender, recipients)

    def _may_send_as(self, person: str, sender: str) -> bool:
        return any(realm.directory.may_send_as(person, sender) for realm in self.realms.values())

    def _file_sent_copy(self, sender: str, raw: bytes) -> None:
        """Exchange and Gmail put what was submitted into Sent by themselves."""
        person = person_of(sender)
        if person is None or person.signs_in_at not in _FILES_SENT_COPIES:
            return
        with open_mailbox(self.ports["imap"], self.secrets["inner"], person.address) as mailbox:
            mailbox.append("Sent", "(\\Seen)", "", raw)


def _context(files: Certificates) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(files.server_certificate, files.server_key)
    return context


def _remembered_secrets(path: Path) -> dict[str, str]:
    """Secrets and client identifiers, made once per data folder."""
    known = json.loads(path.read_text()) if path.exists() else {}
    fresh = {"inner": secrets.token_urlsafe(24)}
    for key in REALMS:
        fresh[f"{key}_client_id"] = f"{key}-{secrets.token_hex(8)}"
        # Real secrets hold characters that must be escaped in a form body.
        fresh[f"{key}_client_secret"] = f"s~{secrets.token_urlsafe(24)}+/."
        fresh[f"{key}_pages"] = secrets.token_urlsafe(24)
    path.touch(mode=0o600)
    path.write_text(json.dumps(fresh | known, indent=1))
    return fresh | known


def _live(parent: int) -> None:
    """Returns when the parent closes the pipe, is gone, or somebody says stop."""
    stop_reading, stop_writing = os.pipe()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os.write(stop_writing, b"."))
    while os.getppid() == parent:
        readable, _, _ = select.select([sys.stdin.fileno(), stop_reading], [], [], 1.0)
        if readable:
            return


def _report(report: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()


def main() -> int:
    """`python -m tests.sandbox.world OPTIONS PARENT` where OPTIONS is JSON."""
    options, parent = WorldOptions.from_json(sys.argv[1]), int(sys.argv[2])
    logging.basicConfig(filename=options.data / "sandbox.log", level=logging.WARNING)
    try:
        with folders.only_one(options.data):
            world = World(options)
            try:
                world.start()
                _report({"ready": world.description()})
                _live(parent)
            finally:
                world.stop()
    except (OSError, RuntimeError, imaplib.IMAP4.error) as error:
        _report({"error": str(error)})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
