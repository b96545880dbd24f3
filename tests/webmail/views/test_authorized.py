"""What follows when a connection was made or ended: without a browser, at once, and in the words of each direction."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from oauthservers.models import Grant
from oauthservers.signals import grant_changed
from tests.factories import webmail as make
from tests.webmail.views.authorizing import (
    attempt_of,
    granted,
    page_of,
    shared,
    signed_in,
    unauthorized_account,
)
from tests.webmail.views.conftest import words
from webmail.models import AccountMember, MailAccount, OutgoingMessage


@pytest.fixture
def account(db) -> MailAccount:
    """An account whose two directions trust one authorization server."""
    return unauthorized_account(make.AuthorizationServerFactory(name="Microsoft 365"))


def test_what_a_code_brought_is_bound_though_no_browser_comes_back(account):
    grant = granted(account)
    attempt_of(account, flow="device", outcome="succeeded", grant=grant)
    grant_changed.send(sender=Grant, grant=grant)
    account.refresh_from_db()
    assert account.receive_grant == grant


def test_what_somebody_brings_who_may_not_authorize_the_account_is_not_bound(account):
    grant = granted(account)
    attempt_of(account, user=make.PersonFactory(), outcome="succeeded", grant=grant)
    grant_changed.send(sender=Grant, grant=grant)
    account.refresh_from_db()
    assert account.receive_grant is None


def test_disconnecting_shows_on_the_account_at_once(client, account):
    grant = granted(account)
    MailAccount.objects.update(receive_grant=grant, receive_health="working", send_health="working")
    client.post(reverse("oauthservers:disconnect", args=[grant.public_id]))
    account.refresh_from_db()
    assert (account.receive_health, account.send_health) == ("owner_required", "owner_required")
    page = words(client.get("/mail/", follow=True))
    assert page.count("This mailbox is disconnected.") == 1
    assert f'href="{reverse("webmail:authorize", args=[account.public_id])}?next=' in page


def test_recovery_receives_and_sends_again(account):
    grant = granted(account)
    stopped = {"receive_health": "owner_required", "receive_error_code": "invalid_grant"}
    MailAccount.objects.update(receive_grant=grant, send_health="owner_required", **stopped)
    later = timezone.now() + timedelta(days=1)
    waiting = make.OutgoingMessageFactory(
        account=account, state=OutgoingMessage.State.QUEUED, attempts=1, send_after=later
    )
    grant_changed.send(sender=Grant, grant=grant)
    account.refresh_from_db()
    waiting.refresh_from_db()
    assert (account.receive_health, account.send_health) == ("untried", "untried")
    assert account.next_sync_at <= timezone.now()
    assert waiting.send_after < later


def test_permission_that_was_not_given_is_named_for_its_direction_alone(client, account):
    scopes = " ".join(account.incoming_server.authorization_server.scopes_for(["imap"]))
    grant = granted(account, scopes=scopes)
    attempt_of(account, outcome="succeeded", grant=grant)
    grant_changed.send(sender=Grant, grant=grant)
    account.refresh_from_db()
    assert (account.receive_health, account.send_error_code) == ("untried", "missing_scope")
    assert "SMTP" in account.send_error_text
    page = words(client.get(page_of(account)))
    assert "Permission for sending was not given at Microsoft 365. Receiving goes on." in page
    assert "Active" in page


def test_banner_stands_over_the_list_the_message_and_the_composer_and_leads_back_there(
    client, account
):
    MailAccount.objects.update(receive_grant=granted(account, state="reauthorization_required"))
    message = make.received(make.inbox(account))
    draft = make.OutgoingMessageFactory(account=account)
    authorize = reverse("webmail:authorize", args=[account.public_id])
    for name, thing in (("mailbox", make.inbox(account)), ("message", message), ("draft", draft)):
        page = words(client.get(reverse(f"webmail:{name}", args=[thing.public_id])))
        assert page.count(f'href="{authorize}?next=') == 1, name


def test_who_may_only_read_a_shared_mailbox_gets_no_button(account):
    shared(account, make.PersonFactory())
    reader = make.PersonFactory()
    AccountMember.objects.create(account=account, user=reader, role="reader")
    address = reverse("webmail:mailbox", args=[make.inbox(account).public_id])
    page = words(signed_in(reader).get(address))
    assert "This mailbox is not authorized yet." in page
    assert "/authorize/" not in page
    assert "has to sign in." in page
