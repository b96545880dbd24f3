"""HTTPS servers on loopback with certificates that are right, wrong, old or nameless."""

from __future__ import annotations

import datetime
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Issued:
    """A key and its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()


def issue(
    common_name: str,
    names: list[str],
    issuer: Issued | None,
    days: tuple[int, int] = (-1, 90),
) -> Issued:
    """A certificate by ``issuer``, or an authority of its own; ``days`` from now is how long it is valid."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * DAY)
        .not_valid_after(now + days[1] * DAY)
        .add_extension(x509.BasicConstraints(issuer is None, None), True)
    )
    if names:
        alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(alternative, False)
    return Issued(key, builder.sign(issuer.key if issuer else key, hashes.SHA256()))


AUTHORITY = issue("House authority", [], None)
STRANGER = issue("Another authority", [], None)
CERTIFICATES = {
    "name": issue("localhost", ["localhost"], AUTHORITY),
    "common name only": issue("localhost", [], AUTHORITY),
    "another name": issue("localhost", ["other.example"], AUTHORITY),
    "unknown authority": issue("localhost", ["localhost"], STRANGER),
    "expired": issue("localhost", ["localhost"], AUTHORITY, (-3, -1)),
    "not yet valid": issue("localhost", ["localhost"], AUTHORITY, (1, 3)),
    "self-signed": issue("localhost", ["localhost"], None),
    "ends soon": issue("localhost", ["localhost"], AUTHORITY, (-30, 3)),
}


class Service:
    """An authorization server of the barest kind: it describes itself and refuses every token."""

    def __init__(self, folder: Path, certificate: Issued, refusal: str) -> None:
        self.posted: list[str] = []
        self.date = ""
        self.refusal = refusal
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.handle_error = lambda *args: (
            None
        )  # a client that refuses the certificate hangs up
        self.server.socket = _context(folder, certificate).wrap_socket(
            self.server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.port = self.server.server_address[1]
        self.url = f"https://localhost:{self.port}"
        metadata = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
        }
        self.documents = {
            "/.well-known/openid-configuration": metadata,
            "/keys": {"keys": [{"kty": "EC"}]},
        }


def _context(folder: Path, certificate: Issued) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    private = certificate.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "server.pem").write_text(private.decode() + certificate.pem)
    context.load_cert_chain(folder / "server.pem")
    return context


def _handler(service: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(404)
            self.send_header("Date", service.date or self.date_time_string())
            self.end_headers()

        def do_GET(self) -> None:
            self.answer(200, service.documents.get(self.path, {}))

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            service.posted.append(self.rfile.read(length).decode())
            self.answer(400, {"error": service.refusal})

        def answer(self, status: int, document: object) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    return Handler


@contextmanager
def listening(folder: Path, kind: str, refusal: str = "invalid_grant") -> Iterator[Service]:
    """A service with the certificate ``kind`` that answers token requests with ``refusal``."""
    service = Service(folder, CERTIFICATES[kind], refusal)
    threading.Thread(target=service.server.serve_forever, daemon=True).start()
    yield service
    service.server.shutdown()
    service.server.server_close()
