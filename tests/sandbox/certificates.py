"""A certificate authority of the sandbox's own, and server certificates for loopback, good and bad."""

from __future__ import annotations

import datetime
import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LOOPBACK_NAMES: list[x509.GeneralName] = [
    x509.DNSName("localhost"),
    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    x509.IPAddress(ipaddress.ip_address("::1")),
]


@dataclass(frozen=True)
class Certificates:
    """Files in PEM form. `server_certificate` holds the chain as a server sends it."""

    ca: Path
    ca_key: Path
    server_certificate: Path
    server_key: Path


def certificates(folder: Path) -> Certificates:
    """The certificates kept in `folder`; made there when they are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ("ca.pem", "ca.key", "server.pem", "server.key")
    files = Certificates(*(folder / name for name in names))
    if not all((folder / name).exists() for name in names):
        _make(files)
    return files


BAD = ("wrong_name", "unknown_ca", "expired", "common_name")
"""Ways in which a server's certificate can be bad: made for another host, signed by an authority
that nobody knows, over since yesterday, with the host in its common name alone."""


def bad_certificate(kind: str, good: Certificates) -> Certificates:
    """A certificate that is bad in one way, kept beside the good one; its `ca` is who signed it."""
    folder = good.ca.parent
    own_ca = kind == "unknown_ca"
    files = Certificates(
        folder / "unknown-ca.pem" if own_ca else good.ca,
        folder / "unknown-ca.key" if own_ca else good.ca_key,
        folder / f"{kind}.pem",
        folder / f"{kind}.key",
    )
    if not all(path.exists() for path in (files.server_certificate, files.server_key)):
        authority, authority_key = _new_authority(files) if own_ca else _read_authority(files)
        host = "other.example" if kind == "wrong_name" else "localhost"
        names = {"wrong_name": [x509.DNSName(host)], "common_name": []}.get(kind, _LOOPBACK_NAMES)
        days = -1 if kind == "expired" else 365 * 5
        _make_server(files, authority, authority_key, host, names, days)
    return files


def _make(files: Certificates) -> None:
    authority, authority_key = _new_authority(files)
    _make_server(files, authority, authority_key, "localhost", _LOOPBACK_NAMES, 365 * 5)


def _new_authority(files: Certificates) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    authority = _certificate("Sandbox certificate authority", key, None, key)
    _write(files.ca_key, _private(key), secret=True)
    _write(files.ca, _pem(authority))
    return authority, key


def _read_authority(files: Certificates) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = serialization.load_pem_private_key(files.ca_key.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return x509.load_pem_x509_certificate(files.ca.read_bytes()), key


def _make_server(
    files: Certificates,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    host: str,
    names: list[x509.GeneralName],
    days: int,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    server = _certificate(host, key, authority, authority_key, names=names, days=days)
    _write(files.server_key, _private(key), secret=True)
    _write(files.server_certificate, _pem(server) + _pem(authority))


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    names: list[x509.GeneralName] | None = None,
    days: int = 365 * 5,
) -> x509.Certificate:
    """An authority's certificate without `issuer`, a server's with one."""
    is_authority = issuer is None
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # A clock that is a little behind must not refuse a certificate made a moment ago.
        .not_valid_before(now - datetime.timedelta(days=2 if days < 0 else 0, hours=1))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(is_authority, 0 if is_authority else None), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False
        )
        .add_extension(_usage(is_authority), True)
    )
    if not is_authority:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(usage, False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
    return builder.sign(issuer_key, hashes.SHA256())


def _usage(is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write(path: Path, content: bytes, *, secret: bool = False) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if secret else 0o644)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
