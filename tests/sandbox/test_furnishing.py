"""The running installation's shared mailboxes and servers with application access."""

from __future__ import annotations

import pytest

from groupware import provision
from oauthservers.models import AuthorizationServer, Grant
from tests.sandbox import Sandbox
from tests.sandbox.furnishing import SHARED, furnish
from webmail import connections
from webmail.models import MailAccount


@pytest.fixture
def installation(db: None, sandbox: Sandbox) -> Sandbox:
    for file in (sandbox.provisioning_file, sandbox.application_file):
        provision.apply(file)
    return sandbox


def test_a_second_start_finds_everything_made(installation):
    for file in (installation.provisioning_file, installation.application_file):
        assert provision.apply(file) == []
    assert furnish() == len(SHARED)
    assert furnish() == 0
    assert MailAccount.objects.filter(kind=MailAccount.Kind.SHARED).count() == len(SHARED)


def test_every_way_of_authorizing_is_offered_by_some_server(installation):
    servers = AuthorizationServer.objects
    assert servers.filter(offers_device_code=True).exists()
    assert servers.filter(offers_pasted_code=True).exists()
    assert servers.filter(access="application").exclude(client_certificate="").exists()
    application = servers.get(key="google-application")
    assert application.service_account_key


@pytest.mark.parametrize("address", ["invoices@contoso.example", "soumu@example.jp"])
def test_what_the_application_opens_needs_nobody(installation, address):
    furnish()
    account = MailAccount.objects.get(address=address)
    assert account.receive_grant.access == Grant.Access.APPLICATION
    with connections.imap(account) as receiving, connections.outgoing(account):
        assert "INBOX" in {mailbox.name for mailbox in receiving.list_mailboxes()}


def test_what_a_delegate_opens_waits_for_the_delegate(installation):
    furnish()
    account = MailAccount.objects.get(address="support@contoso.example")
    assert account.receive_grant is None
    assert account.sign_in_address == "alice@contoso.example"
