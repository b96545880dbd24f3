"""The sandbox's three authorization servers, registered as an administrator would."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone

from groupware.users.models import User
from oauthservers import vault
from oauthservers.models import AuthorizationServer, Grant
from oauthservers.providers.base import Identity, TokenResponse
from tests.sandbox import AuthorizationServer as SandboxServer
from tests.sandbox import Sandbox

#: Who signs in where in the sandbox.
MAILBOX = {
    "microsoft": "alice@contoso.example",
    "google": "haruka@example.jp",
    "generic": "olga@lab.example",
}


@pytest.fixture(autouse=True)
def untouched_sandbox(sandbox: Sandbox) -> Iterator[None]:
    """Settings, faults, counters and secrets of one test do not reach the next."""
    realms = (sandbox.microsoft, sandbox.google, sandbox.generic)
    for realm in realms:
        realm.reset()
    yield
    for realm in realms:
        realm.change_secret(realm.client_secret)


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("alice", password="ink-and-paper")


@pytest.fixture
def servers(db: None, sandbox: Sandbox) -> dict[str, AuthorizationServer]:
    """One row for each server of the sandbox."""
    registered = {}
    for realm in (sandbox.microsoft, sandbox.google, sandbox.generic):
        server = AuthorizationServer(
            key=realm.key,
            name=realm.key.title(),
            provider=realm.key,
            client_id=realm.client_id,
            endpoint=realm.endpoint if realm.key == "microsoft" else "",
            issuer="" if realm.key == "microsoft" else realm.issuer,
            ca_certificates=sandbox.ca_file.read_text(),
        )
        if realm.key == "generic":
            server.scopes_imap, server.scopes_pop3, server.scopes_smtp = realm.mail_scopes
        server.set_client_secret(realm.client_secret)
        server.save()
        registered[realm.key] = server
    return registered


def grant_for(
    realm: SandboxServer,
    server: AuthorizationServer,
    person: User,
    *,
    address: str = "",
    life: int | None = None,
) -> Grant:
    """A grant as the flow leaves it, its access token good for ``life`` seconds (default: as issued)."""
    address = address or MAILBOX[realm.key]
    issued = realm.issue(
        address, [*realm.mail_scopes, "openid", "profile", "email", "offline_access"]
    )
    return vault.keep(
        server=server,
        user=person,
        mailbox_address=address,
        identity=Identity(realm.issuer, issued.subject, (address,)),
        tokens=TokenResponse(
            issued.access_token, issued.refresh_token or "", expires_in=life or issued.expires_in
        ),
        scopes=" ".join(realm.mail_scopes),
        asked_at=timezone.now(),
    )


def outdate(grant: Grant) -> None:
    """Let the stored access token be over, as an hour later."""
    Grant.objects.filter(pk=grant.pk).update(access_token_expires_at=timezone.now())


@pytest.fixture
def browser(person):
    client = Client()
    client.force_login(person)
    return client
