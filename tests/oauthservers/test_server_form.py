"""The form of the registry: presets, addresses, scopes, two people at once, and what the audit log keeps."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from groupware.audit.models import AuditEvent
from groupware.users.models import User
from oauthservers.manage.usage import usage_of
from oauthservers.models import AuthorizationServer
from oauthservers.models.revocation import PendingRevocation
from oauthservers.providers.presets import PRESETS_BY_KEY
from tests.factories import webmail as make
from tests.oauthservers import registry
from tests.oauthservers.registry import add, file, page
from webmail.models import MailServer


def signed_in(name):
    client = Client()
    client.force_login(User.objects.create_user(name, is_system_administrator=True))
    return client


@pytest.fixture
def browser(db):
    return signed_in("admin")


def only_server():
    return AuthorizationServer.objects.get()


def change(browser, values=None, **changes):
    server = only_server()
    values = (values or registry.opened(browser, server)) | changes
    values = {name: value for name, value in values.items() if value is not None}
    return browser.post(registry.edit_address(server), values)


# -- presets ------------------------------------------------------------------------------------------


def test_every_preset_is_offered_with_what_it_is(browser):
    text = browser.get(reverse("oauthservers:choose_kind")).content.decode()
    for preset in PRESETS_BY_KEY.values():
        assert reverse("oauthservers:add_server", args=[preset.key]) in text
        assert preset.label in text
    assert text.count("Untested") == sum(not preset.is_tested for preset in PRESETS_BY_KEY.values())


@pytest.mark.parametrize("key", PRESETS_BY_KEY)
def test_form_of_a_preset_comes_filled_in_and_can_be_sent_as_it_is(browser, key):
    address = reverse("oauthservers:add_server", args=[key])
    shown = browser.get(address).context["form"]
    values = {
        field.html_name: field.value()
        for field in shown
        if field.value() not in (None, False, "") and not field.html_name.endswith("_unknown")
    }
    values = {name: "on" if value is True else value for name, value in values.items()}
    values |= {"name": "Made of a preset", "client_id": "client", "client_secret": "secret"}
    if key == "generic":
        values["issuer"] = "https://id.lab.example"
    if PRESETS_BY_KEY[key].kind == "microsoft":
        values["client_secret_expires_on"] = registry.EXPIRES
    assert browser.post(address, values).status_code == 302
    server = only_server()
    assert (server.preset_key, server.provider) == (key, PRESETS_BY_KEY[key].kind)
    for protocol, scopes in PRESETS_BY_KEY[key].scopes.items():
        asked = server.scopes_for([protocol] if protocol != "identity" else [])
        assert set(scopes) <= set(asked)
    made = MailServer.objects.filter(authorization_server=server)
    assert {(row.protocol, row.host, row.port, row.security) for row in made} == {
        (entry.protocol, entry.host, entry.port, entry.security)
        for entry in PRESETS_BY_KEY[key].mail_servers
    }


def test_unknown_preset_is_not_found(browser):
    assert browser.get(reverse("oauthservers:add_server", args=["nobody"])).status_code == 404


def test_only_ticked_mail_servers_are_registered_and_known_ones_are_linked(browser):
    known = MailServer.objects.create(
        key="exchange", name="Exchange", protocol="imap", host="Outlook.Office365.com", port=993
    )
    add(browser, "microsoft", mail_servers=["imap-993", "smtp-587"])
    known.refresh_from_db()
    assert known.authorization_server == only_server()
    assert MailServer.objects.count() == 2
    smtp = MailServer.objects.get(protocol="smtp")
    assert (smtp.host, smtp.security) == ("smtp.office365.com", "starttls")


def test_second_tenant_gets_mail_servers_of_its_own(browser):
    for name in ("First", "Second"):
        add(browser, "microsoft", name=name, mail_servers=["imap-993"])
    assert MailServer.objects.count() == 2
    assert MailServer.objects.values("authorization_server").distinct().count() == 2


def test_servers_of_one_name_get_keys_of_their_own(browser):
    for name in ("Lab", "Lab", "Lab", "認可サーバー"):
        assert add(browser, name=name).status_code == 302
    keys = AuthorizationServer.objects.order_by("pk").values_list("key", flat=True)
    assert list(keys) == ["lab", "lab-2", "lab-3", "generic"]


def test_mail_servers_of_the_preset_can_be_registered_later_and_once(browser):
    add(browser, "microsoft")
    server = only_server()
    assert "Register the mail servers of Microsoft 365" in page(browser, server)
    address = reverse("oauthservers:register_mail_servers", args=[server.public_id])
    for _ in range(2):
        browser.post(address)
    assert server.mail_servers.count() == 3
    assert "Register the mail servers" not in page(browser, server)


# -- addresses and scopes -----------------------------------------------------------------------------


def test_address_in_the_intranet_needs_no_dot(browser):
    assert add(browser, issuer="https://sso/realms/office").status_code == 302
    assert only_server().issuer == "https://sso/realms/office"


WRONG_ADDRESSES = {
    "plain http": ("http://id.lab.example", "must start with https://"),
    "no port": ("https://id.lab.example:99999/", "port or the host"),
    "no host": ("https:///realms", "The host of this address cannot be read"),
    "a password in it": ("https://me:secret@id.lab.example", "must not hold a user name"),
    "a fragment": ("https://id.lab.example/#top", "part after #"),
    "two words": ("https://id.lab example/", "has no spaces"),
}


@pytest.mark.parametrize("mistake", WRONG_ADDRESSES)
def test_wrong_address_is_refused_with_the_reason_and_an_example(browser, mistake):
    address, reason = WRONG_ADDRESSES[mistake]
    text = add(browser, issuer=address).content.decode()
    assert reason in text
    assert "https://login.example.com/oauth2/token" in text
    assert not AuthorizationServer.objects.exists()


@pytest.mark.parametrize(
    "tenant", ["common", "organizations", "consumers", "9188040d-6c67-4c5b-b112-36a304b66dad"]
)
def test_tenants_of_microsoft_in_every_form_are_taken(browser, tenant):
    add(
        browser,
        "microsoft",
        endpoint=f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
    )
    assert only_server().endpoint == f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0"


@pytest.mark.parametrize("tenant", ["contoso", "<tenant>", "con toso.com"])
def test_tenant_that_is_none_is_refused_with_examples(browser, tenant):
    endpoint = f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0"
    text = add(browser, "microsoft", endpoint=endpoint).content.decode()
    assert "is-wrong" in text
    assert not AuthorizationServer.objects.exists()


def test_application_access_refuses_a_tenant_that_stands_for_many(browser):
    endpoint = "https://login.microsoftonline.com/common/oauth2/v2.0"
    text = add(browser, "microsoft", access="application", endpoint=endpoint).content.decode()
    assert "Application access needs your own tenant" in text
    assert not AuthorizationServer.objects.exists()


def test_scopes_of_two_resources_are_refused_with_the_reason(browser):
    text = add(
        browser,
        "microsoft",
        scopes_imap="https://outlook.office.com/IMAP.AccessAsUser.All",
        scopes_smtp="https://graph.microsoft.com/Mail.Send",
    ).content.decode()
    assert "gives a token for one of the two only" in text
    assert not AuthorizationServer.objects.exists()


def test_scopes_of_another_cloud_do_not_mix_with_the_usual_ones(browser):
    text = add(
        browser, "microsoft", scopes_imap="https://outlook.office365.us/IMAP.AccessAsUser.All"
    ).content.decode()
    assert "gives a token for one of the two only" in text


def test_application_scope_of_microsoft_ends_in_default(browser):
    text = add(
        browser,
        "microsoft",
        access="application",
        scopes_application="https://outlook.office365.com/IMAP.AccessAsApp",
    ).content.decode()
    assert "followed by /.default" in text


def test_scopes_with_commas_are_refused(browser):
    assert "not by commas" in add(browser, scopes_imap="mail.read,mail.send").content.decode()


def test_private_key_among_the_authorities_is_refused(browser):
    pem = registry.pem_of(registry.private_key())
    text = add(browser, ca_file=file(pem)).content.decode()
    assert "This file holds a private key" in text
    assert not AuthorizationServer.objects.exists()


# -- changing -----------------------------------------------------------------------------------------


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
