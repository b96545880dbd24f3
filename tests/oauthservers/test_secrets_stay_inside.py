"""After whole flows, good and bad: no token, code, verifier or client secret in database, pages or logs."""

from __future__ import annotations

import contextlib
import json
import logging
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from groupware import logs
from oauthservers import vault
from oauthservers.errors import OAuthError
from oauthservers.flows import application, authorization_code, device_code
from oauthservers.models import AuthorizationRequest, AuthorizationServer, Grant
from tests.oauthservers.conftest import MAILBOX, outdate

KINDS = ["microsoft", "google", "generic"]


def dump() -> str:
    """Every row of every table as text."""
    rows = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            rows += [str(row) for row in cursor.fetchall()]
    return "\n".join(rows)


@pytest.fixture
def written(monkeypatch):
    """Every log line of the test as the production formatter writes it, and as it would read unmasked."""
    lines: list[str] = []
    formatter = logs.MaskingJsonFormatter("%(levelname)s %(name)s %(message)s")

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(formatter.format(record))
            lines.append(str(record.__dict__) + record.getMessage())

    handler = Keep(logging.DEBUG)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.parametrize("kind", KINDS)
def test_no_secret_outside_the_sealed_columns(sandbox, servers, person, kind, written, monkeypatch):
    realm, server = getattr(sandbox, kind), servers[kind]
    client = Client()
    client.force_login(person)
    answer = client.post(
        reverse("oauthservers:authorize"),
        {
            "server": str(server.public_id),
            "address": MAILBOX[kind],
            "protocols": "imap,smtp",
            "next": "/",
        },
    )
    attempt = AuthorizationRequest.objects.get()
    secrets = {realm.client_secret, attempt.code_verifier, attempt.nonce}
    secrets.add(dict(parse_qsl(urlsplit(answer["Location"]).query))["state"])
    back = urlsplit(realm.approve(answer["Location"], MAILBOX[kind]))
    secrets.add(dict(parse_qsl(back.query))["code"])
    client.get(f"{back.path}?{back.query}")
    grant = Grant.objects.get()
    secrets |= {grant.access_token, grant.refresh_token}
    outdate(grant)
    secrets |= {vault.access_token(grant), Grant.objects.get().refresh_token}
    realm.revoke(MAILBOX[kind])
    outdate(grant)
    with pytest.raises(OAuthError) as ended:
        vault.access_token(grant)
    administrator = get_user_model().objects.create_superuser("root", is_system_administrator=True)
    client.force_login(administrator)
    pages = [
        client.get(address).content.decode()
        for address in (
            reverse("oauthservers:server", args=[server.public_id]),
            reverse("admin:oauthservers_grant_change", args=[grant.pk]),
            reverse("admin:oauthservers_authorizationserver_change", args=[server.pk]),
            reverse("audit:events"),
        )
    ]
    assert all(len(secret) > 8 for secret in secrets)
    assert len(secrets) >= 8
    assert MAILBOX[kind] in pages[1]
    for place in (
        dump(),
        "\n".join(written),
        "\n".join(pages),
        repr(ended.value),
        str(ended.value),
    ):
        for secret in secrets:
            assert secret not in place


def answered(written, *secrets):
    """Nothing of it lies open in the database or in the log."""
    assert all(len(secret) > 8 for secret in secrets)
    for place in (dump(), "\n".join(written)):
        for secret in secrets:
            assert secret not in place


@pytest.mark.parametrize("kind", ["microsoft", "generic"])
def test_no_secret_of_a_device_code_outside_the_sealed_columns(
    sandbox, servers, person, kind, written
):
    realm, server = getattr(sandbox, kind), servers[kind]
    server.offers_device_code = True
    server.fallback_client_secret = "canary-second-secret"
    server.save()
    attempt = device_code.begin(
        server=server,
        user=person,
        session_key="a-session",
        mailbox_address=MAILBOX[kind],
        protocols=["imap"],
        next_url="/",
    )
    secrets = [attempt.device_code, "canary-second-secret", realm.client_secret]
    realm.approve_device(attempt.user_code, MAILBOX[kind])
    AuthorizationRequest.objects.update(next_poll_at=timezone.now())
    device_code.poll(attempt)
    grant = Grant.objects.get()
    assert AuthorizationRequest.objects.get().device_code == ""
    answered(written, *secrets, grant.access_token, grant.refresh_token)


def test_no_secret_of_a_pasted_code_outside_the_sealed_columns(sandbox, servers, person, written):
    server = servers["google"]
    server.offers_pasted_code = True
    server.save()
    attempt, leaving = authorization_code.begin_pasted(
        server=server,
        user=person,
        session_key="a-session",
        mailbox_address=MAILBOX["google"],
        protocols=["imap"],
        next_url="/",
    )
    secrets = [attempt.code_verifier, attempt.nonce]
    back = sandbox.google.approve(leaving, MAILBOX["google"])
    query = dict(parse_qsl(urlsplit(back).query))
    wrong = back.replace(query["state"], "x" * 43)
    for text in (wrong, back):
        with contextlib.suppress(OAuthError):
            authorization_code.complete_pasted(
                attempt=attempt, text=text, user=person, session_key="a-session"
            )
    grant = Grant.objects.get()
    secrets += [query["code"], query["state"], grant.access_token, grant.refresh_token]
    answered(written, *secrets)


@pytest.mark.parametrize("kind", ["microsoft", "google"])
def test_no_secret_of_application_access_outside_the_sealed_columns(
    sandbox, servers, person, kind, written
):
    realm, server = getattr(sandbox, kind), servers[kind]
    server.access = AuthorizationServer.Access.APPLICATION
    if kind == "google":
        key = realm.service_account()
        server.service_account_key = json.dumps(key)
        secret = key["private_key"].splitlines()[3]
    else:
        made = realm.add_certificate()
        server.endpoint = realm.endpoint_of_tenant
        server.client_certificate, server.client_private_key = (
            made.certificate_pem,
            made.private_key_pem,
        )
        secret = made.private_key_pem.splitlines()[3]
    server.save()
    grant = application.connect(
        server=server, mailbox_address=MAILBOX[kind], protocols=["imap"], user=person
    )
    outdate(grant)
    tokens = [grant.access_token, vault.access_token(grant)]
    realm.set(domain_wide_delegation=False)
    realm.change_secret("another-secret-entirely")
    outdate(grant)
    with contextlib.suppress(OAuthError):
        vault.access_token(grant)
    assert secret not in repr(server.registration())
    answered(written, secret, *tokens)
