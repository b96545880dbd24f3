"""The sandbox's Dovecot with an introspection endpoint which knows any token we like."""

import json
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.sandbox.certificates import Certificates, certificates
from tests.sandbox.dovecot import Dovecot, DovecotLayout, mail_owner
from tests.sandbox.people import PASSWORD
from tests.sandbox.ports import choose_ports
from webmail.protocols.types import (
    BearerCredentials,
    Endpoint,
    PasswordCredentials,
    Security,
    TlsOptions,
)

ALICE = "alice@contoso.example"
MARIA = "maria@contoso.example"
PIERRE = "pierre@atelier.example"
GOOD_TOKEN = "good-token-of-alice"
LONG_TOKEN = "eyJ" + "Ab9-_." * 999 + "xyz"
MARIAS_TOKEN = "good-token-of-maria"


class _Introspection(BaseHTTPRequestHandler):
    tokens = {GOOD_TOKEN: ALICE, LONG_TOKEN: ALICE, MARIAS_TOKEN: MARIA}

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        user = self.tokens.get(form["token"][0])
        answer = {"active": True, "username": user} if user else {"active": False}
        text = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args: object) -> None:
        pass


@dataclass
class Relayed:
    """What the submission server passed on."""

    envelopes: list[Envelope] = field(default_factory=list)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("nobody"):
            return "550 5.1.1 No such person here"
        if address.startswith("later"):
            return "450 4.2.0 Greylisted, come back"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.envelopes.append(envelope)
        return "250 2.0.0 Queued as 4711"


@dataclass(frozen=True)
class Lab:
    """Servers on loopback; `endpoint` says how to reach one of them."""

    ports: dict[str, int]
    tls: Certificates
    relayed: Relayed
    mail: Path

    def endpoint(self, service: str, **changes: object) -> Endpoint:
        """`service`: imap, pop3, submission (STARTTLS), or with an s at the end (TLS)."""
        security = Security.STARTTLS if not service.endswith("s") else Security.TLS
        values: dict[str, object] = {
            "host": "localhost",
            "port": self.ports[service],
            "security": security,
            "tls": TlsOptions(ca_pem=self.tls.ca.read_text()),
            "addresses": ("127.0.0.1",),
            "connect_timeout": 10.0,
            "read_timeout": 20.0,
            **changes,
        }
        return Endpoint(**values)  # type: ignore[arg-type]

    def empty(self, address: str) -> None:
        """Forget all mail of this address."""
        shutil.rmtree(self.mail / address, ignore_errors=True)


def bearer(token: str = GOOD_TOKEN, user: str = ALICE, **changes: object) -> BearerCredentials:
    return BearerCredentials(user, token, **changes)  # type: ignore[arg-type]


PASSWORD_CREDENTIALS = PasswordCredentials(PIERRE, PASSWORD)


@contextmanager
def running_lab() -> Iterator[Lab]:
    folder = Path(tempfile.mkdtemp(prefix="lab"))
    folder.chmod(0o755)
    layout = DovecotLayout(folder / "run", folder / "settings", folder / "mail", folder / "log")
    for path in (layout.run, layout.mail):
        path.mkdir()
    shutil.chown(layout.mail, *mail_owner())
    ports = choose_ports(folder / "ports.json", fixed=False)
    tls = certificates(folder / "tls")
    relayed = Relayed()
    introspection = ThreadingHTTPServer(("127.0.0.1", ports["internal"]), _Introspection)
    threading.Thread(target=introspection.serve_forever, daemon=True).start()
    relay = Controller(
        relayed, hostname="127.0.0.1", port=ports["relay"], enable_SMTPUTF8=True, data_size_limit=0
    )
    relay.start()
    dovecot = Dovecot(layout, ports, tls, "secret")
    dovecot.start()
    try:
        yield Lab(ports, tls, relayed, layout.mail)
    finally:
        dovecot.stop()
        relay.stop()
        introspection.shutdown()
        introspection.server_close()
        shutil.rmtree(folder, ignore_errors=True)
