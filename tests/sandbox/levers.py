"""Levers at an authorization server: what is registered there, and who may open which mailbox."""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass(frozen=True)
class ClientCertificate:
    """A certificate registered for the client, with its key, both in PEM form.

    `thumbprint` is SHA-1 in upper-case hexadecimal digits, as the vendor's console shows it.
    """

    certificate_pem: str
    private_key_pem: str
    thumbprint: str
    key_id: str = ""


class _Levers:
    """What every group of levers needs."""

    key: str
    client_id: str
    client_secret: str
    _inner: Any

    def _do(self, name: str, **wish: Any) -> Any:
        return self._inner.do(name, realm=self.key, **wish)


class Registration(_Levers):
    """The registered client: secrets, certificates, service accounts. `reset` undoes all of it."""

    def change_secret(self, client_secret: str) -> None:
        """The client secret from now on, until `reset`."""
        self._do("change_secret", client_secret=client_secret)

    def add_secret(self) -> str:
        """One more client secret; those there are go on working."""
        return str(self._do("add_secret"))

    def expire_secret(self, secret: str) -> None:
        """Lets a secret's time be over. LookupError's words in a ValueError for an unknown one."""
        self._do("expire_secret", secret=secret)

    def remove_secret(self, secret: str) -> None:
        """Forgets a secret; the server then takes it for a wrong one."""
        self._do("remove_secret", secret=secret)

    def add_certificate(self, days: int = 365) -> ClientCertificate:
        """Makes a certificate with its key and registers it; negative days make an expired one."""
        made = client_certificate(self.client_id, days)
        key_id = self._do("add_certificate", pem=made.certificate_pem)
        return ClientCertificate(
            made.certificate_pem, made.private_key_pem, made.thumbprint, str(key_id)
        )

    def remove_certificate(self, certificate: ClientCertificate) -> None:
        self._do("remove_certificate", thumbprint=certificate.key_id)

    def service_account(self) -> dict[str, Any]:
        """A new service account of the Google-shaped server: the contents of its key file."""
        return dict(self._do("service_account"))

    def remove_service_account(self, client_email: str) -> None:
        self._do("remove_service_account", client_email=client_email)

    def block_by_policy(self, times: int = 1, grant_type: str | None = None) -> None:
        """The next token requests meet a rule of conditional access (53003, Microsoft-shaped)."""
        self._do(
            "fault",
            kind="error",
            error="invalid_grant",
            number=53003,
            description="Access has been blocked by Conditional Access policies. The access policy "
            "does not allow token issuance.",
            extra={"suberror": "message_only"},
            times=times,
            grant_type=grant_type,
        )


class Mailboxes(_Levers):
    """Delegates, switches and device codes. `reset` undoes delegates and switches."""

    def add_delegate(self, mailbox: str, delegate: str) -> None:
        """Lets this person open the mailbox and send as it."""
        self._do("add_delegate", mailbox=mailbox, delegate=delegate)

    def remove_delegate(self, mailbox: str, delegate: str) -> None:
        self._do("remove_delegate", mailbox=mailbox, delegate=delegate)

    def switch(self, address: str, **switches: bool) -> None:
        """Switches `imap`, `pop3`, `smtp` or `licensed` of one mailbox on or off."""
        self._do("switch", address=address, **switches)

    def answer(self, address: str, **answers: str) -> None:
        """Lets the front refuse this mailbox in the given words, by protocol (`imap`, `pop3`,
        `smtp`), IMAP's without the tag; empty words take it back."""
        self._do("answer", address=address, **answers)

    def approve_device(self, user_code: str, address: str) -> None:
        """The person types the code elsewhere, signs in and agrees."""
        self._do("decide_device", user_code=user_code, address=address, is_approved=True)

    def decline_device(self, user_code: str, address: str = "") -> None:
        self._do("decide_device", user_code=user_code, address=address, is_approved=False)

    def expire_device(self, user_code: str) -> None:
        """Lets the code's time be over: polls are answered with `expired_token`."""
        self._do("expire_device", user_code=user_code)

    def forget_device(self, user_code: str) -> None:
        """The server no longer knows the code (`bad_verification_code`, Microsoft-shaped)."""
        self._do("forget_device", user_code=user_code)


def client_certificate(name: str, days: int = 365) -> ClientCertificate:
    """A certificate that signs itself, as administrators make them for an application."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    ends = now + datetime.timedelta(days=days)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(now, ends) - datetime.timedelta(days=1))
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    return ClientCertificate(
        certificate.public_bytes(serialization.Encoding.PEM).decode(),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
        hashlib.sha1(certificate.public_bytes(serialization.Encoding.DER)).hexdigest().upper(),
    )


def remembered_client_certificate(certificate: Path, key: Path, name: str) -> str:
    """The certificate kept in this file, with its key in the other; made there when missing."""
    if not (certificate.exists() and key.exists()):
        made = client_certificate(name, 365 * 5)
        key.touch(mode=0o600)
        key.write_text(made.private_key_pem)
        certificate.write_text(made.certificate_pem)
    return certificate.read_text()
