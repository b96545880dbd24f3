"""After whole flows, good and bad: no token, code, verifier or client secret in database, pages or logs."""

from __future__ import annotations

import logging
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.urls import reverse

from groupware import logs
from oauthservers import vault
from oauthservers.errors import OAuthError
from oauthservers.models import AuthorizationRequest, Grant
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
