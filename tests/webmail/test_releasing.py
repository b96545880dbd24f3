"""Connections that nobody needs any more are given up here at once, and at their server as soon as it answers."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models.signals import pre_save
from django.utils import timezone

from groupware.audit.models import AuditEvent
from groupware.encryption import Sealed
from groupware.users.models import User
from oauthservers import revoking, vault
from oauthservers import tasks as oauth_tasks
from oauthservers.models import AuthorizationServer, Grant, PendingRevocation
from oauthservers.providers.base import Identity, TokenResponse
from tests.factories.webmail import GrantFactory, MailAccountFactory, MailServerFactory
from webmail import releasing, removal
from webmail.models import MailAccount

OLGA = "olga@lab.example"
OAUTH2 = MailAccount.ReceiveAuthentication.OAUTH2


@pytest.fixture
def realm(empty_sandbox):
    realm = empty_sandbox.generic
    realm.reset()
    yield realm
    realm.reset()


@pytest.fixture
def server(db, realm, empty_sandbox) -> AuthorizationServer:
    server = AuthorizationServer(
        key="lab",
        name="Lab",
        provider="generic",
        client_id=realm.client_id,
        issuer=realm.issuer,
        ca_certificates=empty_sandbox.ca_file.read_text(),
    )
    server.scopes_imap, server.scopes_pop3, server.scopes_smtp = realm.mail_scopes
    server.set_client_secret(realm.client_secret)
    server.save()
    return server


@pytest.fixture
def olga(db) -> User:
    return User.objects.create_user("olga")


@pytest.fixture
def grant(realm, server, olga) -> Grant:
    issued = realm.issue(OLGA, [*realm.mail_scopes, "openid", "offline_access"])
    return vault.keep(
        server=server,
        user=olga,
        mailbox_address=OLGA,
        identity=Identity(realm.issuer, issued.subject, (OLGA,)),
        tokens=TokenResponse(issued.access_token, issued.refresh_token or "", expires_in=3600),
        scopes=" ".join(realm.mail_scopes),
        asked_at=timezone.now(),
    )


@pytest.fixture
def account(grant, server) -> MailAccount:
    return using(grant, server)


def using(grant: Grant, server: AuthorizationServer, **values) -> MailAccount:
    incoming = MailServerFactory(authorization_server=server)
    return MailAccountFactory(
        owner=grant.created_by,
        incoming_server=incoming,
        receive_authentication=OAUTH2,
        receive_grant=grant,
        **values,
    )


def state(grant: Grant) -> str:
    return Grant.objects.get(pk=grant.pk).state


def test_removing_an_account_gives_its_connection_up_here_and_at_the_server(realm, grant, account):
    removal.begin(account)
    assert state(grant) == Grant.State.REVOKED
    assert Grant.objects.get(pk=grant.pk).refresh_token == ""
    oauth_tasks.tell_servers()
    assert realm.counters()["revoke"] == 1
    assert not PendingRevocation.objects.exists()
    assert AuditEvent.objects.filter(name="oauthservers.grant.revoked_at_server").count() == 1
    event = AuditEvent.objects.get(name="oauthservers.grant.disconnected")
    assert event.details == {"reason": "account deleted"}


def test_a_connection_that_another_account_uses_stays(grant, account, server):
    using(grant, server, address="support@lab.example")
    removal.begin(account)
    assert state(grant) == Grant.State.ACTIVE


def test_a_server_that_is_away_holds_nothing_up_and_is_told_later(realm, grant, account):
    realm.fault("page", endpoint="revoke", status=503, times=50)
    removal.begin(account)
    oauth_tasks.tell_servers()
    row = PendingRevocation.objects.get()
    assert row.attempts == 1 and row.next_attempt_at > timezone.now()
    assert "olga" in row.mailbox_address and state(grant) == Grant.State.REVOKED
    realm.clear_faults()
    assert revoking.tell_servers() == 0
    PendingRevocation.objects.update(next_attempt_at=timezone.now())
    assert revoking.tell_servers() == 1
    assert not PendingRevocation.objects.exists()


def test_after_a_week_a_server_is_asked_no_more(realm, grant, account):
    realm.fault("page", endpoint="revoke", status=503, times=50)
    removal.begin(account)
    PendingRevocation.objects.update(created_at=timezone.now() - timedelta(days=8))
    revoking.tell_servers()
    assert not PendingRevocation.objects.exists()
    assert AuditEvent.objects.filter(name="oauthservers.grant.revocation_given_up").exists()


def test_disconnecting_while_the_server_is_away_is_told_later_too(realm, grant):
    realm.fault("page", endpoint="revoke", status=503, times=50)
    assert vault.revoke(grant) is False
    realm.clear_faults()
    assert revoking.tell_servers() == 1


def test_who_may_not_sign_in_any_more_loses_the_connections(olga, grant, account):
    assert releasing.release_unused() == 0
    User.objects.filter(pk=olga.pk).update(is_active=False)
    assert releasing.release_unused() == 1
    assert state(grant) == Grant.State.REVOKED
    assert releasing.release_unused() == 0


def test_a_delegates_connection_goes_on_for_the_shared_account(olga, grant, account, server):
    using(grant, server, address="support@lab.example")
    MailAccount.objects.filter(address="support@lab.example").update(
        kind=MailAccount.Kind.SHARED, owner=None
    )
    User.objects.filter(pk=olga.pk).update(is_active=False)
    assert releasing.release_unused() == 0


def test_deleting_a_person_gives_the_connections_up(realm, olga, grant, account):
    olga.delete()
    assert state(grant) == Grant.State.REVOKED
    assert revoking.tell_servers() == 1


@pytest.mark.parametrize("others_state", ["active", "revoked"])
def test_deleting_a_person_leaves_one_connection_of_nobody(olga, grant, server, others_state):
    shared = {"kind": MailAccount.Kind.SHARED, "owner": None, "authorized_as": OLGA}
    _first, second = (using(grant, server, address=f"{name}@lab.example") for name in ("a", "b"))
    other = GrantFactory(
        server=server, created_by=None, mailbox_address=OLGA.upper(), state=others_state
    )
    MailAccount.objects.update(**shared)
    MailAccount.objects.filter(pk=second.pk).update(receive_grant=other)
    olga.delete()
    left = Grant.objects.get()
    assert (left.created_by, left.state) == (None, Grant.State.ACTIVE)
    assert left == (other if others_state == "active" else grant)
    assert set(MailAccount.objects.values_list("receive_grant", flat=True)) == {left.pk}


def test_an_account_that_was_switched_off_keeps_its_connection_for_a_day(grant, account):
    MailAccount.objects.update(is_enabled=False)
    Grant.objects.update(last_used_at=timezone.now())
    assert releasing.release_unused() == 0
    Grant.objects.update(last_used_at=timezone.now() - timedelta(hours=25))
    assert releasing.release_unused() == 1


def test_a_connection_that_is_bound_to_nothing_yet_stays(grant):
    Grant.objects.update(last_used_at=timezone.now() - timedelta(days=2))
    assert releasing.release_unused() == 0


def test_the_server_is_not_told_while_the_same_consent_serves_another_connection(
    realm, grant, account, server
):
    issued = realm.issue(OLGA, [*realm.mail_scopes])
    other = vault.keep(
        server=server,
        user=None,
        mailbox_address=OLGA,
        identity=Identity(realm.issuer, issued.subject, (OLGA,)),
        tokens=TokenResponse(issued.access_token, issued.refresh_token or "", expires_in=3600),
        scopes=" ".join(realm.mail_scopes),
        asked_at=timezone.now(),
    )
    removal.begin(account)
    assert not PendingRevocation.objects.exists() and state(other) == Grant.State.ACTIVE


def test_nothing_is_erased_without_the_note_for_the_server(grant):
    def crash(**_) -> None:
        raise ZeroDivisionError

    pre_save.connect(crash, sender=PendingRevocation)
    try:
        with pytest.raises(ZeroDivisionError):
            revoking.release(grant, "crash")
    finally:
        pre_save.disconnect(crash, sender=PendingRevocation)
    assert state(grant) == Grant.State.ACTIVE
    assert Grant.objects.get().refresh_token == grant.refresh_token


def test_disconnecting_ends_no_other_connection_on_the_same_consent(realm, grant, server):
    issued = realm.issue(OLGA, [*realm.mail_scopes])
    other = vault.keep(
        server=server,
        user=None,
        mailbox_address=OLGA,
        identity=Identity(realm.issuer, grant.subject, (OLGA,)),
        tokens=TokenResponse(issued.access_token, issued.refresh_token or "", expires_in=3600),
        scopes=" ".join(realm.mail_scopes),
        asked_at=timezone.now(),
    )
    assert vault.revoke(grant) is False
    assert "revoke" not in realm.counters() and state(other) == Grant.State.ACTIVE
    assert vault.revoke(other) is True
    assert realm.counters()["revoke"] == 1


def test_a_token_whose_key_is_missing_keeps_no_other_waiting(realm, grant, account):
    PendingRevocation.objects.create(
        server=grant.server, mailbox_address=OLGA, refresh_token=Sealed("v1:gone:AAAA:AAAA")
    )
    removal.begin(account)
    assert revoking.tell_servers() == 1
    assert PendingRevocation.objects.get().attempts == 1


# -- manage.py revoke_grants -----------------------------------------------------------------------


def revoke_grants(*arguments: str, answer: str = "") -> str:
    output = StringIO()
    call_command("revoke_grants", *arguments, stdout=output, stdin=StringIO(answer))
    return output.getvalue()


def test_the_command_shows_what_it_would_do(grant, account):
    assert OLGA in revoke_grants("--all", "--dry-run")
    assert state(grant) == Grant.State.ACTIVE


def test_the_command_asks_and_takes_anything_but_yes_for_no(grant, account):
    with pytest.raises(CommandError):
        revoke_grants("--all", answer="no\n")
    assert state(grant) == Grant.State.ACTIVE


@pytest.mark.parametrize(
    "filters", [["--user", "olga"], ["--server", "lab"], ["--account", OLGA], ["--all"]]
)
def test_the_command_ends_what_it_was_given(grant, account, filters):
    MailAccount.objects.update(address=OLGA)
    output = revoke_grants(*filters, answer="yes\n")
    assert state(grant) == Grant.State.REVOKED
    assert not PendingRevocation.objects.exists() and "1" in output
    event = AuditEvent.objects.get(name="oauthservers.grant.disconnected")
    assert event.details == {"reason": "revoke_grants"}


@pytest.mark.parametrize(
    "filters", [[], ["--user", "nobody"], ["--server", "none"], ["--account", "x@y.example"]]
)
def test_the_command_needs_something_that_exists(grant, filters):
    with pytest.raises(CommandError):
        revoke_grants(*filters, answer="yes\n")
    assert state(grant) == Grant.State.ACTIVE
