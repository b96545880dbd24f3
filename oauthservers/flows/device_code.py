"""Device codes (RFC 8628): the person types a short code on another device, and we ask until they have decided.

      begin()                       poll(), every ``interval_seconds``
   ───────────▶ PENDING ──┬─ authorization_pending ──▶ PENDING
                          ├─ slow_down ──────────────▶ PENDING, five seconds slower for good (§3.5)
                          ├─ no answer, 5xx ─────────▶ PENDING, each pause as long as the trouble so far (§3.5)
                          ├─ tokens ─────────────────▶ SUCCEEDED (checked exactly as after a redirect)
                          └─ declined, too late, … ──▶ FAILED

The row is the truth: any process may poll, under the row's lease and not before ``next_poll_at``. ``used_at`` is set
before the server is asked and cleared by its "not yet": a row that still has it was asked by a process that died, or
over a line that broke. If the code turns out to be used up then, the tokens went down with the answer, and the outcome
says that the sign-in was interrupted.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from groupware import leases
from oauthservers import adapter, vault
from oauthservers.errors import (
    AdministratorRequiredError,
    AuthorizationPendingError,
    CallbackRefusedError,
    ExpiredTokenError,
    OAuthError,
    ReauthorizationRequiredError,
    SlowDownError,
    TemporaryOAuthError,
)
from oauthservers.flows import attempts
from oauthservers.models import AuthorizationRequest, AuthorizationServer
from oauthservers.providers.base import Provider, TokenResponse

_LEASE_SECONDS = 60
_SLOWER_SECONDS = 5
_LONGEST_PAUSE = timedelta(seconds=60)
#: Polled a little later than allowed: a poll that is early by a hair is answered with slow_down.
_GRACE = timedelta(seconds=0.5)


@sensitive_variables("given")
def begin(
    *,
    server: AuthorizationServer,
    user: Any,
    session_key: str,
    mailbox_address: str,
    protocols: Iterable[str],
    next_url: str,
    owner: Any = vault.ACTOR,
    language: str = "en",
) -> AuthorizationRequest:
    """Ask for a code and write the attempt down: ``user_code`` and ``verification_uri`` are for the screen.

    Arguments as for the redirect; ``language`` is for servers that word their own pages by it. Raises OAuthError when
    the server cannot be asked or offers no device codes (flow_not_offered, device_flow_unavailable), ValueError for a
    foreign ``next_url``.
    """
    attempts.require_own_path(next_url)
    attempts.require_in_use(server)
    if not server.offers_device_code:
        raise AdministratorRequiredError("device_code", code="flow_not_offered")
    whose = user if owner is vault.ACTOR else owner
    scopes = attempts.scopes_to_ask(server, whose, mailbox_address, protocols)
    asked_at = timezone.now()
    given = _provider(server).begin_device(scopes, language)
    return attempts.start(
        server=server,
        user=user,
        owner=whose,
        session_key=session_key,
        mailbox_address=mailbox_address,
        scopes=scopes,
        next_url=next_url,
        flow=AuthorizationRequest.Flow.DEVICE,
        device_code=given.device_code,
        user_code=given.user_code,
        verification_uri=given.verification_uri,
        interval_seconds=given.interval,
        next_poll_at=asked_at + timedelta(seconds=given.interval) + _GRACE,
        expires_at=asked_at + timedelta(seconds=given.expires_in),
    )


def due(now: datetime | None = None) -> Any:
    """Attempts that somebody should poll now."""
    return AuthorizationRequest.objects.filter(
        leases.is_free(now),
        flow=AuthorizationRequest.Flow.DEVICE,
        outcome=AuthorizationRequest.Outcome.PENDING,
        next_poll_at__lte=now or timezone.now(),
    )


def poll(attempt: AuthorizationRequest) -> AuthorizationRequest:
    """Ask the server once, if it is time; the row as it is then. Raises nothing: what goes wrong is on the row."""
    lease = leases.take(due(), attempt.pk, _LEASE_SECONDS)
    if lease is None:
        return _read(attempt.pk)
    try:
        _polled(_read(attempt.pk))
    finally:
        lease.release()
    return _read(attempt.pk)


# -- one poll --------------------------------------------------------------------------------------


def _polled(row: AuthorizationRequest) -> None:
    if grant := attempts.winner(row):
        attempts.yield_to(row, grant)
        return
    if row.expires_at <= timezone.now():
        attempts.failed(row, ExpiredTokenError(code="expired"))
        return
    if not row.user.is_active:
        attempts.failed(row, CallbackRefusedError(code="signed_out"))
        return
    asked_at = timezone.now()
    if row.used_at is None:
        with transaction.atomic(durable=True):  # the mark must be there if this process dies
            AuthorizationRequest.objects.filter(pk=row.pk).update(used_at=asked_at)
    try:
        attempts.require_in_use(row.server)
        provider = _provider(row.server)
        tokens = provider.poll_device(row.device_code, row.scopes.split())
    except AuthorizationPendingError as answer:
        _wait(row, slower=isinstance(answer, SlowDownError))
    except TemporaryOAuthError:
        _back_off(row)
    except OAuthError as error:
        attempts.failed(row, _verdict(row, error))
    else:
        _take(row, provider, tokens, asked_at)


@sensitive_variables("tokens")
def _take(
    row: AuthorizationRequest, provider: Provider, tokens: TokenResponse, asked_at: datetime
) -> None:
    """Check and keep what the server sent. The code is used up: whatever fails now is the end of the attempt."""
    try:
        attempts.settle(row, provider, tokens, "", asked_at)
    except OAuthError as error:
        attempts.failed(row, error)


def _wait(row: AuthorizationRequest, *, slower: bool) -> None:
    interval = row.interval_seconds + (_SLOWER_SECONDS if slower else 0)
    AuthorizationRequest.objects.filter(pk=row.pk).update(
        used_at=None,
        interval_seconds=interval,
        next_poll_at=timezone.now() + timedelta(seconds=interval) + _GRACE,
    )


def _back_off(row: AuthorizationRequest) -> None:
    """Each pause is as long as the trouble has lasted, which doubles them (RFC 8628 §3.5), up to a minute."""
    now = timezone.now()
    interval = timedelta(seconds=row.interval_seconds)
    pause = max(interval, min(now - (row.used_at or now), _LONGEST_PAUSE))
    AuthorizationRequest.objects.filter(pk=row.pk).update(next_poll_at=now + pause + _GRACE)


def _verdict(row: AuthorizationRequest, error: OAuthError) -> OAuthError:
    """What a refusal means for the person; a code that is gone after a poll without an answer was interrupted."""
    if not isinstance(error, ReauthorizationRequiredError | ExpiredTokenError):
        return error
    code = "expired"
    if row.used_at is not None:
        code = "sign_in_interrupted"
    elif error.error != "expired_token":
        code = "device_code_refused"
    return OAuthError(error.error, error.description, code=code, vendor_codes=error.vendor_codes)


def _provider(server: AuthorizationServer) -> Provider:
    """The adapter, with the address of device codes looked up where only the issuer is known."""
    is_known = (
        server.provider != AuthorizationServer.Kind.GENERIC
        or server.registration().device_authorization_endpoint
    )
    if not is_known and server.issuer:
        adapter.fetch_metadata(server, adapter.session_for(server))
    return adapter.provider_for(server)


def _read(pk: Any) -> AuthorizationRequest:
    return AuthorizationRequest.objects.select_related("server", "user", "owner", "grant").get(
        pk=pk
    )
