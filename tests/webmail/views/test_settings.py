"""My mail accounts: what I see of them, what I may change, and authorizing."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone

from groupware.audit.models import AuditEvent
from oauthservers.models import AuthorizationRequest
from tests.factories import webmail as make
from tests.webmail.views.conftest import words
from webmail import removal
from webmail.models import MailAccount, WebmailPolicy

LIST = "/settings/mail/"
NEW = "/settings/mail/new/"
MARKER = '"><img src=x onerror=alert(1)>'


@pytest.fixture
def account(db) -> MailAccount:
    """An account whose two servers trust one authorization server."""
    microsoft = make.AuthorizationServerFactory(name="Microsoft 365")
    return make.account_with_folders(
        address="aoki@example.test",
        incoming_server=make.MailServerFactory(authorization_server=microsoft),
        outgoing_server=make.MailServerFactory(protocol="smtp", authorization_server=microsoft),
        receive_authentication="oauth2",
        receive_password="",
    )


def page_of(account: MailAccount) -> str:
    return reverse("webmail:account", args=[account.public_id])


def typed(account: MailAccount, **more) -> dict:
    return {
        "address": account.address,
        "is_enabled": "on",
        "incoming_server": account.incoming_server_id,
        "receive_authentication": account.receive_authentication,
        "outgoing_server": account.outgoing_server_id,
        "send_authentication": account.send_authentication,
        "sent_copy": "automatic",
    } | more


def grant_for(account: MailAccount, **values):
    defaults = {
        "server": account.incoming_server.authorization_server,
        "created_by": account.owner,
        "mailbox_address": account.address,
    }
    return make.GrantFactory(**(defaults | values))


def come_back(client, account: MailAccount, grant):
    """As the owner, with an attempt that brought ``grant``."""
    address = reverse("webmail:account_authorized", args=[account.public_id])
    AuthorizationRequest.objects.create(
        server=grant.server,
        user=account.owner,
        owner=account.owner,
        session_hash="s",
        state_hash=f"state {grant.pk}",
        mailbox_address=grant.mailbox_address,
        next_url=address,
        expires_at=timezone.now() + timedelta(minutes=10),
        outcome=AuthorizationRequest.Outcome.SUCCEEDED,
        grant=grant,
    )
    return client.get(address, {"grant": str(grant.public_id)}, follow=True)


def test_the_list_shows_both_directions_of_every_account(client, account):
    MailAccount.objects.update(
        receive_health="working",
        receive_authentication="password",
        send_health="administrator_required",
        send_error_code="smtp_auth_disabled",
    )
    page = words(client.get(LIST))
    assert "Working" in page
    assert "Waiting for the administrator" in page
    assert "Sending with a sign-in (SMTP AUTH) is switched off" in page


def test_an_account_is_set_up_and_belongs_to_who_set_it_up(client, account):
    make.PersonFactory()
    client.post(NEW, typed(account, address="second@example.test", owner="1", kind="shared"))
    made = MailAccount.objects.get(address="second@example.test")
    assert (made.owner, made.kind) == (account.owner, "personal")
    assert AuditEvent.objects.filter(name="webmail.account.created", actor=account.owner).exists()


def test_a_refused_form_comes_back_with_what_was_typed(client, account):
    response = client.post(page_of(account), typed(account, address="broken", display_name="Typed"))
    assert response.status_code == 422
    assert 'value="Typed"' in words(response)
    assert 'aria-invalid="true"' in words(response)


def test_authenticate_saves_first_and_goes_on_to_the_page_that_authorizes(client, account):
    response = client.post(
        page_of(account), typed(account, display_name="Kept", authenticate="receive")
    )
    account.refresh_from_db()
    assert account.display_name == "Kept"
    authorize = reverse("webmail:authorize", args=[account.public_id])
    target = urlsplit(response.headers["Location"])
    assert (target.path, parse_qs(target.query)["next"]) == (authorize, [page_of(account)])


def test_coming_back_binds_the_connection_to_both_directions(client, account):
    grant = grant_for(account)
    page = come_back(client, account, grant)
    account.refresh_from_db()
    assert account.receive_grant == grant
    assert account.effective_send_grant == grant
    assert "aoki@example.test is authorized." in words(page)
    assert AuditEvent.objects.filter(name="webmail.account.authorized").exists()


def test_sending_with_a_choice_of_its_own_gets_the_connection_as_well(client, account):
    MailAccount.objects.update(send_authentication="oauth2")
    grant = grant_for(account)
    come_back(client, account, grant)
    account.refresh_from_db()
    assert (account.receive_grant, account.send_grant) == (grant, grant)


def test_sending_by_password_is_left_alone(client, account):
    MailAccount.objects.update(send_authentication="password")
    come_back(client, account, grant_for(account))
    account.refresh_from_db()
    assert account.send_grant is None


@pytest.mark.parametrize(
    "values",
    [
        {"mailbox_address": "somebody.else@example.test"},
        {"state": "revoked"},
        {"created_by": None},
    ],
)
def test_a_connection_that_is_not_for_this_account_changes_nothing(client, account, values):
    working = grant_for(account, mailbox_address="kept@example.test")
    MailAccount.objects.update(receive_grant=working)
    page = come_back(client, account, grant_for(account, **values))
    account.refresh_from_db()
    assert account.receive_grant == working
    assert "Nothing was changed." in words(page)


def test_a_connection_of_another_authorization_server_changes_nothing(client, account):
    come_back(client, account, grant_for(account, server=make.AuthorizationServerFactory()))
    account.refresh_from_db()
    assert account.receive_grant is None


def test_a_connection_that_somebody_else_made_is_never_bound(client, account):
    come_back(client, account, grant_for(account, created_by=make.PersonFactory()))
    account.refresh_from_db()
    assert account.receive_grant is None


def test_where_individual_settings_are_off_the_form_says_why_and_refuses(client, account):
    WebmailPolicy.objects.create(allows_individual_settings=False)
    page = words(client.get(page_of(account)))
    assert "Your administrators manage this mail account" in page
    assert 'name="save"' not in page
    assert client.post(page_of(account), typed(account, display_name="x")).status_code == 403
    assert client.get(NEW).status_code == 403
    assert client.post(NEW, typed(account, address="n@example.test")).status_code == 403
    delete = reverse("webmail:account_delete", args=[account.public_id])
    assert client.post(delete).status_code == 403
    assert MailAccount.objects.get().display_name == account.display_name


def test_where_individual_settings_are_off_the_owner_still_authorizes(client, account):
    WebmailPolicy.objects.create(allows_individual_settings=False)
    page = words(client.get(page_of(account)))
    authorize = reverse("webmail:authorize", args=[account.public_id])
    assert f'href="{authorize}?' in page
    assert client.get(authorize).status_code == 200


def test_removing_says_in_figures_what_is_lost_and_needs_a_post(client, account):
    make.received(make.inbox(account))
    page = words(client.get(reverse("webmail:account_remove", args=[account.public_id])))
    assert "1 message kept here" in page
    delete = reverse("webmail:account_delete", args=[account.public_id])
    assert client.get(delete).status_code == 405
    client.post(delete)
    assert client.get(page_of(account)).status_code == 404
    removal.erase_removed()
    assert not MailAccount.objects.exists()
    assert AuditEvent.objects.filter(name="webmail.account.deleted").exists()


def test_passwords_are_on_no_page(client, account):
    account.receive_authentication = "password"
    account.receive_password = "correct horse"
    account.save()
    assert "correct horse" not in words(client.get(page_of(account)))
    assert "correct horse" not in words(client.get(LIST))


def test_hostile_settings_are_text_everywhere(client, account):
    MailAccount.objects.update(
        name=MARKER,
        display_name=MARKER,
        receive_username=MARKER,
        receive_health="owner_required",
        receive_error_text=MARKER,
        receive_error_code="authentication_failed",
    )
    account.incoming_server.name = MARKER
    account.incoming_server.save()
    account.incoming_server.authorization_server.name = MARKER
    account.incoming_server.authorization_server.save()
    for address in (
        LIST,
        page_of(account),
        reverse("webmail:account_remove", args=[account.public_id]),
    ):
        page = words(client.get(address))
        assert "<img" not in page
    assert "onerror=alert(1)&gt;" in words(client.get(LIST))


def test_nobody_opens_or_changes_an_account_of_somebody_else(stranger, account):
    grant = grant_for(account)
    for name in ("account", "account_remove", "account_authorized"):
        address = reverse(f"webmail:{name}", args=[account.public_id])
        assert stranger.get(address, {"grant": str(grant.public_id)}).status_code == 404
    assert stranger.post(page_of(account), typed(account, display_name="x")).status_code == 404
    delete = reverse("webmail:account_delete", args=[account.public_id])
    assert stranger.post(delete).status_code == 404
    account.refresh_from_db()
    assert account.receive_grant is None


@pytest.mark.parametrize(
    ("before", "primary"),
    [
        ({}, 'name="authenticate" value="receive"'),
        (
            {"receive_authentication": "password", "send_authentication": "oauth2"},
            'name="authenticate" value="send"',
        ),
        ({"receive_authentication": "password", "send_authentication": "password"}, 'name="save"'),
    ],
)
def test_one_button_is_primary_the_one_that_comes_next(client, account, before, primary):
    MailAccount.objects.update(**before)
    page = words(client.get(page_of(account)))
    assert page.count("button-primary") == 1
    assert f'button-primary" {primary}' in page


def test_saving_comes_first_once_everything_is_authorized(client, account):
    account.receive_grant = account.send_grant = grant_for(account)
    account.save()
    page = words(client.get(page_of(account)))
    assert page.count("button-primary") == 1
    assert 'button-primary" name="save"' in page
