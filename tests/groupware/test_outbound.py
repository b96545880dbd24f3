"""Who may be reached, and over which TLS."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from groupware import outbound
from tests.sandbox.certificates import certificates

_looked_up: list[str] | None = None


def _note_look_ups(event: str, args: tuple) -> None:
    if event == "socket.getaddrinfo" and _looked_up is not None:
        _looked_up.append(args[0])


sys.addaudithook(_note_look_ups)


@pytest.fixture
def production(settings) -> None:
    """Loopback is allowed for the sandbox of development only."""
    settings.DEVELOPMENT = False
    settings.OUTBOUND_ALLOWED_NETWORKS = []


@dataclass
class Server:
    """An HTTPS server on loopback and what it saw."""

    port: int
    hosts: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


def _serve(certificate: Path, key: Path) -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.hosts.append(self.headers["Host"])
            seen.paths.append(self.path)
            if self.path == "/redirect":
                self.send_response(302)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            length = outbound.LARGEST_BODY * 2 if self.path == "/large" else 2
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x" * length)

        def log_message(self, *args: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *args: None  # a client that refuses the certificate hangs up
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    seen = Server(server.server_address[1])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield seen
    server.shutdown()
    server.server_close()


@pytest.fixture
def authority(tmp_path) -> str:
    return certificates(tmp_path).ca.read_text()


@pytest.fixture
def server(tmp_path, authority) -> Iterator[Server]:
    files = certificates(tmp_path)
    yield from _serve(files.server_certificate, files.server_key)


@pytest.fixture
def common_name_only(tmp_path) -> Iterator[tuple[Server, str]]:
    """A server whose certificate says its name in the common name alone, and the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (tmp_path / "cn.pem").write_bytes(pem)
    (tmp_path / "cn.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    for running in _serve(tmp_path / "cn.pem", tmp_path / "cn.key"):
        yield running, pem.decode()


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0177.0.0.1",
        "2130706433",
        "localhost",
        "::1",
        "[::1]",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "0.0.0.0",
        "::",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "fe80::1",
        "fc00::1",
        "ff02::1",
    ],
)
def test_addresses_of_the_inside_are_refused(production, host):
    with pytest.raises(outbound.OutboundRefusedError) as refusal:
        outbound.resolve(host, 993)
    assert refusal.value.code == "address_refused"


@pytest.mark.parametrize("host", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_addresses_of_the_internet_are_allowed(production, host):
    assert [ipaddress.ip_address(item) for item in outbound.resolve(host, 993)] == [
        ipaddress.ip_address(host)
    ]


def test_a_network_of_the_house_is_allowed_when_the_operator_names_it(production, settings):
    settings.OUTBOUND_ALLOWED_NETWORKS = ["10.1.0.0/16"]
    assert outbound.resolve("10.1.2.3", 143) == ("10.1.2.3",)
    assert len(outbound.resolve("::ffff:10.1.2.3", 143)) == 1
    with pytest.raises(outbound.OutboundRefusedError):
        outbound.resolve("10.2.0.1", 143)


def test_loopback_is_allowed_in_development(settings):
    settings.DEVELOPMENT = True
    assert "127.0.0.1" in outbound.resolve("localhost", 143)
    with pytest.raises(outbound.OutboundRefusedError):
        outbound.resolve("169.254.169.254", 80)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(outbound.OutboundRefusedError) as refusal:
        outbound.resolve("1.1.1.1", port)
    assert refusal.value.code == "port_refused"


@pytest.mark.parametrize("host", ["", "a" * 254, "mail\r\nhost", "mail\x00", "a..b", "." * 3])
def test_what_is_no_host_name_is_refused(host):
    with pytest.raises(outbound.NameNotFoundError):
        outbound.resolve(host, 993)


def test_an_unknown_name_is_said_with_a_stable_code():
    with pytest.raises(outbound.NameNotFoundError) as missing:
        outbound.resolve("no-such-host.invalid", 993)
    assert missing.value.code in {"name_not_found", "name_lookup_failed"}


def test_http_refuses_the_inside_before_it_connects(production, server, authority):
    session = outbound.http_session(ca_pem=authority)
    with pytest.raises(outbound.ConnectionRefusedByUsError) as refusal:
        session.get(f"https://localhost:{server.port}/")
    assert refusal.value.code == "address_refused"
    assert server.paths == []


def test_http_looks_a_name_up_once_and_says_the_name_to_the_server(server, authority):
    global _looked_up
    _looked_up = []
    try:
        answer = outbound.http_session(ca_pem=authority).get(f"https://localhost:{server.port}/")
    finally:
        names, _looked_up = _looked_up, None
    assert answer.text == "xx"
    assert names[0] == "localhost"
    assert all(ipaddress.ip_address(name).is_loopback for name in names[1:])
    assert server.hosts == [f"localhost:{server.port}"]


def test_a_certificate_of_an_unknown_authority_is_refused(server):
    with pytest.raises(requests.exceptions.SSLError):
        outbound.http_session().get(f"https://localhost:{server.port}/")


def test_a_certificate_of_another_name_is_refused_unless_the_name_is_not_checked(server, authority):
    context = outbound.tls_context(ca_pem=authority)
    with pytest.raises(ssl.SSLCertVerificationError), _connected(server.port) as connection:
        context.wrap_socket(connection, server_hostname="mail.example.test")
    lenient = outbound.tls_context(verify_name=False, ca_pem=authority)
    with _connected(server.port) as connection:
        assert lenient.wrap_socket(connection, server_hostname="mail.example.test").version()


def _connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 5)


def test_without_verification_any_certificate_is_taken(server):
    assert (
        outbound.http_session(verify_certificate=False).get(f"https://localhost:{server.port}/").ok
    )


def test_the_common_name_counts_only_when_the_administrator_says_so(common_name_only):
    server, certificate = common_name_only
    address = f"https://localhost:{server.port}/"
    with pytest.raises(requests.exceptions.SSLError):
        outbound.http_session(ca_pem=certificate).get(address)
    assert outbound.http_session(allow_common_name=True, ca_pem=certificate).get(address).ok


def test_one_session_without_verification_does_not_weaken_another(server, authority):
    address = f"https://localhost:{server.port}/"
    strict = outbound.http_session()
    assert outbound.http_session(verify_certificate=False).get(address).ok
    assert outbound.http_session(verify_name=False, ca_pem=authority).get(address).ok
    with pytest.raises(requests.exceptions.SSLError):
        strict.get(address)


def test_the_environment_changes_nothing(server, authority, tmp_path, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates(tmp_path).ca))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    with pytest.raises(requests.exceptions.SSLError):
        outbound.http_session().get(f"https://localhost:{server.port}/")
    assert outbound.http_session(ca_pem=authority).get(f"https://localhost:{server.port}/").ok


def test_no_redirect_is_followed_even_when_asked_to(server, authority):
    session = outbound.http_session(ca_pem=authority)
    answer = session.get(f"https://localhost:{server.port}/redirect", allow_redirects=True)
    assert answer.status_code == 302
    assert server.paths == ["/redirect"]


def test_an_endless_answer_is_cut(server, authority):
    with pytest.raises(outbound.AnswerTooLargeError):
        outbound.http_session(ca_pem=authority).get(f"https://localhost:{server.port}/large")


def test_plain_http_is_refused(authority):
    with pytest.raises(requests.exceptions.InvalidSchema):
        outbound.http_session(ca_pem=authority).get("http://localhost:1/")


def test_an_authority_that_cannot_be_read_is_said():
    with pytest.raises(ValueError, match="cannot be read"):
        outbound.http_session(ca_pem="-----BEGIN CERTIFICATE-----\nnonsense")
