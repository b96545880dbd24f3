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
from oauthservers import adapter, timing
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

logger = logging.getLogger("oauthservers.vault")

LEASE_SECONDS = 60
PROBE_EVERY = timedelta(minutes=15)
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
            if not refresh_token:
                raise ReauthorizationRequiredError("no_refresh_token", code="missing_refresh_token")
            tokens = adapter.provider_for(row.server).refresh(refresh_token, row.scopes.split())
        except OAuthError as error:
            if _judged(row, error):
                raise _for_callers(error) from None
            return None
        return tokens.access_token if _saved(row, tokens, asked_at) else None
    finally:
        lease.release()


def _require_good_time(row: Grant) -> None:
    """Raise while asking the server would only do harm: its registration is at fault, or we are backing off."""
    now, server = timezone.now(), row.server
    if server.fault_code:
        is_probe = (server.fault_probe_at or now) <= now and AuthorizationServer.objects.filter(
            pk=server.pk, fault_probe_at=server.fault_probe_at
        ).update(fault_probe_at=now + PROBE_EVERY)
        if not is_probe:
            raise AdministratorRequiredError(
                server.fault_code, server.fault_detail, code=server.fault_code
            )
    elif row.next_attempt_at and row.next_attempt_at > now:
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
        is_interrupted = row.refresh_started_at is not None and error.code == "invalid_grant"
        error.code = "refresh_interrupted" if is_interrupted else error.code
        ended = same.update(
            state=Grant.State.REAUTHORIZATION_REQUIRED,
            state_since=timezone.now(),
            error_code=error.code,
            error_detail=error.description,
            refresh_started_at=None,
            version=F("version") + 1,
        )
        if ended:
            record("oauthservers.grant.expired", target=row, details={"error": error.code})
        return bool(ended)
    if isinstance(error, AdministratorRequiredError):
        same.update(refresh_started_at=None)
        return row.server.note_fault(error.code, error.description, timezone.now() + PROBE_EVERY)
    if not isinstance(error, UnreachableServerError):
        same.update(refresh_started_at=None)  # answered: the refresh token is not used up
    return bool(
        same.update(
            error_code=error.code,
            error_detail=error.description,
            failures=F("failures") + 1,
            next_attempt_at=timing.next_attempt(
                row.failures + 1, getattr(error, "retry_after", None)
            ),
        )
    )


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
        },
    )


def fingerprint(token: str) -> str:
    return salted_hmac("oauthservers.vault", token).hexdigest()[:8] if token else ""
