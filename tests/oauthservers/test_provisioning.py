"""Authorization servers from a provisioning file."""

from __future__ import annotations

import pytest

from groupware import provision
from oauthservers.models import AuthorizationServer
from tests.sandbox import Sandbox

FILE = """
[[authorization_server]]
key = "contoso"
name = "Contoso"
provider = "microsoft"
client_id = "client"
client_secret_env = "CONTOSO_SECRET"
endpoint = "https://login.example/contoso.example/oauth2/v2.0"

[[authorization_server]]
key = "lab"
name = "Laboratory"
provider = "generic"
client_id = "client"
client_secret = "canary-secret"
issuer = "https://id.lab.example"
scopes_imap = ["mail:imap", "offline_access"]
token_endpoint_auth_method = "client_secret_basic"
use = false
"""


@pytest.fixture
def file(tmp_path, monkeypatch, db):
    monkeypatch.setenv("CONTOSO_SECRET", "secret-from-the-environment")
    path = tmp_path / "servers.toml"
    path.write_text(FILE)
    return path


def test_servers_become_equal_to_the_file(file):
    provision.apply(file)
    contoso, lab = AuthorizationServer.objects.order_by("key")
    assert contoso.registration().client_secret == "secret-from-the-environment"
    assert contoso.client_secret_set_at
    assert contoso.is_enabled
    assert not lab.is_enabled
    assert lab.client_authentication == "client_secret_basic"
    assert lab.scopes_for(["imap"]) == ("mail:imap", "offline_access", "openid", "email")


def test_applying_twice_changes_nothing(file):
    assert provision.apply(file)
    seen = AuthorizationServer.objects.get(key="contoso").client_secret_set_at
    assert provision.apply(file) == []
    assert AuthorizationServer.objects.get(key="contoso").client_secret_set_at == seen


def test_discovered_endpoints_survive_until_the_issuer_changes(file):
    provision.apply(file)
    lab = AuthorizationServer.objects.filter(key="lab")
    lab.update(token_endpoint="https://id.lab.example/token")
    assert provision.apply(file) == []
    assert lab.get().token_endpoint
    file.write_text(FILE.replace("https://id.lab.example", "https://new.lab.example"))
    provision.apply(file)
    assert lab.get().token_endpoint == ""


def test_new_secret_clears_a_fault(file, monkeypatch):
    provision.apply(file)
    AuthorizationServer.objects.update(fault_code="invalid_client")
    monkeypatch.setenv("CONTOSO_SECRET", "the-renewed-one")
    provision.apply(file)
    contoso = AuthorizationServer.objects.get(key="contoso")
    assert contoso.fault_code == ""
    assert contoso.registration().client_secret == "the-renewed-one"
    assert AuthorizationServer.objects.get(key="lab").fault_code == "invalid_client"


WRONG = {
    "endpoint of another form": ("/contoso.example/oauth2/v2.0", "/", "endpoint"),
    "unknown provider": ('provider = "generic"', 'provider = "other"', "provider"),
    "no issuer and no endpoints": ('issuer = "https://id.lab.example"', "", "issuer"),
}


@pytest.mark.parametrize(("old", "new", "key"), WRONG.values(), ids=WRONG)
def test_mistake_is_told_with_its_place_and_nothing_is_applied(file, old, new, key):
    file.write_text(FILE.replace(old, new))
    with pytest.raises(provision.ProvisioningError) as refusal:
        provision.apply(file)
    assert "authorization_server" in str(refusal.value)
    assert key in str(refusal.value)
    assert "canary-secret" not in str(refusal.value)
    assert not AuthorizationServer.objects.exists()


def test_sandbox_describes_itself_so_that_it_can_be_used(sandbox: Sandbox, db, tmp_path):
    text = sandbox.provisioning_file.read_text()
    tables = [part for part in text.split("[[") if part.startswith("authorization_server")]
    path = sandbox.provisioning_file.with_name("authorization-servers.toml")
    path.write_text("".join(f"[[{part}" for part in tables))
    assert len(provision.apply(path)) == 3
    assert provision.apply(path) == []
