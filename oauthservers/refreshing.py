"""Refreshing under the grant's lease. Part of the vault: its essay has the rules, nobody else calls this."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables

from groupware import leases
from groupware.audit.record import record
from oauthservers import adapter, breaker, timing
from oauthservers.errors import (
    AccessDeniedError,
    AdministratorRequiredError,
    OAuthError,
    ReauthorizationRequiredError,
    TemporaryOAuthError,
    UnreachableServerError,
)
from oauthservers.models import AuthorizationServer, Grant
from oauthservers.providers.base import TokenResponse
from oauthservers.signals import grant_changed

logger = logging.getLogger("oauthservers.vault")

LEASE_SECONDS = 60
PROBE_EVERY = timedelta(minutes=15)
#: Of application access: the server lets us open other mailboxes, but not this one.
MAILBOX_REFUSED = "mailbox_not_permitted"
_SAVE_PAUSES = (0.1, 0.5, 1.0, 2.0, 4.0, 8.0)
NO_TROUBLE = {
    "error_code": "",
    "error_detail": "",
    "failures": 0,
    "next_attempt_at": None,
    "refresh_started_at": None,
}


@sensitive_variables("tokens", "refresh_token")
def renewed(row: Grant) -> str | None:
    """Refresh under the lease and return the new access token; None when somebody else is at it or was faster."""
    _require_good_time(row)
    lease = leases.take(Grant.objects.alive().filter(version=row.version), row.pk, LEASE_SECONDS)
    if lease is None:
        return None
    try:
        refresh_token = row.opened("refresh_token")
        asked_at = timezone.now()
        with transaction.atomic(
            durable=True
        ):  # refuses, before anything is asked, to run inside a transaction
            Grant.objects.filter(pk=row.pk).update(refresh_started_at=asked_at)
        try:
            tokens = _asked(row, refresh_token)
        except OAuthError as error:
            if _judged(row, error):
                raise _for_callers(error) from None
            return None
        return tokens.access_token if _saved(row, tokens, asked_at) else None
    finally:
        lease.release()


@sensitive_variables("refresh_token")
def _asked(row: Grant, refresh_token: str) -> TokenResponse:
    """Ask the server: with the refresh token, or in our own name for application access. Raises OAuthError."""
    if row.access == Grant.Access.APPLICATION:
        provider = adapter.provider_for(row.server)
        try:
            return provider.application_token(row.scopes.split(), row.mailbox_address)
        except (ReauthorizationRequiredError, AccessDeniedError) as error:
            # No person can mend it, and it is about this mailbox alone.
            raise _MailboxRefusedError(
                error.error,
                error.description,
                code=MAILBOX_REFUSED,
                vendor_codes=error.vendor_codes,
            ) from None
    if not refresh_token:
        raise ReauthorizationRequiredError("no_refresh_token", code="missing_refresh_token")
    return adapter.provider_for(row.server).refresh(refresh_token, row.scopes.split())


class _MailboxRefusedError(AdministratorRequiredError):
    """The server gives us no token for one mailbox; the registration is good for the others."""


def _require_good_time(row: Grant) -> None:
    """Raise while asking would only do harm: the registration is at fault, the server is away, or we are backing off."""
    now, server = timezone.now(), row.server
    if server.fault_code:
        is_probe = (server.fault_probe_at or now) <= now and AuthorizationServer.objects.filter(
            pk=server.pk, fault_probe_at=server.fault_probe_at
        ).update(fault_probe_at=now + PROBE_EVERY)
        if not is_probe:
            raise AdministratorRequiredError(
                server.fault_code, server.fault_detail, code=server.fault_code
            )
    elif server.outage_since:
        breaker.require_probe(server)
    elif row.next_attempt_at and row.next_attempt_at > now:
        if row.error_code == MAILBOX_REFUSED:
            raise AdministratorRequiredError(row.error_code, row.error_detail, code=row.error_code)
        raise TemporaryOAuthError(
            row.error_code,
            row.error_detail,
            code=row.error_code,
            retry_after=(row.next_attempt_at - now).total_seconds(),
        )


@sensitive_variables("tokens")
def _saved(row: Grant, tokens: TokenResponse, asked_at: datetime) -> bool:
    """Write the answer; False when the grant was replaced meanwhile.

    The answer exists only here: with a rotating server, losing it loses the grant. So a database that is away for a
    moment is waited for.
    """
    values = {**row.token_columns(tokens, asked_at, timing.UNKNOWN_LIFETIME), **NO_TROUBLE}
    for pause in (*_SAVE_PAUSES, None):
        try:
            with transaction.atomic(durable=True):
                saved = Grant.objects.filter(pk=row.pk, version=row.version).update(
                    **values, version=F("version") + 1
                )
            break
        except (OperationalError, InterfaceError):
            logger.exception(
                "an answered refresh is not saved yet", extra={"grant": str(row.public_id)}
            )
            if pause is None:
                raise
            connection.close()
            time.sleep(pause)
    _follow_chain(row, tokens, bool(saved))
    row.server.clear_fault()
    breaker.answered(row.server)
    if saved and row.failures:
        tell(Grant.objects.get(pk=row.pk))
    return bool(saved)


def _judged(row: Grant, error: OAuthError) -> bool:
    """Write a failure down where it belongs; False when it was about a token or a secret that is gone already."""
    extra = {"grant": str(row.public_id), "error": error.code, "vendor_codes": error.vendor_codes}
    logger.warning("refresh failed", extra=extra)
    if error.code == "encryption_key_missing":
        return True  # nothing is written over: with the right key it works again
    same = Grant.objects.filter(pk=row.pk, version=row.version)
    if isinstance(error, ReauthorizationRequiredError | AccessDeniedError):
        # An attempt that never came back may have used the token up at a server that rotates.
        is_interrupted = row.refresh_started_at is not None and error.error == "invalid_grant"
        error.code = "refresh_interrupted" if is_interrupted else error.code
        ended = same.update(
            state=Grant.State.REAUTHORIZATION_REQUIRED,
            state_since=timezone.now(),
            error_code=error.code,
            error_detail=error.description,
            refresh_started_at=None,
            version=F("version") + 1,
        )
        breaker.answered(row.server)
        if ended:
            record("oauthservers.grant.expired", target=row, details={"error": error.code})
            tell(Grant.objects.get(pk=row.pk))
        return bool(ended)
    if isinstance(error, AdministratorRequiredError) and error.code != MAILBOX_REFUSED:
        same.update(refresh_started_at=None)
        breaker.answered(row.server)
        return row.server.note_fault(error.code, error.description, timezone.now() + PROBE_EVERY)
    if not isinstance(error, UnreachableServerError):
        same.update(refresh_started_at=None)  # answered: the refresh token is not used up
    if isinstance(error, TemporaryOAuthError):
        breaker.failed(row.server, error)
    return _back_off(row, error)


def _back_off(row: Grant, error: OAuthError) -> bool:
    pause_until = timing.next_attempt(row.failures + 1, getattr(error, "retry_after", None))
    changed = Grant.objects.filter(pk=row.pk, version=row.version).update(
        error_code=error.code,
        error_detail=error.description,
        failures=F("failures") + 1,
        next_attempt_at=pause_until,
    )
    return bool(changed)


def _for_callers(error: OAuthError) -> OAuthError:
    """Callers know three kinds; what is rare at a refresh becomes one of them."""
    if isinstance(
        error, ReauthorizationRequiredError | AdministratorRequiredError | TemporaryOAuthError
    ):
        return error
    kind = (
        ReauthorizationRequiredError
        if isinstance(error, AccessDeniedError)
        else TemporaryOAuthError
    )
    return kind(error.error, error.description, code=error.code, vendor_codes=error.vendor_codes)


def _follow_chain(row: Grant, tokens: TokenResponse, saved: bool) -> None:
    logger.info(
        "refreshed" if saved else "refreshed in vain",
        extra={
            "grant": str(row.public_id),
            "used": fingerprint(row.opened("refresh_token")),
            "received": fingerprint(tokens.refresh_token),
            "access": fingerprint(tokens.access_token),
        },
    )


def tell(grant: Grant) -> None:
    """Let other apps know. A receiver that fails must not cost a token that is saved already."""
    for receiver, answer in grant_changed.send_robust(sender=Grant, grant=grant):
        if isinstance(answer, Exception):
            logger.error("a receiver of grant_changed failed: %r", receiver, exc_info=answer)


def fingerprint(token: str) -> str:
    return salted_hmac("oauthservers.vault", token).hexdigest()[:8] if token else ""
