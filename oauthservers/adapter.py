"""The adapter of a registered server: its registration, its TLS choices and one HTTP session brought together."""

from __future__ import annotations

from dataclasses import fields

import requests

from groupware import outbound
from oauthservers import discovery
from oauthservers.errors import AdministratorRequiredError, MetadataError
from oauthservers.models import AuthorizationServer
from oauthservers.providers import presets
from oauthservers.providers.base import Provider


def session_for(server: AuthorizationServer) -> requests.Session:
    """An HTTP session that checks the server as its registration says; raises AdministratorRequiredError."""
    try:
        return outbound.http_session(
            server.verify_certificate,
            server.verify_name,
            server.allow_common_name,
            server.ca_certificates,
        )
    except ValueError:
        raise AdministratorRequiredError("tls", code="ca_certificates_invalid") from None


def provider_for(server: AuthorizationServer) -> Provider:
    """The adapter of ``server``, its metadata fetched first when nobody has yet; raises OAuthError."""
    session = session_for(server)
    if needs_metadata(server):
        fetch_metadata(server, session)
    return presets.adapter(server.provider, server.registration(), session)


def needs_metadata(server: AuthorizationServer) -> bool:
    """Whether only the issuer is known. Microsoft's endpoint says everything by itself."""
    if server.provider == AuthorizationServer.Kind.MICROSOFT:
        return False
    known = server.registration()
    return not (known.authorization_endpoint and known.token_endpoint)


def fetch_metadata(server: AuthorizationServer, session: requests.Session) -> None:
    """Fill in what the server's metadata say and the administrator did not type; raises OAuthError."""
    if not server.issuer:
        raise MetadataError(description=server.key, code="endpoints_missing")
    metadata = discovery.discover(server.issuer, session)
    found = {field.name: getattr(metadata, field.name) for field in fields(metadata)}
    changed = {
        name: value
        for name, value in found.items()
        if value and name != "issuer" and not getattr(server, name)
    }
    for name, value in changed.items():
        setattr(server, name, value)
    if changed:
        # Columns one by one: a form that an administrator has open meanwhile is not overwritten.
        AuthorizationServer.objects.filter(pk=server.pk).update(**changed)
