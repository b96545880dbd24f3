"""The connection test of application access, proved on one mailbox at mail servers like Exchange's and Gmail's."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from groupware.users.models import User
from oauthservers import diagnosis
from oauthservers.models import AuthorizationServer, Grant
from tests.factories.webmail import MailServerFactory
from tests.sandbox import Sandbox

ALICE, MARIA, HARUKA = "alice@contoso.example", "maria@contoso.example", "haruka@example.jp"
FINE = ("active", "")


@pytest.fixture(autouse=True)
def untouched(sandbox: Sandbox):
    """Switches of one test do not reach the next."""
    sandbox.microsoft.reset()
    sandbox.google.reset()
    yield
    sandbox.microsoft.reset()
    sandbox.google.reset()


def link(server: AuthorizationServer, sandbox: Sandbox, services) -> None:
    """Mail servers that take the tokens of ``server``."""
    ca = sandbox.ca_file.read_text()
    for protocol, service in services.items():
        MailServerFactory(
            protocol=protocol,
            host="localhost",
            port=service.tls_port,
            authorization_server=server,
            ca_certificates=ca,
        )


@pytest.fixture
def exchange(db, sandbox: Sandbox) -> AuthorizationServer:
    """Microsoft 365 with application access, and Exchange's three servers."""
    server = AuthorizationServer(
        key="m365",
        name="Microsoft 365",
        provider="microsoft",
        preset_key="microsoft",
        access=AuthorizationServer.Access.APPLICATION,
        client_id=sandbox.microsoft.client_id,
        endpoint=sandbox.microsoft.endpoint_of_tenant,
        ca_certificates=sandbox.ca_file.read_text(),
    )
    server.set_client_secret(sandbox.microsoft.client_secret)
    server.save()
    front = sandbox.exchange
    link(server, sandbox, {"imap": front.imap, "pop3": front.pop3, "smtp": front.submission})
    return server


def found(server: AuthorizationServer, mailbox: str) -> dict[str, tuple[str, str]]:
    diagnosis.run(server, mailbox=mailbox)
    server.refresh_from_db()
    return {row["step"]: (row["state"], row["code"]) for row in server.connection_checks}


def test_token_and_sign_in_are_proved_on_one_mailbox_and_nothing_is_kept(exchange):
    steps = found(exchange, ALICE)
    assert steps["client"] == ("active", "client_by_application")
    assert [steps[name] for name in ("application", "imap", "pop3", "smtp")] == [FINE] * 4
    assert exchange.connection_state == "connected"
    assert not Grant.objects.exists()


def test_without_a_mailbox_the_token_alone_is_proved(exchange):
    steps = found(exchange, "")
    assert steps["application"] == FINE
    assert not {"imap", "pop3", "smtp"} & steps.keys()


def test_refused_mailbox_is_no_fault_of_the_server(exchange, sandbox):
    sandbox.microsoft.set(application_mailboxes=[MARIA])
    steps = found(exchange, ALICE)
    assert steps["application"] == FINE
    assert {steps[name][0] for name in ("imap", "pop3", "smtp")} == {"act"}
    assert steps["smtp"][1] == "fresh_token_refused"
    assert (exchange.connection_state, exchange.connection_error_code) == ("connected", "")


def test_switched_off_protocols_are_told_by_name(exchange, sandbox):
    sandbox.microsoft.switch(ALICE, imap=False, smtp=False)
    steps = found(exchange, ALICE)
    assert steps["imap"] == ("act", "authenticated_but_not_connected")
    assert steps["pop3"] == FINE
    assert steps["smtp"] == ("act", "smtp_auth_disabled_for_mailbox")


def test_certificate_serves_instead_of_a_secret(exchange, sandbox):
    certificate = sandbox.microsoft.add_certificate()
    exchange.set_client_secret("")
    exchange.client_certificate = certificate.certificate_pem
    exchange.client_private_key = certificate.private_key_pem
    exchange.save()
    assert found(exchange, ALICE)["imap"] == FINE
    sandbox.microsoft.remove_certificate(certificate)
    steps = found(exchange, ALICE)
    assert steps["application"][0] == "act"
    assert exchange.connection_state == "failed"


def test_common_as_tenant_is_refused_with_its_reason(exchange, sandbox):
    exchange.endpoint = sandbox.microsoft.endpoint
    exchange.save()
    assert found(exchange, ALICE)["application"] == ("act", "tenant_wrong")


def test_service_account_of_google_is_proved_on_one_mailbox(db, sandbox):
    server = AuthorizationServer(
        key="google",
        name="Google",
        provider="google",
        access=AuthorizationServer.Access.APPLICATION,
        client_id=sandbox.google.client_id,
        issuer=sandbox.google.issuer,
        service_account_key=json.dumps(sandbox.google.service_account()),
        scopes_application="https://mail.google.com/",
        ca_certificates=sandbox.ca_file.read_text(),
    )
    server.save()
    link(server, sandbox, {"imap": sandbox.imap, "smtp": sandbox.submission})
    assert found(server, "")["application"] == ("off", "not_without_mailbox")
    steps = found(server, HARUKA)
    assert [steps[name] for name in ("application", "imap", "smtp")] == [FINE] * 3
    sandbox.google.set(domain_wide_delegation=False)
    assert found(server, HARUKA)["application"][0] == "act"


def test_server_without_mail_servers_says_so(exchange):
    exchange.mail_servers.all().delete()
    assert found(exchange, ALICE)["imap"] == ("off", "not_linked")


def test_page_explains_a_refused_mailbox_and_shows_no_token(exchange, sandbox):
    sandbox.microsoft.set(application_mailboxes=[MARIA])
    diagnosis.run(exchange, mailbox=ALICE)
    client = Client()
    client.force_login(User.objects.create_user("admin", is_system_administrator=True))
    address = reverse("oauthservers:server_checks", args=[exchange.public_id])
    text = client.get(address).content.decode()
    assert "Sign-in at the mail server (SMTP)" in text
    assert "the mail server does not open this mailbox to the application" in text
    assert "Mailbox to try" in text
    exchange.refresh_from_db()
    assert not re.search(r"[A-Za-z0-9_-]{60,}", str(exchange.connection_checks))
