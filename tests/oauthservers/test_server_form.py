"""The form of the registry: presets, addresses, tenants, scopes."""

from __future__ import annotations

import pytest
from django.urls import reverse

from oauthservers.models import AuthorizationServer
from oauthservers.providers.presets import PRESETS_BY_KEY
from tests.oauthservers import registry
from tests.oauthservers.registry import add, file, only_server, page, signed_in
from webmail.models import MailServer


@pytest.fixture
def browser(db):
    return signed_in("admin")


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
