"""Presets, secrets side by side, certificates and service accounts from a provisioning file."""

from __future__ import annotations

from datetime import date

import pytest

from groupware import provision
from oauthservers.models import AuthorizationServer
from tests.oauthservers import registry

FILE = """
[[authorization_server]]
key = "contoso"
name = "Contoso"
preset = "microsoft"
access = "application"
client_id = "client"
client_secret = "canary-new"
client_secret_expires_on = "2031-04-30"
fallback_client_secret = "canary-old"
fallback_client_secret_expires_on = "2030-01-01"
client_certificate_file = "contoso.pem"
client_private_key_file = "contoso.key"
endpoint = "https://login.example/contoso.example/oauth2/v2.0"
scopes_application = ["https://outlook.office365.com/.default"]
offers_device_code = true

[[authorization_server]]
key = "example-jp"
name = "example.jp"
preset = "google"
access = "application"
service_account_key_file = "google.json"
publishing = "internal"

[[authorization_server]]
key = "yahoo"
name = "Yahoo"
preset = "yahoo"
client_id = "client"
client_secret = "canary"
offers_pasted_code = true
"""


@pytest.fixture
def file(tmp_path, db):
    key = registry.private_key()
    (tmp_path / "contoso.pem").write_text(registry.certificate_of(key))
    (tmp_path / "contoso.key").write_text(registry.pem_of(key))
    (tmp_path / "google.json").write_text(registry.service_account(key))
    path = tmp_path / "servers.toml"
    path.write_text(FILE)
    return path


def test_every_proof_is_kept(file):
    provision.apply(file)
    contoso = AuthorizationServer.objects.get(key="contoso")
    assert (contoso.provider, contoso.preset_key) == ("microsoft", "microsoft")
    assert (contoso.client_secret, contoso.fallback_client_secret) == ("canary-new", "canary-old")
    assert contoso.client_secret_expires_on == date(2031, 4, 30)
    assert contoso.fallback_client_secret_expires_on == date(2030, 1, 1)
    assert "CERTIFICATE" in contoso.client_certificate
    assert "PRIVATE KEY" in contoso.client_private_key
    assert contoso.client_certificate_expires_on
    assert contoso.offers_device_code
    google = AuthorizationServer.objects.get(key="example-jp")
    assert google.client_id == "115500000000000000000"
    assert google.application_scopes == ("https://mail.google.com/",)
    assert google.publishing == "internal"


def test_preset_brings_endpoints_and_scopes(file):
    provision.apply(file)
    yahoo = AuthorizationServer.objects.get(key="yahoo")
    assert yahoo.provider == "generic"
    assert yahoo.registration().token_endpoint == "https://api.login.yahoo.com/oauth2/get_token"
    assert "mail-w" in yahoo.scopes_for(["imap"])
    assert yahoo.offers_pasted_code


def test_applying_twice_changes_nothing(file):
    assert len(provision.apply(file)) == 3
    assert provision.apply(file) == []


def test_proofs_that_are_left_out_are_kept(file):
    provision.apply(file)
    kept = [line for line in FILE.splitlines() if "_file" not in line and "secret" not in line]
    file.write_text("\n".join(kept))
    assert provision.apply(file) == []
    assert AuthorizationServer.objects.get(key="contoso").client_private_key


def test_empty_certificate_takes_the_stored_one_away(file):
    provision.apply(file)
    without = FILE.replace('client_certificate_file = "contoso.pem"', 'client_certificate = ""')
    file.write_text(without.replace('client_private_key_file = "contoso.key"\n', ""))
    provision.apply(file)
    contoso = AuthorizationServer.objects.get(key="contoso")
    assert (contoso.client_certificate, contoso.client_private_key) == ("", "")
    assert contoso.client_certificate_expires_on is None


WRONG = {
    "a date": ("2031-04-30", "30.4.2031", "not a date"),
    "an unknown preset": ('preset = "yahoo"', 'preset = "yahooo"', "is not possible"),
    "a provider of another kind": (
        'preset = "yahoo"',
        'preset = "yahoo"\nprovider = "google"',
        "is of the provider",
    ),
    "neither preset nor provider": ('preset = "yahoo"', "", "Add provider or preset"),
    "a shared tenant": ("contoso.example/oauth2", "common/oauth2", "needs your own tenant"),
    "a scope of one permission": ("/.default", "/IMAP.AccessAsApp", "followed by /.default"),
    "a key of another certificate": ("contoso.key", "other.key", "belongs to another certificate"),
    "no client": ('client_id = "client"\nclient_secret = "canary"', "", "Add client_id"),
}


@pytest.mark.parametrize(("old", "new", "reason"), WRONG.values(), ids=WRONG)
def test_mistake_is_told_and_nothing_is_applied(file, old, new, reason):
    (file.parent / "other.key").write_text(registry.pem_of(registry.private_key()))
    file.write_text(FILE.replace(old, new))
    with pytest.raises(provision.ProvisioningError) as refusal:
        provision.apply(file)
    assert reason in str(refusal.value)
    assert "canary" not in str(refusal.value)
    assert not AuthorizationServer.objects.exists()
