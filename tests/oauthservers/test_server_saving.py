"""Saving a server: two people at once, what is left alone, what the audit log keeps, what the page then says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from groupware.audit.models import AuditEvent
from oauthservers.manage.usage import usage_of
from oauthservers.models import AuthorizationServer
from oauthservers.models.revocation import PendingRevocation
from tests.factories import webmail as make
from tests.oauthservers import registry
from tests.oauthservers.registry import add, change, only_server, page, signed_in


@pytest.fixture
def browser(db):
    return signed_in("admin")


def test_saving_returns_to_the_settings_page(browser):
    add(browser)
    answer = change(browser, name="Renamed")
    assert answer["Location"] == reverse("oauthservers:server", args=[only_server().public_id])
    assert "Renamed" in page(browser, only_server())


def test_unchanged_form_writes_nothing(browser):
    add(browser, "microsoft")
    before = only_server()
    events = AuditEvent.objects.count()
    assert change(browser).status_code == 302
    assert only_server().updated_at == before.updated_at
    assert AuditEvent.objects.count() == events


def test_second_of_two_people_is_told_and_nothing_is_lost(browser):
    add(browser, name="Before")
    other = signed_in("other")
    mine, theirs = (registry.opened(client, only_server()) for client in (browser, other))
    change(other, theirs, name="Theirs", client_id="their-client")
    answer = change(browser, mine, name="Mine", scopes_imap="mail")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "other has changed this server meanwhile" in text
    assert "saved by the other person as “Theirs”" in text
    assert only_server().name == "Theirs"
    again = {
        field.html_name: "on" if field.value() is True else field.value()
        for field in answer.context["form"]
        if field.value() not in (None, False, "")
    }
    assert change(browser, again).status_code == 302
    server = only_server()
    assert (server.name, server.client_id, server.scopes_imap) == ("Mine", "their-client", "mail")


def test_saving_leaves_faults_and_what_was_discovered_meanwhile(browser):
    add(browser)
    values = registry.opened(browser, only_server())
    AuthorizationServer.objects.update(
        outage_since=timezone.now(), outage_code="timeout", connection_state="connected"
    )
    change(browser, values, name="Renamed")
    server = only_server()
    assert (server.name, server.outage_code, server.connection_state) == (
        "Renamed",
        "timeout",
        "connected",
    )


def test_new_address_makes_the_old_test_worthless(browser):
    add(browser)
    AuthorizationServer.objects.update(connection_state="connected")
    later = timezone.now() + timedelta(hours=1)
    AuthorizationServer.objects.update(outage_since=timezone.now(), outage_probe_at=later)
    change(browser, issuer="https://new.lab.example")
    server = only_server()
    assert server.connection_state == "not_tested"
    assert server.outage_probe_at < later  # whoever waits for the outage to end asks again now


def test_audit_log_keeps_old_and_new_value_and_masks_secrets(browser):
    add(browser, name="Before")
    change(browser, name="After", client_secret="canary-new", verify_name=None)
    event = AuditEvent.objects.filter(name="oauthservers.server.changed").get()
    assert event.details["changes"]["name"] == ["Before", "After"]
    assert event.details["changes"]["verify_name"] == [True, False]
    assert "client_secret" in event.details["changes"]
    assert "canary" not in str(event.details)
    text = browser.get(reverse("audit:events")).content.decode()
    assert "<del>Before</del> → <ins>After</ins>" in text


# -- the settings page --------------------------------------------------------------------------------


def test_verification_that_is_switched_off_is_shown_in_red(browser):
    add(browser, verify_certificate=None)
    assert "The certificate of this server is not verified." in page(browser, only_server())
    listed = browser.get(reverse("oauthservers:servers")).content.decode()
    assert "Certificate not verified" in listed


def test_switching_off_says_that_connections_are_kept(browser):
    add(browser)
    address = reverse("oauthservers:switch_server", args=[only_server().public_id])
    answer = browser.post(address, {"use": "0", "back": "server"}, follow=True)
    text = answer.content.decode()
    assert "Its connections are kept and go on when it is switched on." in text
    assert "This server is switched off." in text
    assert answer.redirect_chain[-1][0] == reverse(
        "oauthservers:server", args=[only_server().public_id]
    )


def test_outage_and_testing_status_are_told_in_words(browser):
    add(browser, "google", publishing="testing")
    AuthorizationServer.objects.update(outage_since=timezone.now(), outage_code="timeout")
    text = page(browser, only_server())
    assert "The consent screen is in testing." in text
    assert "nobody has to sign in again" in text


def test_usage_counts_accounts_and_tells_servers_of_one_account_apart(browser):
    add(browser)
    server = only_server()
    shared = make.MailServerFactory(name="Office IMAP", authorization_server=server)
    alone = make.MailServerFactory(
        name="Alone", protocol="smtp", authorization_server=server, is_individual=True
    )
    make.MailAccountFactory(incoming_server=shared, outgoing_server=alone)
    make.MailAccountFactory(incoming_server=shared, outgoing_server=None)
    make.MailAccountFactory(outgoing_server=alone)
    usage = usage_of(server)
    assert (usage.accounts, usage.individual) == (3, 1)
    assert [str(row) for row in usage.mail_servers] == ["Office IMAP"]
    text = page(browser, server)
    assert "and 1 that was typed in for one account" in text
    assert reverse("webmail:manage_server", args=[alone.public_id]) not in text


def test_server_that_has_not_been_told_of_a_revocation_stays(browser):
    add(browser)
    server = only_server()
    PendingRevocation.objects.create(
        server=server, mailbox_address="alice@contoso.example", refresh_token="canary"
    )
    address = reverse("oauthservers:delete_server", args=[server.public_id])
    answer = browser.post(address, follow=True)
    assert "1 revocation that it has not been told yet" in answer.content.decode()
    assert PendingRevocation.objects.exists()
