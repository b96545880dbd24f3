"""Mail servers as function management registers and tests them."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from groupware.audit.models import AuditEvent
from groupware.functions.models import FunctionAdministrator
from tests.factories import webmail as make
from tests.sandbox import Sandbox
from webmail.models import MailServer

SERVERS = "/manage/webmail/servers/"


@pytest.fixture
def client(db) -> Client:
    """A browser in which a function administrator of webmail is signed in."""
    person = make.PersonFactory(username="manager")
    FunctionAdministrator.objects.create(key="webmail", user=person)
    browser = Client()
    browser.force_login(person)
    return browser


@pytest.fixture
def server(db, sandbox: Sandbox) -> MailServer:
    return make.MailServerFactory(
        protocol="imap",
        host="localhost",
        port=sandbox.imap.tls_port,
        ca_certificates=sandbox.ca_file.read_text(),
    )


def outcome(client: Client, server: MailServer, **changes: object) -> str:
    MailServer.objects.filter(pk=server.pk).update(**changes)
    address = reverse("webmail:manage_server_test", args=[server.public_id])
    answer = client.post(address, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return answer.content.decode()


def typed(**changes: object) -> dict[str, object]:
    return {
        "name": "Office",
        "protocol": "imap",
        "host": "imap.example.test",
        "security": "tls",
        "verify_certificate": "on",
        "verify_name": "on",
        "is_enabled": "on",
    } | changes


@pytest.mark.parametrize("protocol", ["imap", "pop3", "smtp"])
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_test_goes_as_far_as_the_greeting_of_every_protocol(
    client, server, sandbox, protocol, security
):
    listener = {"imap": sandbox.imap, "pop3": sandbox.pop3, "smtp": sandbox.submission}[protocol]
    port = listener.tls_port if security == "tls" else listener.port
    text = outcome(client, server, protocol=protocol, security=security, port=port)
    assert text.count("check is-active") == 3


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_test_finds_a_certificate_that_nobody_knows(client, server, sandbox, security):
    port = sandbox.imap.tls_port if security == "tls" else sandbox.imap.port
    text = outcome(client, server, ca_certificates="", security=security, port=port)
    assert text.count("check is-act") - text.count("check is-active") == 1
    assert "tls_" in text


def test_test_finds_another_kind_of_server(client, server, sandbox):
    text = outcome(client, server, protocol="smtp", port=sandbox.imap.tls_port)
    assert "protocol_error" in text


def test_test_finds_that_nobody_listens(client, server):
    text = outcome(client, server, port=1)
    assert "connection_refused" in text
    assert "Not tested" in text


def test_tokens_do_not_travel_in_the_open(client):
    issuer = make.AuthorizationServerFactory()
    answer = client.post(f"{SERVERS}new/", typed(security="none", authorization_server=issuer.pk))
    assert "Access tokens travel only over an encrypted connection" in answer.content.decode()
    assert not MailServer.objects.exists()


def test_port_that_is_none_is_told_with_an_example(client):
    text = client.post(f"{SERVERS}new/", typed(port="70000")).content.decode()
    assert "A port is a number between 1 and 65535, such as 993." in text


def test_servers_of_one_account_alone_are_not_listed_and_not_opened(client):
    made = make.MailServerFactory(name="Only for one", is_individual=True)
    assert "Only for one" not in client.get(SERVERS).content.decode()
    assert client.get(reverse("webmail:manage_server", args=[made.public_id])).status_code == 404


def test_page_of_an_authorization_server_leads_here_with_itself_chosen(client):
    issuer = make.AuthorizationServerFactory()
    form = client.get(f"{SERVERS}new/?authorization_server={issuer.public_id}").context["form"]
    assert form["authorization_server"].value() in {issuer, issuer.pk}
    assert client.get(f"{SERVERS}new/?authorization_server=nonsense").status_code == 200


def test_change_is_recorded_with_old_and_new_value(client):
    server = make.MailServerFactory(name="Before")
    client.post(
        reverse("webmail:manage_server", args=[server.public_id]),
        typed(name="After", host=server.host, port=server.port),
    )
    event = AuditEvent.objects.get(name="webmail.server.updated")
    assert event.details["changes"]["name"] == ["Before", "After"]
    assert "host" not in event.details["changes"]


def test_saving_without_a_change_records_nothing(client):
    server = make.MailServerFactory()
    page = reverse("webmail:manage_server", args=[server.public_id])
    shown = client.get(page).context["form"]
    values = {
        field.html_name: "on" if field.value() is True else field.value()
        for field in shown
        if field.value() not in (None, False, "")
    }
    assert client.post(page, values).status_code == 302
    assert not AuditEvent.objects.filter(name="webmail.server.updated").exists()
