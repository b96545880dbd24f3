"""A mailbox to be authorized, its page, and attempts with any outcome."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from oauthservers.models import AuthorizationRequest, AuthorizationServer, Grant
from tests.factories import webmail as make
from webmail.models import AccountMember, MailAccount


def unauthorized_account(server: AuthorizationServer) -> MailAccount:
    """An account whose two directions trust one authorization server."""
    return make.account_with_folders(
        address="aoki@example.test",
        incoming_server=make.MailServerFactory(authorization_server=server),
        outgoing_server=make.MailServerFactory(protocol="smtp", authorization_server=server),
        receive_authentication="oauth2",
        receive_password="",
    )


def page_of(account: MailAccount, **query: str) -> str:
    address = reverse("webmail:authorize", args=[account.public_id])
    return f"{address}?{'&'.join(f'{name}={value}' for name, value in query.items())}"


def take(client: Client, account: MailAccount, way: str = "redirect", **more: Any):
    server = account.incoming_server.authorization_server
    return client.post(page_of(account), {"way": way, "server": server.public_id, **more})


def attempt_of(account: MailAccount, **values: Any) -> AuthorizationRequest:
    defaults = {
        "server": account.incoming_server.authorization_server,
        "user": account.owner,
        "owner": account.owner,
        "state_hash": str(AuthorizationRequest.objects.count()),
        "mailbox_address": account.sign_in_address,
        "next_url": reverse("webmail:account_authorized", args=[account.public_id]),
        "expires_at": timezone.now() + timedelta(minutes=10),
    }
    return AuthorizationRequest.objects.create(**(defaults | values))


def granted(account: MailAccount, owner: Any = "the owner", **values: Any) -> Grant:
    """A connection for the account's mailbox, not used by it yet."""
    return make.GrantFactory(
        server=account.incoming_server.authorization_server,
        created_by=account.owner if owner == "the owner" else owner,
        mailbox_address=account.sign_in_address,
        **values,
    )


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def shared(account: MailAccount, manager: Any, **values: Any) -> MailAccount:
    """The account as a shared one that ``manager`` looks after."""
    MailAccount.objects.filter(pk=account.pk).update(kind="shared", owner=None, **values)
    AccountMember.objects.create(account=account, user=manager, role="manager")
    account.refresh_from_db()
    return account
