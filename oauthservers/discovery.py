"""Server metadata: OpenID Connect Discovery 1.0 §4 and RFC 8414 §3.

Both kinds of document are asked for, since servers offer one or the other. The issuer in the document must be the one
that was asked for, byte for byte (RFC 8414 §3.3): otherwise one server could pass itself off as another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests

from oauthservers import http
from oauthservers.errors import MetadataError, TemporaryOAuthError

LONGEST_ADDRESS = 500  # characters, which is what the registry's columns hold
TENANT = "{tenantid}"


@dataclass(frozen=True)
class Metadata:
    """The endpoints of one authorization server, as it describes itself. Absent ones are empty."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str = ""
    jwks_uri: str = ""
    revocation_endpoint: str = ""
    device_authorization_endpoint: str = ""
    requires_issuer_in_response: bool = False


def addresses(issuer: str) -> list[str]:
    """Where the metadata of ``issuer`` may lie: OpenID appends, RFC 8414 inserts before the path."""
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    inserted = urlunsplit(
        (parts.scheme, parts.netloc, f"/.well-known/oauth-authorization-server{path}", "", "")
    )
    return [f"{issuer.rstrip('/')}/.well-known/openid-configuration", inserted]


def discover(issuer: str, session: requests.Session) -> Metadata:
    """Ask ``issuer`` for its metadata; raises MetadataError or UnreachableServerError."""
    for url in addresses(issuer):
        answer = http.get(session, url)
        if answer.status_code == 404:
            continue
        return _read(answer, issuer)
    raise MetadataError(description=issuer, code="metadata_missing")


def discover_microsoft(endpoint: str, session: requests.Session) -> Metadata:
    """Ask for the metadata behind ``https://host/<tenant>/oauth2/v2.0``.

    For ``common`` and ``organizations`` the issuer reads ``https://host/{tenantid}/v2.0``, literally: the tenant is
    known only once somebody has signed in. It must still be an issuer of the same host.
    """
    url = f"{authority(endpoint)}/v2.0/.well-known/openid-configuration"
    answer = http.get(session, url)
    if answer.status_code == 404:
        raise MetadataError(description=url, code="metadata_missing")
    return _read(answer, None, host=urlsplit(endpoint).netloc)


def authority(endpoint: str) -> str:
    """``https://host/<tenant>`` of a Microsoft endpoint; raises MetadataError when it has another form."""
    parts = urlsplit(endpoint.rstrip("/"))
    tenant, _, rest = parts.path.lstrip("/").partition("/")
    if (
        parts.scheme != "https"
        or not parts.netloc
        or not tenant
        or rest not in {"", "oauth2/v2.0", "v2.0"}
    ):
        raise MetadataError(description=endpoint, code="endpoint_invalid")
    return f"https://{parts.netloc}/{tenant}"


def _read(answer: http.Answer, issuer: str | None, host: str = "") -> Metadata:
    answer.raise_for_overload()
    if answer.status_code != 200:
        raise MetadataError(description=f"HTTP {answer.status_code}", code="metadata_missing")
    try:
        document = answer.json()
    except TemporaryOAuthError:
        raise MetadataError(description="not a JSON object") from None
    stated = document.get("issuer")
    if not isinstance(stated, str) or (issuer is not None and stated != issuer):
        raise MetadataError(description=f"issuer is {stated!r}", code="issuer_mismatch")
    if issuer is None and urlsplit(stated).netloc != host:
        raise MetadataError(description=f"issuer is {stated!r}", code="issuer_mismatch")
    return Metadata(
        issuer=stated,
        authorization_endpoint=_endpoint(document, "authorization_endpoint", is_needed=True),
        token_endpoint=_endpoint(document, "token_endpoint", is_needed=True),
        userinfo_endpoint=_endpoint(document, "userinfo_endpoint"),
        jwks_uri=_endpoint(document, "jwks_uri"),
        revocation_endpoint=_endpoint(document, "revocation_endpoint"),
        device_authorization_endpoint=_endpoint(document, "device_authorization_endpoint"),
        requires_issuer_in_response=document.get("authorization_response_iss_parameter_supported")
        is True,
    )


def _endpoint(document: Mapping[str, Any], name: str, *, is_needed: bool = False) -> str:
    value = document.get(name)
    if value is None and not is_needed:
        return ""
    if not isinstance(value, str) or not _is_https(value):
        raise MetadataError(description=f"{name} is not an https address", code="metadata_invalid")
    if len(value) > LONGEST_ADDRESS:
        raise MetadataError(description=f"{name} is too long", code="metadata_invalid")
    return value


def _is_https(address: str) -> bool:
    try:
        return urlsplit(address).scheme == "https"
    except ValueError:  # brackets without an IPv6 address between them
        return False
