"""Keys of stored secrets are changed while the installation runs."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from oauthservers.models import AuthorizationServer

pytestmark = pytest.mark.django_db
OLD = "old:" + "A" * 43 + "="
NEW = "new:" + "B" * 43 + "="


@pytest.fixture
def server(settings) -> AuthorizationServer:
    settings.ENCRYPTION_KEYS = OLD
    return AuthorizationServer.objects.create(
        key="m",
        name="M",
        provider="microsoft",
        client_id="c",
        client_secret="a-secret-of-the-client",
    )


def run(**options: object) -> str:
    out = StringIO()
    call_command("rotate_encryption_key", stdout=out, **options)
    return out.getvalue()


def test_every_secret_moves_to_the_first_key_and_stays_the_same(server, settings):
    settings.ENCRYPTION_KEYS = f"{NEW},{OLD}"
    assert "old: 1 values" in run(report=True)
    said = run()
    assert "new: 1 values (seals new values)" in said
    assert "Every other key may be taken out" in said
    settings.ENCRYPTION_KEYS = NEW
    assert AuthorizationServer.objects.get().client_secret == "a-secret-of-the-client"


def test_a_second_run_changes_nothing(server, settings):
    settings.ENCRYPTION_KEYS = f"{NEW},{OLD}"
    run()
    before = AuthorizationServer.objects.values_list("client_secret", flat=True)[0].text
    run()
    assert AuthorizationServer.objects.values_list("client_secret", flat=True)[0].text == before


def test_a_value_whose_key_is_gone_is_counted_and_left_alone(server, settings):
    settings.ENCRYPTION_KEYS = NEW
    with pytest.raises(CommandError, match="1 values do not open"):
        run()
    settings.ENCRYPTION_KEYS = OLD
    assert AuthorizationServer.objects.get().client_secret == "a-secret-of-the-client"
