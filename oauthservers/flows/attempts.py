"""Attempts to authorize a mailbox: how every flow begins one, judges what came of it, and ends it.

Whoever signs in must be known by the address that signs in for the mailbox (its own, or its delegate's). When the same
mailbox is authorized again, another subject under the same address is taken: addresses are handed on, accounts are
made anew, and the mail server decides in the end; the audit log says that the identity changed. The same subject under
another address is taken as well: people are renamed, and it is the one who was let in before. Everybody else is
somebody else, and nothing is stored.

Several attempts for one mailbox may run side by side (a second click, another tab, another device). The first that
completes wins; an attempt that began before and brings nothing more says so and leaves the code that it got unused.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_variables

from groupware.audit.record import record
from oauthservers import vault
from oauthservers.errors import (
    AdministratorRequiredError,
    IdentityMismatchError,
    MissingRefreshTokenError,
    MissingScopeError,
    OAuthError,
)
from oauthservers.models import AuthorizationRequest, AuthorizationServer, Grant
from oauthservers.providers.base import Identity, Provider, TokenResponse

logger = logging.getLogger(__name__)

LIFETIME = timedelta(minutes=10)
#: What an administrator has to mend, and yet no fault of the registration that would stop the other mailboxes.
_NO_FAULT = {
    "server_switched_off",
    "encryption_key_missing",
    "flow_not_offered",
    vault.MAILBOX_REFUSED,
    "device_flow_unavailable",
    "public_client_refused",
}
_OUTCOME_COLUMNS = (
    "grant",
    "outcome",
    "error_code",
    "error_detail",
    "signed_in_as",
    "code_verifier",
    "nonce",
    "device_code",
    "next_poll_at",
)


def start(
    *,
    server: AuthorizationServer,
    user: Any,
    owner: Any,
    session_key: str,
    mailbox_address: str,
    scopes: Sequence[str],
    next_url: str,
    **columns: Any,
) -> AuthorizationRequest:
    """Write an attempt down. ``owner`` is whose connection it becomes, None for nobody's."""
    columns.setdefault("expires_at", timezone.now() + LIFETIME)
    columns.setdefault("state_hash", hashed(secrets.token_urlsafe(32)))
    attempt = AuthorizationRequest.objects.create(
        server=server,
        user=user,
        owner=user if owner is vault.ACTOR else owner,
        session_hash=hashed(session_key),
        mailbox_address=mailbox_address.strip(),
        scopes=" ".join(scopes),
        next_url=next_url,
        **columns,
    )
    record("oauthservers.authorization.started", actor=user, target=server, details=about(attempt))
    return attempt


def scopes_to_ask(
    server: AuthorizationServer, owner: Any, mailbox_address: str, protocols: Iterable[str]
) -> tuple[str, ...]:
    """Scopes of ``protocols``, and of what an existing grant of the mailbox may do already.

    So authorizing one direction never takes the other away.
    """
    known = Grant.objects.of_mailbox(server, owner, mailbox_address).first()
    is_delegated = known is not None and known.access == Grant.Access.DELEGATED
    return server.scopes_for(
        dict.fromkeys([*protocols, *(known.protocols if known and is_delegated else ())])
    )


def require_own_path(next_url: str) -> None:
    """Raise ValueError for an address that is not a path of this installation."""
    is_safe = url_has_allowed_host_and_scheme(next_url, allowed_hosts=None)
    if not is_safe or not next_url.startswith("/"):
        raise ValueError("next_url is not a path of this installation.")


def require_in_use(server: AuthorizationServer) -> None:
    """Raise AdministratorRequiredError for a server that is switched off."""
    if not server.is_enabled:
        raise AdministratorRequiredError("server_switched_off", code="server_switched_off")


# -- the end ---------------------------------------------------------------------------------------


@sensitive_variables("tokens", "nonce")
def settle(
    attempt: AuthorizationRequest,
    provider: Provider,
    tokens: TokenResponse,
    nonce: str,
    asked_at: datetime,
) -> AuthorizationRequest:
    """From tokens to a grant and the outcome, saved together; raises OAuthError before anything is stored."""
    identity = provider.identify(tokens, nonce)
    known = Grant.objects.of_mailbox(attempt.server, attempt.owner, attempt.mailbox_address).first()
    if not _is_expected(attempt, identity, known):
        raise IdentityMismatchError(identity.names[0], attempt.mailbox_address)
    missing = provider.missing_scopes(attempt.scopes.split(), tokens.scopes)
    granted = [scope for scope in attempt.scopes.split() if scope not in missing]
    if missing and not _is_of_use(attempt, granted, known):
        raise MissingScopeError(missing)
    if not tokens.refresh_token:
        raise MissingRefreshTokenError
    partly = MissingScopeError(missing) if missing else None
    vault.keep(
        server=attempt.server,
        user=attempt.user,
        owner=attempt.owner,
        mailbox_address=attempt.mailbox_address,
        identity=identity,
        tokens=tokens,
        scopes=" ".join(granted),
        asked_at=asked_at,
        also=lambda grant: _succeeded(attempt, grant, partly),
    )
    return attempt


def _is_expected(attempt: AuthorizationRequest, identity: Identity, known: Grant | None) -> bool:
    if identity.is_known_as(attempt.mailbox_address):
        return True
    return known is not None and (known.issuer, known.subject) == (
        identity.issuer,
        identity.subject,
    )


def _is_of_use(attempt: AuthorizationRequest, granted: Sequence[str], known: Grant | None) -> bool:
    """Whether a part of what was asked for opens something and takes nothing away from a grant that works."""
    opened = set(attempt.server.protocols_within(granted))
    works = known is not None and known.state == Grant.State.ACTIVE
    return bool(opened) and opened >= set(known.protocols if known and works else ())


def winner(attempt: AuthorizationRequest) -> Grant | None:
    """The grant of another attempt that completed while this one was under way, and does all that this one wants.

    Nobody's connection counts for those alone who signed in for it: an attempt must not win what somebody else gave.
    """
    grants = Grant.objects.of_mailbox(attempt.server, attempt.owner, attempt.mailbox_address)
    if attempt.owner_id is None:
        succeeded = AuthorizationRequest.Outcome.SUCCEEDED
        own = AuthorizationRequest.objects.filter(user=attempt.user_id, outcome=succeeded)
        grants = grants.filter(pk__in=own.exclude(grant=None).values("grant"))
    grant = grants.alive().filter(authorized_at__gt=attempt.created_at).first()
    wanted = set(attempt.server.protocols_within(attempt.scopes.split()))
    return grant if grant and wanted <= set(grant.protocols) else None


def yield_to(attempt: AuthorizationRequest, grant: Grant) -> AuthorizationRequest:
    """End an attempt that came second: the mailbox is authorized, by the grant of the first."""
    attempt.error_code = "already_authorized"
    return _write(attempt, AuthorizationRequest.Outcome.SUCCEEDED, grant)


def _succeeded(
    attempt: AuthorizationRequest, grant: Grant, partly: MissingScopeError | None
) -> None:
    attempt.error_code = partly.code if partly else ""
    attempt.error_detail = partly.description if partly else ""
    attempt.signed_in_as = grant.signed_in_as
    _write(attempt, AuthorizationRequest.Outcome.SUCCEEDED, grant)


def failed(attempt: AuthorizationRequest, error: OAuthError) -> AuthorizationRequest:
    """Write down why nothing came of it. An earlier grant of the mailbox is not touched."""
    attempt.error_code, attempt.error_detail = error.code, error.description
    attempt.signed_in_as = getattr(error, "signed_in_as", "")
    _write(attempt, AuthorizationRequest.Outcome.FAILED, None)
    logger.warning(
        "authorization failed", extra={"error": error.code, "server": attempt.server.key}
    )
    note_fault(attempt.server, error)
    record(
        "oauthservers.authorization.failed",
        actor=attempt.user,
        target=attempt.server,
        details={**about(attempt), "error": error.code},
    )
    return attempt


def note_fault(server: AuthorizationServer, error: OAuthError) -> None:
    """Write a fault of the registration on the server's row: one matter for administrators, none for people."""
    if isinstance(error, AdministratorRequiredError) and error.code not in _NO_FAULT:
        server.note_fault(error.code, error.description, timezone.now() + vault.PROBE_EVERY)


def _write(
    attempt: AuthorizationRequest, outcome: AuthorizationRequest.Outcome, grant: Grant | None
) -> AuthorizationRequest:
    """Only the columns of an outcome: this copy was read before the attempt was marked as used.

    The secrets of the attempt have served and go.
    """
    attempt.outcome, attempt.grant = outcome, grant
    attempt.code_verifier = attempt.nonce = attempt.device_code = ""
    attempt.next_poll_at = None
    attempt.save(update_fields=_OUTCOME_COLUMNS)
    return attempt


def close_stale() -> int:
    """End the attempts whose time is over without an answer; their secrets go. Returns how many."""
    pending = AuthorizationRequest.objects.filter(
        outcome=AuthorizationRequest.Outcome.PENDING, expires_at__lte=timezone.now() - LIFETIME
    )
    return pending.update(
        outcome=AuthorizationRequest.Outcome.FAILED,
        error_code="expired",
        code_verifier="",
        nonce="",
        device_code="",
        next_poll_at=None,
    )


# -- around it -------------------------------------------------------------------------------------


def return_address(attempt: AuthorizationRequest) -> str:
    """Where the person goes on: the page they came from, told what came of it."""
    if attempt.outcome == AuthorizationRequest.Outcome.SUCCEEDED and attempt.grant:
        return _with(attempt.next_url, grant=str(attempt.grant.public_id))
    return _with(attempt.next_url, authorization=str(attempt.public_id))


def _with(path: str, **parameters: str) -> str:
    """``path`` with these parameters and without the ones an earlier attempt left there."""
    parts = urlsplit(path)
    query = [pair for pair in parse_qsl(parts.query) if pair[0] not in {"grant", "authorization"}]
    return urlunsplit(parts._replace(query=urlencode([*query, *parameters.items()])))


def about(attempt: AuthorizationRequest) -> dict[str, str]:
    """What the audit log keeps of an attempt."""
    return {"mailbox": attempt.mailbox_address, "scopes": attempt.scopes, "flow": attempt.flow}


def hashed(value: str) -> str:
    """What is kept of a state or a session key."""
    return hashlib.sha256(value.encode()).hexdigest()
