"""A second client secret while one is being changed, and a certificate in place of both."""

from __future__ import annotations

import pytest
from django.utils import timezone

from groupware.audit.models import AuditEvent
from oauthservers import vault
from oauthservers.errors import AdministratorRequiredError, ReauthorizationRequiredError
from oauthservers.models import AuthorizationServer, Grant
from oauthservers.providers import proofs
from tests.oauthservers.browsing import connect
from tests.oauthservers.conftest import MAILBOX, grant_for, outdate


@pytest.fixture(params=["microsoft", "google", "generic"])
def kind(request):
    return request.param


@pytest.fixture
def realm(sandbox, kind):
    return getattr(sandbox, kind)


@pytest.fixture(autouse=True)
def nothing_remembered():
    """What another test's process learned of the sandbox's secrets."""
    proofs._accepted.clear()


@pytest.fixture
def grant(realm, servers, person, kind):
    return grant_for(realm, servers[kind], person)


def refreshes(realm):
    return [request["status"] for request in realm.token_requests("refresh_token")]


def with_secrets(server, first, second):
    server.set_client_secret(first)
    server.fallback_client_secret = second
    server.save()


def test_old_secret_serves_while_the_new_one_is_not_known_yet(realm, servers, grant, kind):
    with_secrets(servers[kind], "typed-but-not-active-yet", realm.client_secret)
    outdate(grant)
    assert vault.access_token(grant)
    assert [status == 200 for status in refreshes(realm)] == [False, True]
    assert AuthorizationServer.objects.get(pk=servers[kind].pk).fault_code == ""
    assert not AuditEvent.objects.filter(name="oauthservers.server.fault_found").exists()


def test_refused_secret_is_not_tried_at_every_refresh(realm, servers, grant, kind):
    with_secrets(servers[kind], "expired-long-ago", realm.client_secret)
    for _ in range(3):
        outdate(grant)
        vault.access_token(grant)
    assert [status == 200 for status in refreshes(realm)] == [False, True, True, True]


def test_first_secret_gets_its_chance_again_after_a_while(realm, servers, grant, kind, monkeypatch):
    new = realm.add_secret()
    with_secrets(servers[kind], "not-yet", realm.client_secret)
    outdate(grant)
    vault.access_token(grant)
    with_secrets(servers[kind], new, realm.client_secret)
    monkeypatch.setattr(proofs, "REMEMBERED_SECONDS", 0.0)
    realm.remove_secret(realm.client_secret)
    outdate(grant)
    assert vault.access_token(grant)
    assert refreshes(realm)[-1] == 200
    assert len(refreshes(realm)) == 3


def test_first_secret_that_is_good_is_the_only_one_used(realm, servers, grant, kind):
    with_secrets(servers[kind], realm.client_secret, "the-old-one")
    outdate(grant)
    vault.access_token(grant)
    assert refreshes(realm) == [200]


def test_two_bad_secrets_are_one_fault(realm, servers, grant, kind):
    with_secrets(servers[kind], "bad-one", "bad-two")
    outdate(grant)
    for _ in range(3):
        with pytest.raises(AdministratorRequiredError):
            vault.access_token(grant)
    assert len(refreshes(realm)) == 2
    assert AuditEvent.objects.filter(name="oauthservers.server.fault_found").count() == 1
    assert Grant.objects.get().state == Grant.State.ACTIVE


def test_expired_secret_is_told_and_entering_a_new_one_mends_it(realm, servers, grant, kind):
    new = realm.add_secret()
    realm.expire_secret(realm.client_secret)
    outdate(grant)
    with pytest.raises(AdministratorRequiredError) as refusal:
        vault.access_token(grant)
    if kind == "microsoft":
        assert refusal.value.code == "client_secret_expired"
    with_secrets(servers[kind], new, realm.client_secret)
    AuthorizationServer.objects.update(fault_probe_at=timezone.now())
    assert vault.access_token(grant)
    assert AuthorizationServer.objects.get(pk=servers[kind].pk).fault_code == ""


def test_ended_consent_is_told_by_the_secret_that_is_good(realm, servers, grant, kind):
    with_secrets(servers[kind], "bad", realm.client_secret)
    realm.revoke(grant.mailbox_address)
    outdate(grant)
    with pytest.raises(ReauthorizationRequiredError):
        vault.access_token(grant)


def test_code_is_redeemed_by_the_second_secret(browser, realm, servers, kind):
    with_secrets(servers[kind], "bad", realm.client_secret)
    connect(browser, realm, servers[kind], MAILBOX[kind])
    assert Grant.objects.get().state == Grant.State.ACTIVE


# -- certificates --------------------------------------------------------------------------------


@pytest.fixture
def certificate(realm, servers, kind):
    made = realm.add_certificate()
    server = servers[kind]
    server.set_client_secret("")
    server.client_certificate = made.certificate_pem
    server.client_private_key = made.private_key_pem
    server.save()
    return made


@pytest.mark.parametrize("kind", ["microsoft", "generic"], indirect=True)
def test_certificate_stands_in_for_the_secret(browser, realm, servers, certificate, kind):
    connect(browser, realm, servers[kind], MAILBOX[kind])
    grant = Grant.objects.get()
    outdate(grant)
    assert vault.access_token(grant) != grant.access_token


@pytest.mark.parametrize("kind", ["microsoft", "generic"], indirect=True)
def test_secret_serves_when_the_certificate_is_not_known(realm, servers, grant, certificate, kind):
    realm.remove_certificate(certificate)
    servers[kind].set_client_secret(realm.client_secret)
    servers[kind].save()
    outdate(grant)
    assert vault.access_token(grant)


@pytest.mark.parametrize("broken", ["client_certificate", "client_private_key"])
@pytest.mark.parametrize("kind", ["microsoft", "generic"], indirect=True)
def test_certificate_that_cannot_be_read_is_told(servers, grant, certificate, kind, broken):
    setattr(servers[kind], broken, "-----BEGIN NOTHING-----")
    servers[kind].save()
    outdate(grant)
    with pytest.raises(AdministratorRequiredError) as refusal:
        vault.access_token(grant)
    assert refusal.value.code == "client_certificate_invalid"
