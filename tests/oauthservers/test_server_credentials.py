"""Secrets side by side, certificates and service accounts, as an administrator enters them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from groupware.audit.models import AuditEvent
from groupware.users.models import User
from oauthservers.models import AuthorizationServer
from tests.oauthservers import registry
from tests.oauthservers.registry import CANARY, EXPIRES, add, file, page


@pytest.fixture
def browser(db):
    client = Client()
    client.force_login(User.objects.create_user("admin", is_system_administrator=True))
    return client


@pytest.fixture(scope="module")
def key():
    return registry.private_key()


def only_server():
    return AuthorizationServer.objects.get()


def change(browser, **changes):
    server = only_server()
    values = registry.opened(browser, server) | changes
    values = {name: value for name, value in values.items() if value is not None}
    return browser.post(registry.edit_address(server), values)


# -- secrets ------------------------------------------------------------------------------------------


def test_microsoft_secret_needs_its_last_day_or_the_word_that_nobody_knows_it(browser):
    answer = add(browser, "microsoft", client_secret_expires_on=None)
    assert answer.status_code == 422
    assert "Give the day on which the secret expires" in answer.content.decode()
    assert not AuthorizationServer.objects.exists()
    add(browser, "microsoft", client_secret_expires_on=None, client_secret_expiry_unknown="on")
    assert only_server().client_secret_expires_on is None
    assert "Expiry date not known" in page(browser, only_server())


def test_secret_that_has_expired_already_is_refused(browser):
    answer = add(browser, "microsoft", client_secret_expires_on="2020-01-01")
    assert "This secret has expired" in answer.content.decode()
    assert not AuthorizationServer.objects.exists()


@pytest.mark.parametrize(
    ("days", "word"),
    [(0, "Expires today"), (1, "Expires in 1 day"), (12, "Expires in 12 days"), (300, "Valid")],
)
def test_settings_page_says_how_long_a_secret_lasts(browser, days, word):
    last = timezone.localdate() + timedelta(days=days)
    add(browser, "microsoft", client_secret_expires_on=last.isoformat())
    assert word in page(browser, only_server())


def test_secret_that_ran_out_stands_first_on_its_page(browser):
    add(browser, "microsoft")
    AuthorizationServer.objects.update(
        client_secret_expires_on=timezone.localdate() - timedelta(days=1)
    )
    text = page(browser, only_server())
    assert "Client secret: Expired" in text
    assert "all mailboxes of this server stop at once" in text


def test_two_secrets_stand_side_by_side_and_change_places(browser):
    add(
        browser,
        "microsoft",
        fallback_client_secret="the-old-one",
        fallback_client_secret_expires_on="2030-01-01",
    )
    server = only_server()
    assert (server.client_secret, server.fallback_client_secret) == (CANARY, "the-old-one")
    address = reverse("oauthservers:change_secrets", args=[server.public_id])
    browser.post(address, {"act": "promote"})
    server = only_server()
    assert (server.client_secret, server.fallback_client_secret) == ("the-old-one", CANARY)
    assert server.client_secret_expires_on == date(2030, 1, 1)
    assert server.fallback_client_secret_expires_on == date.fromisoformat(EXPIRES)
    browser.post(address, {"act": "remove"})
    server = only_server()
    assert (server.client_secret, server.fallback_client_secret) == ("the-old-one", "")
    assert server.fallback_client_secret_expires_on is None


def test_removing_a_second_secret_that_is_not_there_changes_nothing(browser):
    add(browser, "microsoft")
    address = reverse("oauthservers:change_secrets", args=[only_server().public_id])
    answer = browser.post(address, {"act": "promote"}, follow=True)
    assert "There is no second secret any more" in answer.content.decode()
    assert only_server().client_secret == CANARY


def test_no_page_and_no_audit_event_shows_a_secret(browser, key):
    add(
        browser,
        "microsoft",
        fallback_client_secret="canary-second",
        client_secret_expires_on=EXPIRES,
    )
    add(
        browser,
        "microsoft",
        name="Other",
        fallback_client_secret="canary-second",
        fallback_client_secret_expires_on=EXPIRES,
        client_certificate_file=file(registry.certificate_of(key) + registry.pem_of(key)),
    )
    server = only_server()
    shown = page(browser, server) + browser.get(registry.edit_address(server)).content.decode()
    shown += str(list(AuditEvent.objects.values()))
    for secret in (CANARY, "canary-second", "PRIVATE KEY"):
        assert secret not in shown


def test_microsoft_without_a_secret_is_a_client_that_signs_in_by_code(browser):
    without = {"client_secret": None, "client_secret_expires_on": None}
    answer = add(browser, "microsoft", **without)
    assert "Give the client secret, or upload a certificate" in answer.content.decode()
    assert add(browser, "microsoft", offers_device_code="on", **without).status_code == 302
    text = page(browser, only_server())
    assert "the server knows us by the client ID alone" in text
    assert "https://login.example/contoso.example/v2.0/adminconsent?" in text


# -- certificate --------------------------------------------------------------------------------------


def test_certificate_and_key_are_kept_with_their_last_day(browser, key):
    certificate = registry.certificate_of(key, days=200)
    add(
        browser,
        "microsoft",
        client_secret=None,
        client_secret_expires_on=None,
        client_certificate_file=file(certificate),
        client_private_key_file=file(registry.pem_of(key)),
    )
    server = only_server()
    assert server.client_certificate == certificate.strip()
    assert "PRIVATE KEY" in server.client_private_key
    assert abs((server.client_certificate_expires_on - timezone.localdate()).days - 200) <= 1
    assert "Client certificate" in page(browser, server)


def test_certificate_can_be_taken_away_again(browser, key):
    pair = registry.certificate_of(key) + registry.pem_of(key)
    add(browser, "microsoft", client_certificate_file=file(pair))
    assert only_server().client_certificate
    assert change(browser, removes_certificate="on").status_code == 302
    server = only_server()
    assert (server.client_certificate, server.client_private_key) == ("", "")
    assert server.client_certificate_expires_on is None


def _mistakes():
    key, other = registry.private_key(), registry.private_key()
    good = registry.certificate_of(key)
    return {
        "no certificate": (
            "hello",
            registry.pem_of(key),
            "begins with -----BEGIN CERTIFICATE-----",
        ),
        "no key": (good, "", "private key of the certificate is missing"),
        "key of another": (good, registry.pem_of(other), "belongs to another certificate"),
        "key with a password": (good, registry.pem_of(key, b"x"), "openssl pkey"),
        "expired": (registry.certificate_of(key, days=-2), registry.pem_of(key), "expired on"),
        "short": _short(),
    }


def _short():
    key = registry.private_key(1024)
    return registry.certificate_of(key), registry.pem_of(key), "at least 2048 bits"


@pytest.mark.parametrize(
    "mistake",
    ["no certificate", "no key", "key of another", "key with a password", "expired", "short"],
)
def test_wrong_certificate_is_refused_with_the_reason_and_nothing_is_saved(browser, mistake):
    certificate, private, reason = _mistakes()[mistake]
    files = {"client_certificate_file": file(certificate)}
    if private:
        files["client_private_key_file"] = file(private)
    answer = add(browser, "microsoft", **files)
    assert answer.status_code == 422
    assert reason in answer.content.decode()
    assert "BEGIN PRIVATE KEY" not in answer.content.decode().replace(
        "-----BEGIN PRIVATE KEY-----.", ""
    )
    assert not AuthorizationServer.objects.exists()


def test_file_that_is_no_text_is_refused_with_a_way_out(browser):
    answer = add(browser, "microsoft", client_certificate_file=file(b"\x30\x82\xff\xfe"))
    assert "openssl pkcs12" in answer.content.decode()


# -- service account ----------------------------------------------------------------------------------


def test_service_account_brings_its_client_id(browser, key):
    account = registry.service_account(key)
    answer = add(
        browser,
        "google",
        access="application",
        client_id=None,
        client_secret=None,
        service_account_file=file(account, "key.json"),
    )
    assert answer.status_code == 302
    server = only_server()
    assert server.client_id == "115500000000000000000"
    assert server.service_account_key == account
    assert "private_key" not in page(browser, server)


WRONG_ACCOUNTS = {
    "no JSON": (lambda key: "hello", "This is not a JSON key"),
    "a client's file": (lambda key: '{"web": {"client_id": "x"}}', "file of an OAuth client"),
    "another type": (
        lambda key: registry.service_account(key, type="authorized_user"),
        "“type” must be “service_account”",
    ),
    "no address": (
        lambda key: registry.service_account(key, client_email=None),
        "“client_email” is missing",
    ),
    "plain http": (
        lambda key: registry.service_account(key, token_uri="http://x.example/token"),
        "“token_uri” must start with https://",
    ),
    "broken key": (
        lambda key: registry.service_account(key, private_key="-----BEGIN PRIVATE KEY-----"),
        "“private_key” cannot be used",
    ),
}


@pytest.mark.parametrize("mistake", WRONG_ACCOUNTS)
def test_wrong_service_account_is_refused_field_by_field(browser, key, mistake):
    make, reason = WRONG_ACCOUNTS[mistake]
    answer = add(
        browser, "google", access="application", service_account_file=file(make(key), "key.json")
    )
    assert reason in answer.content.decode()
    assert not AuthorizationServer.objects.exists()


def test_application_access_at_google_needs_a_service_account(browser):
    answer = add(browser, "google", access="application")
    assert "needs the key of a service account" in answer.content.decode()
