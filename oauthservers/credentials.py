"""What an administrator hands in to prove who we are: certificates, keys, a service account. Read, never trusted.

Each reader returns what is stored, or raises ValidationError: what is wrong, and how to get it right. None of them
quotes what it read, for half of it is secret.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _

LARGEST_FILE = 256 * 1024  # bytes; a bundle of certificates is a tenth of it
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----", re.DOTALL)
_SMALLEST_KEY = 2048  # bits; NIST SP 800-131A


@dataclass(frozen=True)
class ClientCertificate:
    """A certificate (with its chain, if one was given), its private key, and its last day."""

    pem: str
    private_key: str = field(repr=False)
    expires_on: date


def client_certificate(certificate: str, private_key: str, today: date) -> ClientCertificate:
    """Read a certificate and its key, both PEM; one file may hold both.

    Raises ValidationError with ``code`` ``certificate`` or ``private_key``: which of the two it is about.
    """
    both = f"{certificate}\n{private_key}"
    blocks = [(match[1], match[0]) for match in _BLOCK.finditer(both)]
    certificates = [block for kind, block in blocks if kind == "CERTIFICATE"]
    keys = [block for kind, block in blocks if kind.endswith("PRIVATE KEY")]
    if not certificates:
        raise _wrong("certificate", _not_pem("CERTIFICATE"))
    if not keys:
        raise _wrong(
            "private_key",
            _(
                "The private key of the certificate is missing. It is a block that begins with "
                "-----BEGIN PRIVATE KEY-----."
            ),
        )
    leaf = _certificate(certificates[0])
    key = _private_key(keys[0])
    if leaf.public_key() != key.public_key():
        raise _wrong(
            "private_key",
            _(
                "This private key belongs to another certificate. Upload the pair that was made together."
            ),
        )
    expires_on = _checked_dates(leaf, today)
    if key.key_size < _SMALLEST_KEY:
        raise _wrong("private_key", _("The key is too short. It needs at least 2048 bits."))
    return ClientCertificate("\n".join(certificates), keys[0], expires_on)


def _certificate(pem: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        raise _wrong("certificate", _not_pem("CERTIFICATE")) from None


def _checked_dates(certificate: x509.Certificate, today: date) -> date:
    ends, begins = certificate.not_valid_after_utc, certificate.not_valid_before_utc
    if ends.date() < today:
        raise _wrong(
            "certificate",
            _("The certificate expired on %(date)s. Make a new one and register it at the server.")
            % {"date": date_format(ends, "DATE_FORMAT")},
        )
    if begins > datetime.now(UTC):
        raise _wrong(
            "certificate",
            _("The certificate is valid only from %(date)s on.")
            % {"date": date_format(begins, "DATE_FORMAT")},
        )
    return ends.date()


def _private_key(pem: str) -> rsa.RSAPrivateKey:
    if "ENCRYPTED" in pem.splitlines()[0] or "Proc-Type: 4,ENCRYPTED" in pem:
        raise _wrong(
            "private_key",
            _(
                "The private key is protected by a password. Take the password off, for example with: "
                "openssl pkey -in key.pem -out plain.pem"
            ),
        )
    try:
        key = serialization.load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _wrong("private_key", _not_pem("PRIVATE KEY")) from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise _wrong(
            "private_key", _("The key is not an RSA key. Make one with RSA and 2048 bits.")
        )
    return key


def certificate_authorities(text: str) -> str:
    """Read a bundle of CA certificates; what stands around them is left out. Raises ValidationError."""
    text = text.strip()
    if not text:
        return ""
    if "PRIVATE KEY-----" in text:
        raise ValidationError(
            _(
                "This file holds a private key. Only certificates belong here; keep the key to yourself."
            )
        )
    blocks = [match[0] for match in _BLOCK.finditer(text) if match[1] == "CERTIFICATE"]
    try:
        x509.load_pem_x509_certificates("\n".join(blocks).encode())
    except ValueError:
        raise ValidationError(_not_pem("CERTIFICATE")) from None
    return "\n".join(blocks)


#: Field of a service account's JSON key → what a right value looks like (cloud.google.com, "Service account keys").
_NEEDED = {
    "client_email": "name@project.iam.gserviceaccount.com",
    "client_id": "115500000000000000000",
    "private_key": "-----BEGIN PRIVATE KEY-----",
    "private_key_id": "a1b2c3…",
    "token_uri": "https://oauth2.googleapis.com/token",
}


def service_account(text: str) -> dict[str, Any]:
    """Read the JSON key of a Google service account. Raises ValidationError with one reason for each wrong field."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ValidationError(
            _(
                "This is not a JSON key. Download it from Google Cloud: Service accounts, Keys, Add key, JSON."
            )
        )
    if "web" in found or "installed" in found:
        raise ValidationError(
            _(
                "This is the file of an OAuth client, not of a service account. Its client ID and secret "
                "belong into the fields above; the key of a service account has “type”: “service_account”."
            )
        )
    reasons = (
        [] if found.get("type") == "service_account" else [_("“type” must be “service_account”.")]
    )
    for name, example in _NEEDED.items():
        value = found.get(name)
        if not isinstance(value, str) or not value.strip():
            reasons.append(
                _("“%(field)s” is missing. For example: %(example)s")
                % {"field": name, "example": example}
            )
    if not reasons:
        reasons = _wrong_values(found)
    if reasons:
        raise ValidationError(reasons)
    return found


def _wrong_values(found: dict[str, str]) -> list[str]:
    reasons = []
    if "@" not in found["client_email"]:
        reasons.append(
            _("“%(field)s” is not right. For example: %(example)s")
            % {"field": "client_email", "example": _NEEDED["client_email"]}
        )
    if not re.fullmatch(r"[\x21-\x7e]{1,255}", found["client_id"]):
        reasons.append(
            _("“%(field)s” is not right. For example: %(example)s")
            % {"field": "client_id", "example": _NEEDED["client_id"]}
        )
    if not found["token_uri"].startswith("https://"):
        reasons.append(_("“token_uri” must start with https://, for the signed key travels there."))
    try:
        _private_key(found["private_key"])
    except ValidationError as error:
        reasons.append(
            _("“private_key” cannot be used: %(reason)s") % {"reason": " ".join(error.messages)}
        )
    return reasons


def uploaded_text(upload: Any) -> str:
    """The text of an uploaded file. Raises ValidationError for what is too large or not text."""
    if upload.size > LARGEST_FILE:
        raise ValidationError(_("The file is too large. It may have 256 kB at most."))
    try:
        return str(upload.read().decode("utf-8-sig")).strip()
    except UnicodeDecodeError:
        raise ValidationError(
            _(
                "This is not a text file. A certificate in DER or PKCS#12 form (.cer, .pfx) has to be turned into "
                "PEM first, for example with: openssl pkcs12 -in file.pfx -nodes -out file.pem"
            )
        ) from None


def _not_pem(kind: str) -> str:
    return _("This is not in PEM form. It begins with -----BEGIN %(kind)s-----.") % {"kind": kind}


def _wrong(about: str, message: str) -> ValidationError:
    return ValidationError(message, code=about)
