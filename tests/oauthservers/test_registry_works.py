"""What an administrator types into the registry is what the authorization servers accept."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from groupware.users.models import User
from oauthservers import vault
from oauthservers.errors import OAuthError
from oauthservers.flows import application
from oauthservers.models import AuthorizationServer, Grant
from tests.journeys.town import eventually
from tests.oauthservers import registry
from tests.oauthservers.conftest import grant_for, outdate
from tests.oauthservers.registry import add, file, page


@pytest.fixture
def administrator(db):
    return User.objects.create_user("admin", is_system_administrator=True)


@pytest.fixture
def browser(administrator):
    client = Client()
    client.force_login(administrator)
    return client


def only_server():
    return AuthorizationServer.objects.get()


def change(browser, **changes):
    values = registry.opened(browser, only_server()) | changes
    return browser.post(registry.edit_address(only_server()), values)


def connected(server, mailbox, administrator):
    return application.connect(
        server=server, mailbox_address=mailbox, protocols=["imap", "smtp"], user=administrator
    )


def test_uploaded_certificate_opens_the_mailboxes_of_a_tenant(browser, sandbox, administrator):
    realm = sandbox.microsoft
    pair = realm.add_certificate()
    answer = add(
        browser,
        "microsoft",
        access="application",
        client_id=realm.client_id,
        client_secret=None,
        client_secret_expires_on=None,
        endpoint=realm.endpoint_of_tenant,
        client_certificate_file=file(pair.certificate_pem),
        client_private_key_file=file(pair.private_key_pem),
        ca_file=file(sandbox.ca_file.read_bytes(), "ca.pem"),
    )
    assert answer.status_code == 302
    grant = connected(only_server(), "alice@contoso.example", administrator)
    assert vault.access_token(grant)


def test_uploaded_service_account_opens_the_mailboxes_of_a_domain(browser, sandbox, administrator):
    realm = sandbox.google
    answer = add(
        browser,
        "google",
        access="application",
        client_id=None,
        client_secret=None,
        issuer=realm.issuer,
        token_endpoint=realm.token_endpoint,
        authorization_endpoint=realm.authorization_endpoint,
        scopes_application="https://mail.google.com/",
        service_account_file=file(json.dumps(realm.service_account()), "key.json"),
        ca_file=file(sandbox.ca_file.read_bytes(), "ca.pem"),
    )
    assert answer.status_code == 302
    grant = connected(only_server(), "haruka@example.jp", administrator)
    assert vault.access_token(grant)


def microsoft(browser, sandbox, **more):
    realm = sandbox.microsoft
    add(
        browser,
        "microsoft",
        client_id=realm.client_id,
        client_secret=realm.client_secret,
        endpoint=realm.endpoint,
        ca_file=file(sandbox.ca_file.read_bytes(), "ca.pem"),
        **more,
    )
    return only_server()


def test_expired_secret_is_one_fault_and_the_new_one_ends_it_without_anybody_signing_in(
    browser, sandbox, administrator
):
    realm = sandbox.microsoft
    grant = grant_for(realm, microsoft(browser, sandbox), administrator)
    outdate(grant)
    realm.expire_secret(realm.client_secret)
    with pytest.raises(OAuthError):
        vault.access_token(grant)
    assert only_server().fault_code
    assert change(browser, client_secret=realm.add_secret()).status_code == 302
    assert only_server().fault_code == ""
    assert vault.access_token(Grant.objects.get())
    assert Grant.objects.get().state == Grant.State.ACTIVE


def test_second_secret_serves_while_the_first_is_not_valid_yet(browser, sandbox, administrator):
    realm = sandbox.microsoft
    microsoft(
        browser,
        sandbox,
        fallback_client_secret=realm.client_secret,
        fallback_client_secret_expires_on=registry.EXPIRES,
    )
    change(browser, client_secret="typed-too-early")
    grant = grant_for(realm, only_server(), administrator)
    outdate(grant)
    assert vault.access_token(grant)
    assert only_server().fault_code == ""


def test_redirect_uri_of_the_pasted_way_is_shown_where_it_is_offered(browser):
    add(browser, "google")
    assert "127.0.0.1" not in page(browser, only_server())
    change(browser, offers_pasted_code="on")
    assert "http://127.0.0.1:1/" in page(browser, only_server())


def test_server_that_was_saved_is_tested_by_itself(workers, browser, sandbox):
    add(
        browser,
        "microsoft",
        client_id=sandbox.microsoft.client_id,
        client_secret=sandbox.microsoft.client_secret,
        endpoint=sandbox.microsoft.endpoint_of_tenant,
        ca_file=file(sandbox.ca_file.read_bytes(), "ca.pem"),
    )
    eventually(lambda: only_server().connection_state == "connected", "a test of the connection")
