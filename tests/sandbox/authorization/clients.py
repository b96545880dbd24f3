"""How a client proves who it is: several secrets side by side, certificates, signed assertions."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import jwt
from authlib.oauth2.rfc6749 import ClientMixin, InvalidClientError
from authlib.oauth2.rfc8628 import DEVICE_CODE_GRANT_TYPE
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from flask import request as http

LOOPBACK = {"127.0.0.1", "[::1]", "localhost"}
CLIENT_METHODS = ["client_secret_post", "client_secret_basic", "private_key_jwt"]
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
EXPIRED_SECRET = "The provided client secret keys are expired."


@dataclass
class Client(ClientMixin):
    """The one registered client of a server.

    `redirect_bases` are prefixes ending in `/`, standing for a long list of exact addresses;
    `redirect_uris` are exact, except that a loopback one without a port accepts every port
    (RFC 8252 section 7.3). `client_secret` is the first of the secrets; an expired one stays
    known, so that it can be told from a wrong one. `certificates` holds certificates in PEM form
    by their SHA-1 thumbprint in base64url, as the header `x5t` gives it (RFC 7515 section 4.1.7).
    """

    client_id: str
    client_secret: str
    name: str
    redirect_bases: list[str] = field(default_factory=list)
    redirect_uris: list[str] = field(default_factory=list)
    more_secrets: list[str] = field(default_factory=list)
    expired_secrets: set[str] = field(default_factory=set)
    certificates: dict[str, str] = field(default_factory=dict)

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return ""

    def get_allowed_scope(self, scope: str | None) -> str:
        # Which scopes exist is the server's question; the realm answers it.
        return scope or ""

    def check_client_secret(self, client_secret: str) -> bool:
        """Whether it is one of the secrets. InvalidClientError when its time is over."""
        known = [secret for secret in (self.client_secret, *self.more_secrets) if secret]
        given = client_secret.encode()
        if not any(secrets.compare_digest(secret.encode(), given) for secret in known):
            return False
        if client_secret in self.expired_secrets:
            raise InvalidClientError(EXPIRED_SECRET, status_code=401)
        return True

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return True

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in {
            "authorization_code",
            "refresh_token",
            "client_credentials",
            DEVICE_CODE_GRANT_TYPE,
        }

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        if redirect_uri in self.redirect_uris:
            return True
        if any(sign in redirect_uri for sign in ("?", "#", "\\", "..")):
            return False
        if any(redirect_uri.startswith(base) for base in self.redirect_bases):
            return True
        parts = urlsplit(redirect_uri)
        host = re.sub(r":\d+$", "", parts.netloc)
        if parts.scheme != "http" or host not in LOOPBACK:
            return False
        return f"http://{host}{parts.path}" in self.redirect_uris

    # -- secrets and certificates --------------------------------------------------------------

    def add_secret(self) -> str:
        self.more_secrets.append(f"s~{secrets.token_urlsafe(24)}+/.")
        return self.more_secrets[-1]

    def expire_secret(self, secret: str) -> None:
        self._must_know(secret)
        self.expired_secrets.add(secret)

    def remove_secret(self, secret: str) -> None:
        self._must_know(secret)
        if secret == self.client_secret:
            self.client_secret = ""
        else:
            self.more_secrets.remove(secret)

    def _must_know(self, secret: str) -> None:
        if not secret or secret not in (self.client_secret, *self.more_secrets):
            raise LookupError("The client has no such secret.")

    def add_certificate(self, pem: str) -> str:
        """Registers a certificate; its thumbprint."""
        certificate = x509.load_pem_x509_certificate(pem.encode())
        thumbprint = _digest(certificate, hashlib.sha1)
        self.certificates[thumbprint] = pem
        return thumbprint

    def certificate_of(self, header: dict[str, Any]) -> x509.Certificate | None:
        """The registered certificate that a signature's header names, or None."""
        for thumbprint, pem in self.certificates.items():
            certificate = x509.load_pem_x509_certificate(pem.encode())
            long = _digest(certificate, hashlib.sha256)
            if thumbprint == _bare(header.get("x5t")) or long == _bare(header.get("x5t#S256")):
                return certificate
        return None


def _digest(certificate: x509.Certificate, algorithm: Any) -> str:
    octets = certificate.public_bytes(serialization.Encoding.DER)
    return base64.urlsafe_b64encode(algorithm(octets).digest()).decode().rstrip("=")


def _bare(thumbprint: Any) -> str:
    """Clients write the thumbprint with and without padding."""
    return str(thumbprint or "").rstrip("=")


def authenticate_by_assertion(query_client: Any, request: Any) -> Client | None:
    """`private_key_jwt` (RFC 7523 section 2.2) with a certificate's thumbprint in the header.

    InvalidClientError says what is wrong with an assertion; None when there is none.
    """
    form = request.form
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        return None
    assertion = form.get("client_assertion", "")
    try:
        header, claims = _unverified(assertion)
        client = query_client(form.get("client_id") or claims.get("sub"))
    except ValueError:
        raise _refused("The client assertion is not a valid JWT.") from None
    if client is None:
        raise _refused("The client does not exist on this server.")
    certificate = client.certificate_of(header)
    if certificate is None:
        raise _refused(
            "The certificate with identifier used to sign the client assertion is not registered "
            "on application."
        )
    if certificate.not_valid_after_utc.timestamp() < time.time():
        raise _refused("The key was expired: the certificate of the client assertion is too old.")
    try:
        jwt.decode(
            assertion,
            certificate.public_key(),
            ["RS256", "PS256"],
            # What the claims must say is checked below, each with words of its own.
            options=dict.fromkeys(("verify_aud", "verify_exp", "verify_iat"), False),
        )
    except jwt.PyJWTError:
        raise _refused("Client assertion failed signature validation.") from None
    _check_claims(claims, client)
    return client


def _unverified(assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
    pieces = assertion.split(".")
    if len(pieces) != 3:
        raise ValueError("A JWT has three parts.")
    header, claims = (
        json.loads(base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4)))
        for piece in pieces[:2]
    )
    return header, claims


def _check_claims(claims: dict[str, Any], client: Client) -> None:
    if claims.get("iss") != client.client_id or claims.get("sub") != client.client_id:
        raise _refused("The issuer and the subject of the client assertion must be the client.")
    if claims.get("aud") != http.base_url:
        raise _refused("The audience of the client assertion is not this token endpoint.")
    if float(claims.get("exp", 0)) < time.time():
        raise _refused("The client assertion is not within its valid time range.")


def _refused(description: str) -> InvalidClientError:
    return InvalidClientError(description, status_code=401)
