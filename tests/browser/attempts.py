"""Attempts to authorize a mailbox in every state that a screen shows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from oauthservers.models import AuthorizationRequest
from tests.browser.furnished import Furnished
from tests.factories import webmail as make
from webmail.models import MailAccount, MailServer

CONSENT = "AADSTS90094: The grant requires admin permission. Trace ID: 5f0c Correlation ID: 9e1d"


def screens(world: Furnished) -> dict[str, str]:
    """Name of each screen of authorizing → its address; the rows are made here."""
    account, troubled = world.account, world.troubled
    page = reverse("webmail:authorize", args=[troubled.public_id])
    wrong = _attempt(
        troubled, outcome="failed", error_code="identity_mismatch", signed_in_as="sato@example.jp"
    )
    cancelled = _attempt(troubled, outcome="failed", error_code="access_denied")
    device = _attempt(account, flow="device", user_code="PDLJ-SPTX", **_device())
    declined = _attempt(account, flow="device", outcome="failed", error_code="access_denied")
    pasted = _attempt(account, flow="pasted")
    shown = {
        "authorize": page,
        "authorize-active": reverse("webmail:authorize", args=[account.public_id]),
        "authorize-wrong-account": f"{page}?authorization={wrong.public_id}",
        "authorize-cancelled": f"{page}?authorization={cancelled.public_id}",
        "authorize-approval": reverse("webmail:authorize", args=[_unapproved(world).public_id]),
        "authorize-application": reverse("webmail:authorize", args=[_for_all(world).public_id]),
        "attempt-device": device,
        "attempt-ended": declined,
        "attempt-pasted": pasted,
        "authorization-late": f"{reverse('oauthservers:refused', args=['expired'])}?attempt={cancelled.public_id}",
        "authorization-approved": reverse("oauthservers:approved"),
    }
    return {
        name: target
        if isinstance(target, str)
        else reverse("oauthservers:attempt", args=[target.public_id])
        for name, target in shown.items()
    }


def _device() -> dict[str, Any]:
    return {"verification_uri": "https://login.example.jp/devicelogin"}


def _attempt(account: MailAccount, **values: Any) -> AuthorizationRequest:
    defaults = {
        "server": account.incoming_server.authorization_server,
        "user": account.owner,
        "owner": account.owner,
        "state_hash": f"attempt {AuthorizationRequest.objects.count()}",
        "mailbox_address": account.sign_in_address,
        "next_url": reverse("webmail:account_authorized", args=[account.public_id]),
        "expires_at": timezone.now() + timedelta(minutes=14),
    }
    return AuthorizationRequest.objects.create(**(defaults | values))


def _account(world: Furnished, address: str, **server: Any) -> MailAccount:
    """An account of Haruka's at an authorization server of its own."""
    registered = make.AuthorizationServerFactory(**server)
    incoming, outgoing = (
        make.MailServerFactory(protocol=protocol, authorization_server=registered)
        for protocol in (MailServer.Protocol.IMAP, MailServer.Protocol.SMTP)
    )
    return make.MailAccountFactory(
        owner=world.haruka,
        name="",
        address=address,
        incoming_server=incoming,
        outgoing_server=outgoing,
        receive_authentication="oauth2",
        receive_password="",
    )


def _unapproved(world: Furnished) -> MailAccount:
    """An account whose organization asks for its administrator first; every way is offered."""
    account = _account(
        world,
        "haruka@contoso.example",
        name="Contoso (Microsoft 365 worldwide, tenant of the Kamiya Stationery group)",
        offers_device_code=True,
        offers_pasted_code=True,
    )
    _attempt(account, outcome="failed", error_code="administrator_consent", error_detail=CONSENT)
    return account


def _for_all(world: Furnished) -> MailAccount:
    """An account that needs no person."""
    return _account(world, "desk@contoso.example", name="Contoso", access="application")
