"""Application access: mailboxes that open without their owners, by client credentials and by service accounts."""

from __future__ import annotations

import json
import ssl
from datetime import timedelta

import pytest
from django.utils import timezone

from groupware.audit.models import AuditEvent
from oauthservers import tasks, vault
from oauthservers.errors import AdministratorRequiredError, TemporaryOAuthError
from oauthservers.flows import application
from oauthservers.models import AuthorizationServer, Grant
from tests.oauthservers.conftest import MAILBOX, outdate
from tests.sandbox.test_mail_servers import imap_login

GRANT_TYPE = {
    "microsoft": "client_credentials",
    "google": "urn:ietf:params:oauth:grant-type:jwt-bearer",
}
Access = AuthorizationServer.Access


@pytest.fixture(params=["microsoft", "google"])
def kind(request):
    return request.param


@pytest.fixture
def realm(sandbox, kind):
    return getattr(sandbox, kind)


@pytest.fixture
def server(sandbox, servers, kind):
    server = servers[kind]
    server.access = Access.APPLICATION
    if kind == "microsoft":
        server.endpoint = sandbox.microsoft.endpoint_of_tenant
        server.scopes_application = "https://outlook.office365.com/.default"
    else:
        server.service_account_key = json.dumps(sandbox.google.service_account())
        server.scopes_application = "https://mail.google.com/"
    server.save()
    return server


def connected(server, person, address=""):
    return application.connect(
        server=server,
        mailbox_address=address or MAILBOX[server.provider],
        protocols=["imap", "smtp"],
        user=person,
    )


@pytest.fixture
def grant(server, person):
    return connected(server, person)


def requests(realm):
    return realm.token_requests(GRANT_TYPE[realm.key])


def test_mailbox_is_connected_by_nobody_and_opens(sandbox, person, grant, kind):
    assert (grant.access, grant.created_by) == (Grant.Access.APPLICATION, None)
    assert grant.refresh_token == ""
    assert grant.protocols == ["imap", "pop3", "smtp"]
    assert AuditEvent.objects.get(name="oauthservers.grant.kept").actor == person
    context = ssl.create_default_context(cafile=str(sandbox.ca_file))
    imap_login(sandbox, context, MAILBOX[kind], vault.access_token(grant)).logout()
    outdate(grant)
    token = vault.access_token(grant)
    assert token != grant.access_token
    imap_login(sandbox, context, MAILBOX[kind], token).logout()


def test_new_token_is_asked_for_without_a_refresh_token(realm, grant):
    assert vault.access_token(grant) == grant.access_token
    assert len(requests(realm)) == 1
    outdate(grant)
    vault.access_token(grant)
    vault.access_token(grant)
    assert len(requests(realm)) == 2
    assert realm.token_requests("refresh_token") == []
    assert Grant.objects.get().version == grant.version + 1


def test_connecting_again_renews_the_same_grant(server, person, grant):
    again = connected(server, person, MAILBOX[server.provider].upper())
    assert again.pk == grant.pk


def test_registration_at_fault_is_one_matter_and_mends_itself(sandbox, realm, server, grant, kind):
    def at_fault(is_so):
        if kind == "microsoft":
            realm.change_secret("another-secret-entirely" if is_so else realm.client_secret)
        else:
            realm.set(domain_wide_delegation=not is_so)

    at_fault(True)
    outdate(grant)
    for _ in range(3):
        with pytest.raises(AdministratorRequiredError):
            vault.access_token(grant)
    assert AuthorizationServer.objects.get(pk=server.pk).fault_code
    assert len(requests(realm)) == 2
    assert Grant.objects.get().state == Grant.State.ACTIVE
    at_fault(False)
    AuthorizationServer.objects.filter(pk=server.pk).update(fault_probe_at=timezone.now())
    assert vault.access_token(grant)
    assert AuthorizationServer.objects.get(pk=server.pk).fault_code == ""


def test_fault_at_connecting_is_told_and_stores_nothing(sandbox, realm, server, person, kind):
    if kind == "microsoft":
        realm.change_secret("another-secret-entirely")
    else:
        realm.set(domain_wide_delegation=False)
    with pytest.raises(AdministratorRequiredError):
        connected(server, person)
    assert not Grant.objects.exists()
    assert AuditEvent.objects.filter(name="oauthservers.authorization.failed").count() == 1


@pytest.mark.parametrize("kind", ["google"], indirect=True)
def test_mailbox_that_is_refused_is_no_fault_of_the_others(server, person, grant):
    with pytest.raises(AdministratorRequiredError) as refusal:
        connected(server, person, "nobody@example.jp")
    assert refusal.value.code == "mailbox_not_permitted"
    assert AuthorizationServer.objects.get(pk=server.pk).fault_code == ""
    outdate(grant)
    assert vault.access_token(grant)


@pytest.mark.parametrize("kind", ["google"], indirect=True)
def test_mailbox_refused_later_waits_for_the_administrator_and_comes_back(realm, grant):
    Grant.objects.update(mailbox_address="nobody@example.jp")
    outdate(grant)
    for _ in range(3):
        with pytest.raises(AdministratorRequiredError) as refusal:
            vault.access_token(grant)
        assert refusal.value.code == "mailbox_not_permitted"
    assert len(requests(realm)) == 2
    assert Grant.objects.get().state == Grant.State.ACTIVE
    Grant.objects.update(mailbox_address=MAILBOX["google"], next_attempt_at=timezone.now())
    assert vault.access_token(grant)
    assert Grant.objects.get().error_code == ""


def test_trouble_on_the_way_is_temporary(realm, grant):
    realm.fault("page")
    outdate(grant)
    for _ in range(2):
        with pytest.raises(TemporaryOAuthError):
            vault.access_token(grant)
    assert Grant.objects.get().failures == 1
    Grant.objects.update(next_attempt_at=timezone.now())
    assert vault.access_token(grant)


def test_sleeping_grant_is_not_woken_but_one_in_use_is_renewed_ahead(realm, grant):
    Grant.objects.update(refreshed_at=timezone.now() - timedelta(days=8))
    assert not tasks._idle().exists()
    outdate(grant)
    tasks.refresh_grant(grant.pk)
    assert Grant.objects.get().version == grant.version + 1


def test_ending_it_needs_no_server(realm, grant):
    assert not vault.revoke(grant)
    assert Grant.objects.get().access_token == ""


def test_server_without_application_access_is_refused(servers, person):
    with pytest.raises(AdministratorRequiredError) as refusal:
        connected(servers["microsoft"], person)
    assert refusal.value.code == "flow_not_offered"
    assert AuthorizationServer.objects.get(key="microsoft").fault_code == ""


@pytest.mark.parametrize("key", ["", "{", "[]", '{"type": "service_account"}', "null"])
@pytest.mark.parametrize("kind", ["google"], indirect=True)
def test_key_that_cannot_be_read_is_told(server, person, key):
    server.service_account_key = key
    server.save()
    with pytest.raises(AdministratorRequiredError) as refusal:
        connected(server, person)
    assert refusal.value.code == "service_account_key_invalid"


@pytest.mark.parametrize("kind", ["google"], indirect=True)
def test_key_file_does_not_decide_where_it_is_sent(server, sandbox, person):
    elsewhere = sandbox.google.service_account() | {"token_uri": "https://localhost:1/token"}
    server.service_account_key = json.dumps(elsewhere)
    server.save()
    assert connected(server, person)
