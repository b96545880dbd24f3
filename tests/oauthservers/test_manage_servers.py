"""The registry of authorization servers, as a system administrator sees it."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from groupware.audit.models import AuditEvent
from groupware.users.models import User
from oauthservers import vault
from oauthservers.errors import AdministratorRequiredError
from oauthservers.models import AuthorizationServer, Grant
from tests.oauthservers.conftest import grant_for
from tests.oauthservers.registry import CANARY, add, edit_address, form, page


@pytest.fixture
def administrator(db):
    return User.objects.create_user("admin", is_system_administrator=True)


@pytest.fixture
def browser(administrator):
    client = Client()
    client.force_login(administrator)
    return client


def test_added_server_shows_its_redirect_uri_and_never_its_secret(browser, settings):
    answer = add(browser)
    server = AuthorizationServer.objects.get()
    assert answer["Location"] == reverse("oauthservers:server", args=[server.public_id])
    assert server.key == "laboratory"
    assert server.registration().client_secret == CANARY
    text = page(browser, server)
    assert f"{settings.PUBLIC_URL}/oauth/callback/{server.public_id}/" in text
    assert CANARY not in text
    assert CANARY not in str(list(AuditEvent.objects.values()))
    assert AuditEvent.objects.filter(name="oauthservers.server.added").exists()


def test_blank_secret_keeps_the_stored_one(browser):
    add(browser)
    server = AuthorizationServer.objects.get()
    browser.post(
        reverse("oauthservers:edit_server", args=[server.public_id]),
        form(name="Renamed", key="laboratory", client_secret=""),
    )
    server = AuthorizationServer.objects.get()
    assert server.name == "Renamed"
    assert server.registration().client_secret == CANARY


def test_new_secret_ends_a_fault(browser):
    add(browser)
    AuthorizationServer.objects.update(fault_code="invalid_client")
    server = AuthorizationServer.objects.get()
    assert "does not accept" in page(browser, server)
    browser.post(
        reverse("oauthservers:edit_server", args=[server.public_id]),
        form(key="laboratory", client_secret="another"),
    )
    server = AuthorizationServer.objects.get()
    assert (server.fault_code, server.registration().client_secret) == ("", "another")


MISTAKES = {
    "no issuer, no endpoints": ("generic", {"issuer": ""}),
    "address without encryption": ("generic", {"issuer": "http://id.lab.example"}),
    "endpoint of another form": ("microsoft", {"endpoint": "https://login.example/"}),
    "no certificate": ("generic", {"ca_certificates": "hello"}),
    "no secret": ("google", {"client_secret": ""}),
}


@pytest.mark.parametrize(("kind", "changes"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_is_told_at_its_field(browser, kind, changes):
    answer = add(browser, kind, **changes)
    assert "is-wrong" in answer.content.decode()
    assert not AuthorizationServer.objects.exists()


def test_certificate_may_be_uploaded(browser, sandbox):
    pem = sandbox.ca_file.read_bytes()
    add(browser, ca_file=SimpleUploadedFile("ca.pem", pem))
    assert AuthorizationServer.objects.get().ca_certificates == pem.decode().strip()


def test_new_issuer_drops_the_endpoints_of_the_old_one(browser):
    add(browser)
    AuthorizationServer.objects.update(token_endpoint="https://id.lab.example/token")
    server = AuthorizationServer.objects.get()
    browser.post(
        reverse("oauthservers:edit_server", args=[server.public_id]),
        form(
            key="laboratory",
            issuer="https://other.example",
            token_endpoint="https://id.lab.example/token",
        ),
    )
    assert AuthorizationServer.objects.get().token_endpoint == ""


def test_server_in_use_is_not_deleted_and_its_users_are_named(
    browser, sandbox, servers, administrator
):
    grant_for(sandbox.generic, servers["generic"], administrator)
    address = reverse("oauthservers:delete_server", args=[servers["generic"].public_id])
    answer = browser.post(address, follow=True)
    assert "olga@lab.example" in answer.content.decode()
    assert AuthorizationServer.objects.filter(key="generic").exists()


def test_unused_server_is_deleted_together_with_ended_connections(
    browser, sandbox, servers, administrator
):
    vault.revoke(grant_for(sandbox.generic, servers["generic"], administrator))
    browser.post(reverse("oauthservers:delete_server", args=[servers["generic"].public_id]))
    assert not AuthorizationServer.objects.filter(key="generic").exists()
    assert not Grant.objects.exists()


def test_server_is_switched_off_and_on(browser, servers):
    address = reverse("oauthservers:switch_server", args=[servers["google"].public_id])
    browser.post(address, {"use": "0"})
    assert not AuthorizationServer.objects.get(key="google").is_enabled
    browser.post(address, {"use": "1"})
    assert AuthorizationServer.objects.get(key="google").is_enabled


def test_switched_off_server_gives_no_token_at_once_and_goes_on_with_the_same_connection(
    browser, sandbox, servers, administrator
):
    grant = grant_for(sandbox.generic, servers["generic"], administrator)
    token = vault.access_token(grant)
    address = reverse("oauthservers:switch_server", args=[servers["generic"].public_id])
    browser.post(address, {"use": "0"})
    with pytest.raises(AdministratorRequiredError) as refusal:
        vault.access_token(grant)
    assert refusal.value.code == "server_switched_off"
    grant.refresh_from_db()
    assert grant.state == Grant.State.ACTIVE
    browser.post(address, {"use": "1"})
    assert vault.access_token(grant) == token


def test_nobody_else_sees_or_changes_the_registry(servers, person):
    client = Client()
    client.force_login(person)
    server = servers["generic"].public_id
    for address in (
        reverse("oauthservers:servers"),
        reverse("oauthservers:choose_kind"),
        reverse("oauthservers:add_server", args=["google"]),
        reverse("oauthservers:server", args=[server]),
        reverse("oauthservers:edit_server", args=[server]),
    ):
        assert client.get(address).status_code == 403
    for name in ("test_server", "switch_server", "delete_server", "edit_server", "change_secrets"):
        assert client.post(reverse(f"oauthservers:{name}", args=[server])).status_code == 403
    assert AuthorizationServer.objects.count() == 3


def test_every_page_of_the_registry_opens(browser, servers):
    for address in (
        reverse("oauthservers:servers"),
        reverse("oauthservers:choose_kind"),
        *(
            reverse("oauthservers:add_server", args=[kind])
            for kind in ("microsoft", "google", "generic")
        ),
        *(reverse("oauthservers:server", args=[server.public_id]) for server in servers.values()),
        *(edit_address(server) for server in servers.values()),
    ):
        assert browser.get(address).status_code == 200
