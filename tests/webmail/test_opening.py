"""Opening many mailboxes through the organization's access, at the real authorization and mail servers."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import webmail as make
from tests.sandbox.sandbox import Sandbox
from webmail import opening
from webmail.models import MailAccount, MailServer


@pytest.fixture
def servers(transactional_db: None, sandbox: Sandbox) -> dict[str, MailServer]:
    from groupware import provision

    provision.apply(sandbox.provisioning_file)
    provision.apply(sandbox.application_file)
    linked = MailServer.objects.filter(authorization_server__access="application")
    return {
        server.protocol: server
        for server in linked.filter(authorization_server__provider="microsoft")
    }


def account(servers: dict[str, MailServer], address: str) -> MailAccount:
    return make.MailAccountFactory(
        address=address,
        incoming_server=servers["imap"],
        outgoing_server=servers["smtp"],
        receive_authentication="oauth2",
        receive_password="",
    )


@pytest.fixture
def administrator(transactional_db: None):
    return make.PersonFactory(username="everybodys-administrator", is_system_administrator=True)


def test_an_administrator_opens_every_mailbox_that_waits(servers, administrator) -> None:
    mailboxes = [
        account(servers, address) for address in ("alice@contoso.example", "maria@contoso.example")
    ]
    pks = [one.pk for one in mailboxes]
    assert opening.open_all(pks, administrator) == 2
    for one in mailboxes:
        one.refresh_from_db()
        assert one.receive_grant.access == "application"
    assert opening.open_all(pks, administrator) == 0


def test_nobody_else_opens_a_mailbox_that_is_not_their_own(servers) -> None:
    one = account(servers, "alice@contoso.example")
    assert opening.open_all([one.pk], one.owner) == 0
    one.refresh_from_db()
    assert one.receive_grant is None


def test_what_failed_is_on_the_account_and_the_others_go_on(
    servers, administrator, sandbox
) -> None:
    mailboxes = [
        account(servers, address) for address in ("alice@contoso.example", "maria@contoso.example")
    ]
    sandbox.microsoft.fault("page", status=503)
    pks = [one.pk for one in mailboxes]
    assert opening.open_all(pks, administrator) == 1
    assert MailAccount.objects.filter(pk__in=pks, receive_grant=None).get().receive_error_code
    assert opening.open_all(pks, administrator) == 1


def test_the_overview_offers_it_for_what_its_filters_show(servers, administrator) -> None:
    account(servers, "alice@contoso.example")
    browser = Client()
    browser.force_login(administrator)
    page = browser.get("/manage/webmail/overview/").content.decode()
    assert "for the organization" in page
    answer = browser.post("/manage/webmail/overview/open/?q=alice", follow=True)
    assert "1 mailbox is being opened" in answer.content.decode()
