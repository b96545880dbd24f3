"""TLS contexts and what their failures mean."""

import functools
import os
import ssl

from webmail.protocols.errors import MailServerError, TlsError, UnreachableError
from webmail.protocols.types import TlsOptions

# X509_V_ERR_* of OpenSSL.
_VERIFY_CODES = {
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


def context(options: TlsOptions) -> ssl.SSLContext:
    """The context for these options, made once per process. TLS 1.2 is the minimum.

    Raises `TlsError` (tls_ca_invalid) when the further authorities cannot be read.
    """
    return _context(options, os.getpid())


@functools.lru_cache(maxsize=128)
def _context(options: TlsOptions, process: int) -> ssl.SSLContext:
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if options.ca_pem:
        try:
            made.load_verify_locations(cadata=options.ca_pem)
        except (ssl.SSLError, ValueError, TypeError):
            raise TlsError(
                "The certificates of the further authorities cannot be read",
                code="tls_ca_invalid",
            ) from None
        # What an administrator names is trusted, also when it is no root.
        made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    # The name first: Python refuses CERT_NONE while the name is still to be checked.
    made.check_hostname = options.verify_certificate and options.verify_name
    made.verify_mode = ssl.CERT_REQUIRED if options.verify_certificate else ssl.CERT_NONE
    # True by default in Python: a certificate without subjectAltName would pass by its CN.
    made.hostname_checks_common_name = options.allow_common_name
    return made


def failure(exc: OSError) -> MailServerError:
    """A failed handshake as a typed error."""
    if isinstance(exc, ssl.SSLCertVerificationError):
        return TlsError(
            "The server's certificate is not accepted",
            code=_VERIFY_CODES.get(exc.verify_code, "tls_verify_failed"),
            server_text=exc.verify_message,
        )
    if isinstance(exc, TimeoutError):
        return UnreachableError("The server did not finish the TLS handshake", code="timeout")
    if isinstance(exc, ssl.SSLError):
        return TlsError("No TLS connection could be made", server_text=exc.reason or "")
    return UnreachableError(
        "The connection was lost during the TLS handshake", code="connection_lost"
    )
