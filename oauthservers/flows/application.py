"""Application access: the organization lets the groupware open its mailboxes, and nobody signs in.

Microsoft: client credentials with the application permissions IMAP.AccessAsApp, POP.AccessAsApp and SMTP.SendAsApp.
Google: a service account with domain-wide delegation, speaking for the mailbox. A grant of this kind belongs to nobody
and has no refresh token; the vault asks for a new access token in our own name whenever one is needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from groupware.audit.record import record
from oauthservers import adapter, vault
from oauthservers.errors import (
    AccessDeniedError,
    AdministratorRequiredError,
    OAuthError,
    ReauthorizationRequiredError,
)
from oauthservers.flows import attempts
from oauthservers.models import AuthorizationServer, Grant
from oauthservers.providers.base import Identity, TokenResponse


def connect(
    *, server: AuthorizationServer, mailbox_address: str, protocols: Iterable[str], user: Any
) -> Grant:
    """Make the grant of a mailbox, proved by one access token; an existing one is renewed.

    ``protocols`` are what the account needs; the scope is the same for all of them, and which of them open is set where
    the mailboxes are. ``user`` is who acts, None for the groupware itself. Raises OAuthError (flow_not_offered for a
    server without application access, mailbox_not_permitted when the server gives no token for this mailbox).
    """
    address = mailbox_address.strip()
    asked_at = timezone.now()
    try:
        tokens = _token(server, address)
    except OAuthError as error:
        attempts.note_fault(server, error)
        details = {
            "mailbox": address,
            "flow": "application",
            "protocols": " ".join(protocols),
            "error": error.code,
        }
        record("oauthservers.authorization.failed", actor=user, target=server, details=details)
        raise
    return vault.keep(
        server=server,
        user=user,
        owner=None,
        access=Grant.Access.APPLICATION,
        mailbox_address=address,
        identity=Identity(server.registration().issuer, address, (address,)),
        tokens=tokens,
        scopes=" ".join(server.application_scopes),
        asked_at=asked_at,
    )


def _token(server: AuthorizationServer, address: str) -> TokenResponse:
    if server.access != AuthorizationServer.Access.APPLICATION:
        raise AdministratorRequiredError("application_access", code="flow_not_offered")
    attempts.require_in_use(server)
    try:
        return adapter.provider_for(server).application_token(server.application_scopes, address)
    except (ReauthorizationRequiredError, AccessDeniedError) as error:
        raise AdministratorRequiredError(
            error.error,
            error.description,
            code=vault.MAILBOX_REFUSED,
            vendor_codes=error.vendor_codes,
        ) from None
