"""Which certificates are accepted under which options, and that nothing falls back to plain."""

import datetime
import ipaddress
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.webmail.protocols.lab import PASSWORD_CREDENTIALS, Lab
from tests.webmail.protocols.scripted import Peer, ScriptedServer, imap, lines, serving
from webmail.protocols import tls
from webmail.protocols.errors import MailServerError, TlsError
from webmail.protocols.imap import ImapSession
from webmail.protocols.pop3 import Pop3Session
from webmail.protocols.smtp import SmtpSession
from webmail.protocols.types import Security, TlsOptions
from webmail.protocols.wire import dial

SESSIONS: list[tuple[Any, str]] = [
    (ImapSession, "imap"),
    (Pop3Session, "pop3"),
    (SmtpSession, "submission"),
]
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()


def make(
    common_name: str,
    names: list[str | ipaddress.IPv4Address],
    issuer: Authority | None,
    days: tuple[int, int] = (-1, 1),
) -> Authority:
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
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if names:
        general = [x509.DNSName(n) if isinstance(n, str) else x509.IPAddress(n) for n in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(general), critical=False)
    return Authority(key, builder.sign(issuer.key if issuer else key, hashes.SHA256()))


AUTHORITY = make("Our authority", [], None)
STRANGER = make("Another authority", [], None)
LOOPBACK = ipaddress.IPv4Address("127.0.0.1")
CERTIFICATES = {
    "name": make("localhost", ["localhost"], AUTHORITY),
    "common name only": make("localhost", [], AUTHORITY),
    "another name": make("localhost", ["other.example"], AUTHORITY),
    "name, another common name": make("other.example", ["localhost"], AUTHORITY),
    "unknown authority": make("localhost", ["localhost"], STRANGER),
    "expired": make("localhost", ["localhost"], AUTHORITY, (-3, -1)),
    "not yet valid": make("localhost", ["localhost"], AUTHORITY, (1, 3)),
    "self-signed": make("localhost", ["localhost"], None),
    "address": make("x", [LOOPBACK], AUTHORITY),
}
OPTIONS = {
    "strict": TlsOptions(ca_pem=AUTHORITY.pem),
    "common name": TlsOptions(allow_common_name=True, ca_pem=AUTHORITY.pem),
    "chain": TlsOptions(verify_name=False, ca_pem=AUTHORITY.pem),
    "none": TlsOptions(verify_certificate=False),
}
OK = "accepted"
MATRIX = {
    "name": (OK, OK, OK, OK),
    "common name only": ("tls_name_mismatch", OK, OK, OK),
    "another name": ("tls_name_mismatch", "tls_name_mismatch", OK, OK),
    "name, another common name": (OK, OK, OK, OK),
    "unknown authority": ("tls_unknown_authority",) * 3 + (OK,),
    "expired": ("tls_expired",) * 3 + (OK,),
    "not yet valid": ("tls_not_yet_valid",) * 3 + (OK,),
    "self-signed": ("tls_self_signed",) * 3 + (OK,),
    "address": ("tls_name_mismatch", "tls_name_mismatch", OK, OK),
}


def server_context(folder: Path, certificate: Authority) -> ssl.SSLContext:
    key = certificate.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "server.pem"
    path.write_text(key.decode() + certificate.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@contextmanager
def tls_server(folder: Path, certificate: Authority) -> Iterator[ScriptedServer]:
    context = server_context(folder, certificate)

    def script(peer: Peer) -> None:
        peer.start_tls(context)
        peer.send("hello")
        peer.line()

    with serving(script) as server:
        yield server


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("certificate", CERTIFICATES)
def test_certificates_under_each_option(tmp_path: Path, certificate: str, option: str) -> None:
    expected = MATRIX[certificate][list(OPTIONS).index(option)]
    with tls_server(tmp_path, CERTIFICATES[certificate]) as server:
        endpoint = server.endpoint(security=Security.TLS, tls=OPTIONS[option])
        try:
            wire = dial(endpoint)
        except TlsError as exc:
            assert exc.code == expected
            assert not exc.retryable
        else:
            assert wire.is_encrypted
            assert wire.readline() == b"hello\r\n"
            wire.close()
            assert expected == OK


@pytest.mark.parametrize(("certificate", "code"), [("address", OK), ("name", "tls_name_mismatch")])
def test_an_ip_address_needs_its_own_entry(tmp_path: Path, certificate: str, code: str) -> None:
    with tls_server(tmp_path, CERTIFICATES[certificate]) as server:
        endpoint = server.endpoint(
            host="127.0.0.1", security=Security.TLS, tls=OPTIONS["common name"]
        )
        try:
            dial(endpoint).close()
        except TlsError as exc:
            assert exc.code == code
        else:
            assert code == OK


def test_a_self_signed_certificate_can_be_trusted_by_name(tmp_path: Path) -> None:
    certificate = CERTIFICATES["self-signed"]
    with tls_server(tmp_path, certificate) as server:
        options = TlsOptions(ca_pem=certificate.pem)
        dial(server.endpoint(security=Security.TLS, tls=options)).close()


def test_the_name_is_checked_although_an_address_is_dialled(lab: Lab) -> None:
    endpoint = lab.endpoint("imaps", host="mail.elsewhere.example", addresses=("127.0.0.1",))
    with pytest.raises(TlsError) as caught:
        dial(endpoint)
    assert caught.value.code == "tls_name_mismatch"


@pytest.mark.parametrize("suffix", ["", "s"])
@pytest.mark.parametrize(("session", "service"), SESSIONS)
def test_each_session_refuses_an_untrusted_server_before_signing_in(
    lab: Lab, session: Any, service: str, suffix: str
) -> None:
    with pytest.raises(TlsError) as caught:
        session.open(lab.endpoint(service + suffix, tls=TlsOptions()), PASSWORD_CREDENTIALS)
    assert caught.value.code == "tls_unknown_authority"


def imap_starttls(*reply: str) -> Callable[[Peer], None]:
    return imap(
        {
            "CAPABILITY": ["* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN", "{tag} OK done"],
            "STARTTLS": list(reply),
        }
    )


@pytest.mark.parametrize(
    ("session", "script"),
    [
        (ImapSession, imap()),
        (ImapSession, imap(greeting="* PREAUTH welcome")),
        (Pop3Session, lines("+OK", {"CAPA": "+OK\nUSER\n."})),
        (SmtpSession, lines("220 x", {"EHLO": "250-x\n250 AUTH PLAIN"})),
    ],
)
def test_without_starttls_nothing_is_said_in_the_open(session: Any, script: Any) -> None:
    with serving(script) as server:
        with pytest.raises(TlsError) as caught:
            session.open(server.endpoint(security=Security.STARTTLS), PASSWORD_CREDENTIALS)
        assert caught.value.code == "tls_starttls_missing"
        assert PASSWORD_CREDENTIALS.username.encode() not in server.heard


@pytest.mark.parametrize(
    ("session", "script"),
    [
        (ImapSession, imap_starttls("{tag} NO not today")),
        (ImapSession, imap_starttls("{tag} BAD what")),
        (Pop3Session, lines("+OK", {"CAPA": "-ERR", "STLS": "-ERR no"})),
        (SmtpSession, lines("220 x", {"EHLO": "250-x\n250 STARTTLS", "STARTTLS": "454 no"})),
    ],
)
def test_a_refused_starttls_does_not_fall_back(session: Any, script: Any) -> None:
    with serving(script) as server:
        with pytest.raises(TlsError) as caught:
            session.open(server.endpoint(security=Security.STARTTLS), PASSWORD_CREDENTIALS)
        assert caught.value.code == "tls_starttls_refused"
        assert PASSWORD_CREDENTIALS.username.encode() not in server.heard


@pytest.mark.parametrize(
    ("session", "script"),
    [
        (ImapSession, imap_starttls("{tag} OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN")),
        (Pop3Session, lines("+OK", {"CAPA": "-ERR", "STLS": "+OK go\r\n+OK injected"})),
        (
            SmtpSession,
            lines("220 x", {"EHLO": "250-x\n250 STARTTLS", "STARTTLS": "220 go\r\n250 AUTH PLAIN"}),
        ),
    ],
)
def test_words_pushed_in_before_tls_are_never_believed(session: Any, script: Any) -> None:
    with serving(script) as server:
        with pytest.raises(MailServerError) as caught:
            session.open(server.endpoint(security=Security.STARTTLS), PASSWORD_CREDENTIALS)
        # The octets may still be under way; the handshake then stumbles over them.
        assert caught.value.code in ("tls_starttls_injection", "tls_failed")
        assert PASSWORD_CREDENTIALS.username.encode() not in server.heard


def test_a_port_without_tls_is_a_tls_failure() -> None:
    with serving(imap()) as server, pytest.raises(TlsError) as caught:
        dial(server.endpoint(security=Security.TLS))
    assert caught.value.code == "tls_failed"


def test_contexts_are_shared_by_equal_options_and_begin_at_tls_1_2() -> None:
    one = tls.context(TlsOptions(ca_pem=AUTHORITY.pem))
    assert one is tls.context(TlsOptions(ca_pem=AUTHORITY.pem))
    assert one is not tls.context(TlsOptions())
    assert one.minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("pem", ["not a certificate", "é", "-----BEGIN CERTIFICATE-----\nAA"])
def test_authorities_which_cannot_be_read_are_a_typed_error(pem: str) -> None:
    with pytest.raises(TlsError) as caught:
        tls.context(TlsOptions(ca_pem=pem))
    assert caught.value.code == "tls_ca_invalid"
