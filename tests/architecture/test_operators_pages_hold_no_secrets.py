"""The operators' pages show states and settings: nothing sealed, nothing hashed, nothing that can be changed there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from groupware.encryption import EncryptedTextField
from groupware.users.models import User
from oauthservers.models import AuthorizationRequest
from oauthservers.models.revocation import PendingRevocation
from tests.factories import webmail as make
from webmail.models import AccountImport, AccountMember, Invitation, Switchover

OURS = {"oauthservers", "webmail"}
CANARY = "canary-5c1d"
#: Columns that prove something without being sealed.
_PROOFS = {"user_code", "client_certificate", "content", "before"}


def pages():
    return [
        pytest.param(model, page, id=model._meta.label)
        for model, page in admin.site._registry.items()
        if model._meta.app_label in OURS
    ]


def shown(page, request):
    names = {str(name) for name in page.get_list_display(request)}
    for _title, options in page.get_fieldsets(request):
        names |= {str(name) for name in options["fields"]}
    return names


@pytest.fixture
def administrator(db):
    return make.PersonFactory(
        username="root", is_system_administrator=True, is_staff=True, is_superuser=True
    )


@pytest.mark.parametrize(("model", "page"), pages())
def test_no_page_lists_a_column_with_a_secret(model, page, administrator):
    request = RequestFactory().get("/")
    request.user = administrator
    secret = {
        field.name
        for field in model._meta.get_fields()
        if isinstance(field, EncryptedTextField) or field.name.endswith("_hash")
    }
    assert not shown(page, request) & (secret | _PROOFS)


@pytest.mark.parametrize(("model", "page"), pages())
def test_nothing_can_be_added_changed_or_deleted(model, page, administrator):
    request = RequestFactory().get("/")
    request.user = administrator
    for may in (page.has_add_permission, page.has_change_permission, page.has_delete_permission):
        assert not may(request)


def rows(person: User):
    """One row of each kind, full of secrets."""
    server = make.AuthorizationServerFactory()
    for name in (
        "client_secret",
        "fallback_client_secret",
        "client_private_key",
        "service_account_key",
    ):
        setattr(server, name, CANARY)
    server.save()
    grant = make.GrantFactory(
        server=server, created_by=person, refresh_token=CANARY, access_token=CANARY
    )
    account = make.MailAccountFactory(owner=person, receive_password=CANARY, send_password=CANARY)
    later = timezone.now() + timedelta(minutes=10)
    attempt = AuthorizationRequest.objects.create(
        server=server,
        user=person,
        session_hash=f"{CANARY}-session",
        state_hash=f"{CANARY}-state",
        code_verifier=CANARY,
        nonce=CANARY,
        device_code=CANARY,
        user_code=CANARY,
        mailbox_address=account.address,
        scopes="mail",
        redirect_uri="https://groupware.example/",
        next_url="/",
        expires_at=later,
    )
    return [
        server,
        grant,
        account,
        attempt,
        PendingRevocation.objects.create(
            server=server, mailbox_address=account.address, refresh_token=CANARY
        ),
        AccountMember.objects.create(account=account, user=person),
        Invitation.objects.create(
            account=account, recipient=person, token_hash=f"{CANARY}-token", expires_at=later
        ),
        AccountImport.objects.create(file_name="people.csv", content=CANARY, created_by=person),
        Switchover.objects.create(host="imap.example.test"),
        make.MailServerFactory(),
    ]


def test_every_page_opens_and_shows_no_secret(administrator):
    browser = Client()
    browser.force_login(administrator)
    for row in rows(administrator):
        place = f"admin:{row._meta.app_label}_{row._meta.model_name}"
        for address in (reverse(f"{place}_changelist"), reverse(f"{place}_change", args=[row.pk])):
            answer = browser.get(address)
            assert answer.status_code == 200, address
            assert CANARY not in answer.content.decode(), address
