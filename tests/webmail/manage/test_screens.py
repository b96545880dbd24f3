"""Function management of webmail: who may enter, and what can be done there."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from groupware.audit.models import AuditEvent
from groupware.functions.models import FunctionAdministrator
from tests.factories import webmail as make
from webmail import removal
from webmail.manage import personal_accounts
from webmail.models import MailAccount, MailServer, WebmailPolicy

ACCOUNTS = "/manage/webmail/accounts/"
SERVERS = "/manage/webmail/servers/"
POLICY = "/manage/webmail/policy/"
MARKER = '"><img src=x onerror=alert(1)>'


def words(response) -> str:
    return response.content.decode()


@pytest.fixture
def client(db) -> Client:
    """A browser in which a function administrator of webmail is signed in."""
    person = make.PersonFactory(username="manager")
    FunctionAdministrator.objects.create(key="webmail", user=person)
    browser = Client()
    browser.force_login(person)
    return browser


@pytest.fixture
def account(db) -> MailAccount:
    """Somebody else's account."""
    return make.account_with_folders()


def account_page(account: MailAccount) -> str:
    return reverse("webmail:manage_account", args=[account.public_id])


def server_page(server: MailServer) -> str:
    return reverse("webmail:manage_server", args=[server.public_id])


def account_fields(account: MailAccount, **more) -> dict:
    return {
        "address": account.address,
        "is_enabled": "on",
        "incoming_server": account.incoming_server_id,
        "receive_authentication": account.receive_authentication,
        "outgoing_server": account.outgoing_server_id,
        "send_authentication": account.send_authentication,
        "sent_copy": "automatic",
    } | more


def server_fields(**more) -> dict:
    return {
        "name": "Office",
        "protocol": "imap",
        "host": "imap.example.test",
        "port": "",
        "security": "tls",
        "verify_certificate": "on",
        "verify_name": "on",
        "is_enabled": "on",
    } | more


def test_only_administrators_of_webmail_enter(account):
    server = account.incoming_server
    addresses = [
        ACCOUNTS,
        SERVERS,
        POLICY,
        f"{SERVERS}new/",
        account_page(account),
        server_page(server),
    ]
    addresses.append(reverse("webmail:manage_account_new", args=[account.owner.public_id]))
    people = {
        "owner": (account.owner, 403),
        "administrator of another function": (make.PersonFactory(), 403),
        "system administrator": (make.PersonFactory(is_system_administrator=True), 200),
    }
    FunctionAdministrator.objects.create(
        key="oauthservers", user=people["administrator of another function"][0]
    )
    for person, status in people.values():
        browser = Client()
        browser.force_login(person)
        assert [browser.get(address).status_code for address in addresses] == [status] * len(
            addresses
        )
    assert {Client().get(address).status_code for address in addresses} == {302}


def test_posts_of_others_change_nothing(account):
    browser = Client()
    browser.force_login(make.PersonFactory())
    delete = reverse("webmail:manage_account_delete", args=[account.public_id])
    for address in (delete, account_page(account), POLICY, f"{SERVERS}new/"):
        assert browser.post(address, account_fields(account)).status_code == 403
    assert MailAccount.objects.filter(pk=account.pk).exists()


def test_accounts_are_found_by_person_and_by_address(client, account):
    make.account_with_folders(
        owner=make.PersonFactory(display_name="森 太郎"), address="mori@example.test"
    )
    for query in ("森", "MORI@"):
        page = words(client.get(ACCOUNTS, {"q": query}))
        assert "mori@example.test" in page
        assert account.address not in page
    assert "No mail account fits." in words(client.get(ACCOUNTS, {"q": "nobody"}))


@pytest.mark.parametrize(
    ("state", "columns"),
    [
        ("not_authorized", {"receive_authentication": "oauth2"}),
        ("refused", {"receive_health": "administrator_required"}),
        ("retrying", {"receive_health": "retrying"}),
        ("off", {"is_enabled": False}),
    ],
)
def test_accounts_are_narrowed_by_state(client, account, state, columns):
    issuer = make.AuthorizationServerFactory()
    other = make.account_with_folders(
        incoming_server=make.MailServerFactory(authorization_server=issuer)
    )
    MailAccount.objects.filter(pk=other.pk).update(**columns)
    page = words(client.get(ACCOUNTS, {"state": state}))
    assert other.address in page
    assert account.address not in page


def test_many_accounts_come_in_pages_that_keep_the_search(client, monkeypatch):
    monkeypatch.setattr(personal_accounts, "PAGE", 2)
    for number in range(3):
        make.MailAccountFactory(address=f"paged{number}@example.test")
    page = words(client.get(ACCOUNTS, {"q": "paged"}))
    assert "1–2 of 3" in page
    assert "?q=paged&amp;page=2" in page
    assert "3–3 of 3" in words(client.get(ACCOUNTS, {"q": "paged", "page": "2"}))


def test_people_without_an_account_are_offered_one(client):
    person = make.PersonFactory(display_name="Without Account")
    address = reverse("webmail:manage_account_new", args=[person.public_id])
    assert address in words(client.get(reverse("webmail:manage_people_without")))
    data = account_fields(
        make.MailAccountFactory(), address="new@example.test", new_receive_password="x"
    )
    client.post(address, data)
    assert MailAccount.objects.get(address="new@example.test").owner == person


def test_an_administrator_changes_an_account_and_goes_on_to_authorize_it(client, account):
    assert 'name="authenticate"' in words(client.get(account_page(account)))
    response = client.post(
        account_page(account), account_fields(account, display_name="New", authenticate="receive")
    )
    authorize = reverse("webmail:authorize", args=[account.public_id])
    assert response.url.startswith(f"{authorize}?next=%2Fmanage%2F")
    account.refresh_from_db()
    assert account.display_name == "New"
    event = AuditEvent.objects.get(name="webmail.account.updated")
    assert event.actor.username == "manager"
    assert "New" not in str(event.details)


def test_an_administrator_sees_no_mail_and_no_password(client, account):
    make.received(make.inbox(account), make.raw_message(subject="Private matter"))
    for address in (ACCOUNTS, account_page(account)):
        page = words(client.get(address))
        assert "Private matter" not in page
        assert "correct horse" not in page


def test_removing_an_account_needs_a_post(client, account):
    address = reverse("webmail:manage_account_delete", args=[account.public_id])
    assert client.get(address).status_code == 405
    client.post(address)
    client.get(ACCOUNTS)  # it says what was removed
    assert account.address not in words(client.get(ACCOUNTS))
    removal.erase_removed()
    assert not MailAccount.objects.filter(pk=account.pk).exists()


def test_a_server_is_registered_with_its_usual_port_and_a_key(client):
    client.post(f"{SERVERS}new/", server_fields())
    client.post(f"{SERVERS}new/", server_fields(protocol="smtp", security="starttls"))
    servers = MailServer.objects.order_by("pk").values_list("key", "port")
    assert list(servers) == [("office", 993), ("office-2", 587)]
    assert AuditEvent.objects.filter(name="webmail.server.created").count() == 2


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"host": "https://imap.example.test/"}, "host"),
        ({"host": "imap.example.test:993"}, "host"),
        ({"host": "imap example"}, "host"),
        ({"port": "70000"}, "port"),
        ({"ca_certificates": "not a certificate"}, "ca_certificates"),
    ],
)
def test_a_server_that_cannot_be_right_is_refused(client, fields, name):
    response = client.post(f"{SERVERS}new/", server_fields(**fields))
    assert response.status_code == 422
    assert name in response.context["form"].errors
    assert not MailServer.objects.exists()


def test_a_server_in_use_is_not_removed_and_says_by_whom(client, account):
    page = words(client.get(server_page(account.incoming_server)))
    assert account.address in page
    delete = reverse("webmail:manage_server_delete", args=[account.incoming_server.public_id])
    response = client.post(delete, follow=True)
    assert "is in use and was not removed" in words(response)
    assert MailServer.objects.filter(pk=account.incoming_server_id).exists()


def test_a_server_that_nobody_uses_is_removed(client):
    server = make.MailServerFactory()
    client.post(reverse("webmail:manage_server_delete", args=[server.public_id]))
    assert not MailServer.objects.exists()


def test_the_protocol_of_a_server_in_use_stays(client, account):
    server = account.incoming_server
    client.post(server_page(server), server_fields(protocol="smtp", name="Renamed"))
    server.refresh_from_db()
    assert (server.protocol, server.name) == ("imap", "Renamed")


def test_the_policy_is_one_row(client):
    choices = {
        "allows_individual_settings": "False",
        "allows_individual_servers": "True",
        "allows_shared_accounts": "True",
        "maximum_message_megabytes": "10",
    }
    client.post(POLICY, choices | {"undo_seconds": "30"})
    client.post(POLICY, choices | {"undo_seconds": "0"})
    policy = WebmailPolicy.objects.get()
    assert (policy.allows_individual_settings, policy.undo_seconds) == (False, 0)
    assert policy.allows_individual_servers
    refused = client.post(POLICY, choices | {"undo_seconds": "121"})
    assert refused.status_code == 422


def test_hostile_names_are_text_everywhere(client, account):
    account.owner.display_name = MARKER
    account.owner.save()
    MailAccount.objects.update(
        name=MARKER, display_name=MARKER, receive_username=MARKER, address=MARKER
    )
    account.incoming_server.name = MARKER
    account.incoming_server.host = MARKER
    account.incoming_server.save()
    make.PersonFactory(display_name=MARKER, username="hostile")
    for address in (ACCOUNTS, account_page(account), SERVERS, server_page(account.incoming_server)):
        page = words(client.get(address))
        assert "<img" not in page
        assert "onerror=alert(1)&gt;" in page
