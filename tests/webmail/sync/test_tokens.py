"""Receiving and sending with access tokens that real authorization servers issue and real mail servers introspect."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from oauthservers.models import AuthorizationServer, Grant
from tests.factories.webmail import PersonFactory
from tests.oauthservers.conftest import grant_for, outdate
from tests.sandbox import Sandbox
from tests.webmail.conftest import MailWorld, receive, subjects
from tests.webmail.outbox.test_delivery import delivered, queued
from webmail import sync
from webmail.models import MailAccount, OutgoingMessage
from webmail.sync import Outcome

Health = MailAccount.Health
OLGA = "olga@lab.example"


@pytest.fixture
def world(db: None, empty_sandbox: Sandbox) -> Iterator[MailWorld]:
    """The mailbox of somebody who signs in at an authorization server."""
    world = MailWorld(empty_sandbox, OLGA)
    world.wipe()
    empty_sandbox.generic.reset()
    yield world
    empty_sandbox.generic.change_secret(empty_sandbox.generic.client_secret)


@pytest.fixture
def server(world: MailWorld) -> AuthorizationServer:
    realm = world.sandbox.generic
    server = AuthorizationServer(
        key=realm.key,
        name="Lab",
        provider=realm.key,
        client_id=realm.client_id,
        issuer=realm.issuer,
        ca_certificates=world.sandbox.ca_file.read_text(),
    )
    server.scopes_imap, server.scopes_pop3, server.scopes_smtp = realm.mail_scopes
    server.set_client_secret(realm.client_secret)
    server.save()
    return server


@pytest.fixture
def grant(world: MailWorld, server: AuthorizationServer) -> Grant:
    return grant_for(world.sandbox.generic, server, PersonFactory(), address=OLGA, life=3600)


def authorized(world: MailWorld, grant: Grant, protocol: str = "imap", **values) -> MailAccount:
    return world.account(
        protocol,
        owner=grant.created_by,
        receive_authentication=MailAccount.ReceiveAuthentication.OAUTH2,
        receive_password="",
        receive_grant=grant,
        **values,
    )


def requests(world: MailWorld) -> int:
    return len(world.sandbox.generic.token_requests("refresh_token"))


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_mail_is_received_and_sent_with_one_grant(
    world: MailWorld, grant: Grant, protocol: str
) -> None:
    world.deliver("One")
    account = authorized(world, grant, protocol)
    assert receive(account) == Outcome.DONE
    assert subjects(account) == ["One"]
    assert delivered(queued(account, to=OLGA)).state == OutgoingMessage.State.SENT
    receive(account)
    assert sorted(subjects(account)) == ["One", "Plan"]


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_a_refused_token_is_replaced_once_and_the_mail_arrives(
    world: MailWorld, grant: Grant, protocol: str
) -> None:
    world.deliver("One")
    account = authorized(world, grant, protocol)
    world.sandbox.generic.expire_access_tokens(OLGA)  # the server knows, our row does not
    assert receive(account) == Outcome.DONE
    assert subjects(account) == ["One"]
    assert requests(world) == 1


def test_sending_replaces_a_refused_token_once(world: MailWorld, grant: Grant) -> None:
    account = authorized(world, grant)
    world.sandbox.generic.expire_access_tokens(OLGA)
    assert delivered(queued(account, to=OLGA)).state == OutgoingMessage.State.SENT
    assert requests(world) == 1


def test_a_fresh_token_that_is_refused_asks_nobody_for_another_consent_and_is_tried_seldom(
    world: MailWorld, grant: Grant
) -> None:
    account = authorized(world, grant, receive_username="kenji@lab.example")
    assert receive(account) == Outcome.FAILED
    assert account.receive_health == Health.ADMINISTRATOR_REQUIRED
    assert account.receive_error_code == "fresh_token_refused"
    assert account.next_sync_at > timezone.now() + timedelta(hours=2)
    assert requests(world) == 1
    grant.refresh_from_db()
    assert grant.state == Grant.State.ACTIVE


def test_a_dead_grant_stops_the_polling_until_it_is_given_again(
    world: MailWorld, server: AuthorizationServer, grant: Grant
) -> None:
    world.deliver("One")
    account = authorized(world, grant)
    world.sandbox.generic.revoke(OLGA)
    outdate(grant)
    assert receive(account) == Outcome.FAILED
    assert (account.receive_health, account.receive_error_code) == (
        Health.OWNER_REQUIRED,
        "invalid_grant",
    )
    asked = requests(world)
    MailAccount.objects.update(next_sync_at=timezone.now())
    assert sync.claim_due() == []
    assert sync.push(account.pk) == Outcome.SKIPPED
    outgoing = delivered(queued(account, to=OLGA))
    assert outgoing.state == OutgoingMessage.State.QUEUED
    assert requests(world) == asked

    grant_for(world.sandbox.generic, server, grant.created_by, address=OLGA, life=3600)
    assert sync.claim_due() == [account.pk]
    assert receive(account) == Outcome.DONE
    assert subjects(account) == ["One"] and account.receive_health == Health.WORKING


def test_a_fault_of_the_registration_is_no_matter_of_the_owner(
    world: MailWorld, grant: Grant
) -> None:
    account = authorized(world, grant)
    world.sandbox.generic.change_secret("another secret of the server")
    outdate(grant)
    receive(account)
    assert account.receive_health == Health.ADMINISTRATOR_REQUIRED
    assert account.next_sync_at > timezone.now()


def test_an_outage_of_the_authorization_server_is_temporary(world: MailWorld, grant: Grant) -> None:
    account = authorized(world, grant)
    outdate(grant)
    world.sandbox.generic.fault("page", status=503, times=5)
    receive(account)
    assert account.receive_health == Health.RETRYING
    world.sandbox.generic.clear_faults()
    Grant.objects.update(next_attempt_at=None)
    assert receive(account) == Outcome.DONE


def test_an_account_without_a_grant_waits_for_its_owner(world: MailWorld) -> None:
    account = world.account(receive_authentication=MailAccount.ReceiveAuthentication.OAUTH2)
    receive(account)
    assert (account.receive_health, account.receive_error_code) == (
        Health.OWNER_REQUIRED,
        "not_authorized",
    )


@pytest.mark.parametrize("chosen", ["automatic", "append"])
def test_a_copy_that_the_provider_files_is_there_once(
    empty_sandbox: Sandbox, db: None, chosen: str
) -> None:
    alice = "alice@contoso.example"
    world, realm = MailWorld(empty_sandbox, alice), empty_sandbox.microsoft
    world.wipe()
    server = AuthorizationServer(
        key="contoso", name="Contoso", provider="microsoft", client_id=realm.client_id
    )
    server.endpoint, server.ca_certificates = realm.endpoint, world.sandbox.ca_file.read_text()
    server.set_client_secret(realm.client_secret)
    server.save()
    grant = grant_for(realm, server, PersonFactory(), address=alice, life=3600)
    account = authorized(world, grant, sent_copy=chosen)
    receive(account)
    assert delivered(queued(account, to="maria@contoso.example")).state == "sent"
    sync.push(account.pk)
    receive(account)
    receive(account)
    sent = [folder for folder in ("Sent", "Sent Items") if world.on_server(folder)]
    assert len(sent) == 1 and list(world.on_server(sent[0])) == ["Plan"]
    assert account.messages.filter(subject="Plan").count() == 1
