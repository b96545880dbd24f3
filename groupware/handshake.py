"""One TLS handshake, looked at closely: who the server says it is, and what is wrong with that.

``groupware.outbound`` decides where we may connect; here the connection is made for its certificate alone. Nothing is
sent over it.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import NameOID

from groupware import outbound

#: X509_V_ERR_* of OpenSSL → our code.
_FAULTS = {
    2: "tls_unknown_authority",
    9: "tls_not_yet_valid",
    10: "tls_expired",
    18: "tls_self_signed",
    19: "tls_unknown_authority",
    20: "tls_unknown_authority",
    21: "tls_unknown_authority",
    62: "tls_name_mismatch",
    64: "tls_name_mismatch",
}


@dataclass(frozen=True)
class Certificate:
    """The server's own certificate: for whom, by whom, until when."""

    common_name: str
    names: tuple[str, ...]
    issuer: str
    valid_until: datetime

    def __str__(self) -> str:
        named = ", ".join(self.names[:6]) or f"CN={self.common_name}"
        return f"{named} · {self.issuer} · {self.valid_until:%Y-%m-%d}"

    def is_named_by_common_name(self, host: str) -> bool:
        """Whether only the common name can have matched ``host``: OpenSSL looks there when there is no dNSName."""
        try:
            ipaddress.ip_address(host.strip("[]"))
        except ValueError:
            return not self.names
        return False


def connect(host: str, port: int, seconds: float) -> socket.socket:
    """Dial a checked address of ``host``. Raises OutboundError, OSError."""
    failure: OSError = OSError("no address")
    for address in outbound.resolve(host, port)[:2]:
        try:
            return socket.create_connection((address, port), seconds)
        except OSError as exc:
            failure = exc
    raise failure


def certificate(connection: socket.socket, host: str, context: ssl.SSLContext) -> Certificate:
    """Shake hands as ``context`` says, hang up, and describe the certificate. Raises OSError (ssl.SSLError)."""
    with connection, context.wrap_socket(connection, server_hostname=host) as wrapped:
        der = wrapped.getpeercert(binary_form=True)
    if not der:
        raise ssl.SSLError("The server sent no certificate.")
    return _described(der)


def fault(error: OSError) -> str:
    """The code of a failed handshake: which rule the certificate broke, or that there was none."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _FAULTS.get(error.verify_code, "tls_failed")
    return "timeout" if isinstance(error, TimeoutError) else "tls_failed"


def _described(der: bytes) -> Certificate:
    found = x509.load_der_x509_certificate(der)
    try:
        alternative = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = alternative.get_values_for_type(x509.DNSName)
    except (x509.ExtensionNotFound, ValueError):
        names = []
    return Certificate(
        _name(found.subject), tuple(names), _name(found.issuer), found.not_valid_after_utc
    )


def _name(name: x509.Name) -> str:
    for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        if values := name.get_attributes_for_oid(oid):
            return str(values[0].value)
    return name.rfc4514_string()
