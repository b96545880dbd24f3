"""The vault: the only place where tokens are written, refreshed and read.

A grant is one row with an access token (an hour, often less) and a refresh token (months). Both lie encrypted, bound
to their row. Whoever opens a mailbox asks ``access_token(grant)`` and gets a token that will last for the work.

Refreshing is where mailboxes die elsewhere, so it keeps these rules:

1. One at a time. The refresher holds the row's lease (60 s, the request takes 10 at most). The others wait for the
   new row, or go on with the old token while it lives.
2. Nothing is handed out before it is saved. A rotated refresh token goes into the same UPDATE as the access token, and
   only then the access token leaves. A server that sends no new refresh token means: keep the old one.
3. ``version`` is the fence. It grows with every write of tokens; each write says ``WHERE version = seen``. A refresher
   that slept past its lease, or was overtaken by a person who authorized again, writes nothing.
4. A verdict is believed only about what is still stored. ``invalid_grant`` for a token that has been replaced
   meanwhile says nothing about the new one.
5. Three kinds of failure, three owners. The person's (``invalid_grant`` …) ends the grant. The registration's
   (``invalid_client`` …) is one fault on the server's row, probed every quarter of an hour; grants stay as they are and
   nobody is asked to sign in. Everything else passes: back off, with jitter, and use the old token while it lives.
6. No transaction is open while the network is asked: the new token must be committed when it leaves.
7. Several temporary failures in a row of one server open its breaker (``oauthservers.breaker``): while it is open,
   callers get TemporaryOAuthError at once, old tokens go on serving, and one caller in a while asks in earnest.
8. A grant of application access has no person and no refresh token: "refreshing" asks for a new access token in our
   own name. Everything else (lease, fence, back-off, faults) is the same. What the server says against one mailbox
   is the administrator's matter and is tried again by itself.

              keep()                                access_token(), renew()
   (nothing) ───────▶ ACTIVE ◀──────────────────────────┐ refreshed
                       │  ▲                              │
        invalid_grant  │  │ keep(): the person           └── ACTIVE (temporary trouble: failures, next_attempt_at)
                       ▼  │ authorized again
          REAUTHORIZATION_REQUIRED ──revoke()──▶ REVOKED ──keep()──▶ ACTIVE

Log lines carry a keyed hash of each token (8 hexadecimal digits), so that a chain of rotations can be followed.
"""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from groupware.audit.record import record
from oauthservers import adapter, breaker, revoking, timing
from oauthservers.errors import (
    AdministratorRequiredError,
    OAuthError,
    ReauthorizationRequiredError,
    TemporaryOAuthError,
)
from oauthservers.models import AuthorizationServer, Grant
from oauthservers.providers.base import Identity, TokenResponse
from oauthservers.refreshing import (
    MAILBOX_REFUSED,
    NO_TROUBLE,
    PROBE_EVERY,
    fingerprint,
    renewed,
    tell,
)

logger = logging.getLogger(__name__)

__all__ = [
    "ACTOR",
    "MAILBOX_REFUSED",
    "PROBE_EVERY",
    "access_token",
    "discard",
    "keep",
    "renew",
    "revoke",
]

#: Says of ``owner``: the person who acts.
ACTOR: Any = object()
_WAIT_SECONDS = 20.0
_USE_NOTED_EVERY = timedelta(minutes=5)


@sensitive_variables("tokens")
def keep(
    *,
    server: AuthorizationServer,
    user: Any,
    mailbox_address: str,
    identity: Identity,
    tokens: TokenResponse,
    scopes: str,
    asked_at: datetime,
    owner: Any = ACTOR,
    access: Grant.Access = Grant.Access.DELEGATED,
    also: Callable[[Grant], Any] | None = None,
) -> Grant:
    """Store what was just authorized, in the grant of the same server, mailbox and owner if there is one.

    ``user`` acts; ``owner`` is whose connection it becomes, None for nobody's. ``scopes`` is what was asked for and
    granted; ``asked_at`` is when the token request left, from which the access token's life is counted. ``also`` is
    done in the same transaction. Accounts that use the grant go on with it: its error, if any, is over.
    """
    values = {**_about(identity), "access": access, "scopes": scopes, **NO_TROUBLE}
    owner = user if owner is ACTOR else owner
    with transaction.atomic():
        grant = _grant_for(server, owner, mailbox_address.strip(), values)
        before = grant.subject
        columns = grant.token_columns(tokens, asked_at, timing.UNKNOWN_LIFETIME)
        if access == Grant.Access.APPLICATION:
            columns["refresh_token"] = ""  # of a person who signed in before
        Grant.objects.filter(pk=grant.pk).update(**values, **columns, version=F("version") + 1)
        details = {"signed_in_as": identity.names[0], "owner": str(owner or "")}
        if before != identity.subject:
            details["identity"] = "changed"
        record("oauthservers.grant.kept", actor=user, target=grant, details=details)
        kept = Grant.objects.select_related("server").get(pk=grant.pk)
        if also is not None:
            also(kept)
    logger.info(
        "kept",
        extra={
            "grant": str(kept.public_id),
            "received": fingerprint(tokens.refresh_token),
            "access": fingerprint(tokens.access_token),
        },
    )
    server.clear_fault()
    breaker.answered(server)
    tell(kept)
    return kept


def access_token(grant: Grant, minimum_seconds: float = 300) -> str:
    """Return an access token good for ``minimum_seconds`` (or two fifths of its life), refreshed if need be.

    Raises ReauthorizationRequiredError (the person must act), AdministratorRequiredError (the registration is at
    fault), TemporaryOAuthError (time helps). Must not be called inside a transaction.
    """
    give_up_at = time.monotonic() + _WAIT_SECONDS
    while True:
        row = _read(grant.pk)
        _require_active(row)
        _note_use(row)
        if timing.is_fresh(row, minimum_seconds):
            return row.opened("access_token")
        try:
            token = renewed(row)
        except (TemporaryOAuthError, AdministratorRequiredError):
            if not timing.is_alive(row):
                raise
            token = row.opened("access_token")
        if token:
            return token
        if timing.is_alive(
            row
        ):  # somebody else is refreshing; until then the old one opens the mailbox
            return row.opened("access_token")
        if time.monotonic() > give_up_at:
            raise TemporaryOAuthError("refresh_busy", code="refresh_busy", retry_after=5)
        time.sleep(0.1)


def renew(grant: Grant) -> bool:
    """Refresh ahead of need, or wake a grant that slept; False when nothing was due. Raises as access_token()."""
    row = _read(grant.pk)
    _require_active(row)
    return timing.is_due(row) and renewed(row) is not None


@sensitive_variables("token")
def discard(grant: Grant, token: str) -> bool:
    """A mail server refused ``token``: do not hand it out again. False when it has been replaced already."""
    row = _read(grant.pk)
    if not hmac.compare_digest(row.opened("access_token").encode(), token.encode()):
        return False
    # The version stays: a refresh that is under way must still be able to save what it brings.
    ended = Grant.objects.filter(pk=row.pk, version=row.version).update(
        access_token_expires_at=timezone.now()
    )
    logger.info("discarded", extra={"grant": str(row.public_id), "used": fingerprint(token)})
    return bool(ended)


def revoke(grant: Grant) -> bool:
    """End a grant: erase its tokens here, then tell the server. True when the server took note.

    Erasing comes first, so that a server that does not answer cannot keep the tokens alive in our database. A server
    is told nothing while another connection lives on the same consent, which it would end as a whole.
    """
    row = _read(grant.pk)
    refresh_token = revoking.erase(row)
    if revoking.same_consent(row):
        refresh_token = ""
    try:
        told = bool(refresh_token) and adapter.provider_for(row.server).revoke(refresh_token)
    except OAuthError as error:
        logger.warning(
            "revocation failed", extra={"grant": str(row.public_id), "error": error.code}
        )
        if isinstance(error, TemporaryOAuthError):
            revoking.leave(row, refresh_token)  # told as soon as the server is back
        told = False
    record("oauthservers.grant.disconnected", target=row, details={"revoked_at_server": told})
    tell(_read(row.pk))
    return told


# -- rows ------------------------------------------------------------------------------------------


def _about(identity: Identity) -> dict[str, Any]:
    """The columns of a grant that somebody has just made or renewed."""
    now = timezone.now()
    return {
        "issuer": identity.issuer,
        "subject": identity.subject,
        "signed_in_as": identity.names[0],
        "known_names": "\n".join(identity.names),
        "state": Grant.State.ACTIVE,
        "state_since": now,
        "authorized_at": now,
    }


def _grant_for(
    server: AuthorizationServer, owner: Any, mailbox_address: str, values: dict[str, Any]
) -> Grant:
    """The grant of this server, mailbox and owner, made if there is none."""
    mine = Grant.objects.of_mailbox(server, owner, mailbox_address)
    if grant := mine.first():
        return grant
    try:
        with transaction.atomic():
            return Grant.objects.create(
                server=server, created_by=owner, mailbox_address=mailbox_address, **values
            )
    except IntegrityError:  # a second tab was a moment faster
        return mine.get()


def _read(pk: Any) -> Grant:
    return Grant.objects.select_related("server").get(pk=pk)


def _require_active(row: Grant) -> None:
    if row.state == Grant.State.REVOKED:
        code = row.error_code or "disconnected"
        raise ReauthorizationRequiredError(code, code=code)
    if row.state == Grant.State.REAUTHORIZATION_REQUIRED:
        raise ReauthorizationRequiredError(row.error_code, row.error_detail, code=row.error_code)
    if not row.server.is_enabled:
        raise AdministratorRequiredError("server_switched_off", code="server_switched_off")


def _note_use(row: Grant) -> None:
    now = timezone.now()
    if row.last_used_at is None or row.last_used_at < now - _USE_NOTED_EVERY:
        Grant.objects.filter(pk=row.pk).update(last_used_at=now)
