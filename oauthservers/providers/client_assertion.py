"""Proving who we are with a certificate in place of a secret (RFC 7523 §2.2, private_key_jwt)."""

from __future__ import annotations

import base64
import hashlib
import time
import uuid
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from oauthservers.errors import AdministratorRequiredError
from oauthservers.providers.base import ClientRegistration

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIFE_SECONDS = 300
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


def private_key(registration: ClientRegistration) -> Any:
    """The key of the client certificate; raises AdministratorRequiredError when it cannot be read."""
    try:
        return serialization.load_pem_private_key(
            registration.client_private_key.encode(), password=None
        )
    except (ValueError, TypeError):  # TypeError: it has a passphrase
        raise AdministratorRequiredError(
            "client_certificate", code="client_certificate_invalid"
        ) from None


def assertion(registration: ClientRegistration, audience: str) -> str:
    """A signed statement of our identity for one token endpoint, good for five minutes.

    The header names the certificate by its SHA-256 thumbprint (RFC 7515 §4.1.8). Raises AdministratorRequiredError.
    """
    key = private_key(registration)
    now = int(time.time())
    claims = {
        "iss": registration.client_id,
        "sub": registration.client_id,
        "aud": audience,
        "jti": str(uuid.uuid4()),
        "iat": now,
        "exp": now + _LIFE_SECONDS,
    }
    headers = {"x5t#S256": _thumbprint(registration.client_certificate)}
    return jwt.encode(claims, key, algorithm=_algorithm(key), headers=headers)


def _thumbprint(certificate: str) -> str:
    try:
        loaded = x509.load_pem_x509_certificate(certificate.encode())
    except ValueError:
        raise AdministratorRequiredError(
            "client_certificate", code="client_certificate_invalid"
        ) from None
    digest = hashlib.sha256(loaded.public_bytes(serialization.Encoding.DER)).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _algorithm(key: Any) -> str:
    """The signature algorithm that fits the key (RFC 7518 §3.1)."""
    if isinstance(key, rsa.RSAPrivateKey):
        return "RS256"
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    raise AdministratorRequiredError("client_certificate", code="client_certificate_invalid")
