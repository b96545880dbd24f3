"""Giving a grant up when nobody waits for the answer: an account was deleted, a person left, an operator cleans up.

Tokens are erased here at once, in the caller's transaction. What the server has to be told lies in a row of its own
(``PendingRevocation``) until the server took note: one that is away holds nothing up and is told later.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from groupware import leases
from groupware.audit.record import record
from oauthservers import adapter, timing
from oauthservers.errors import AdministratorRequiredError, OAuthError, TemporaryOAuthError
from oauthservers.models import Grant, PendingRevocation
from oauthservers.refreshing import NO_TROUBLE, tell

logger = logging.getLogger("oauthservers.vault")

#: After this time a server is not asked any more; the token ends of disuse.
GIVE_UP_AFTER = timedelta(days=7)
_LEASE_SECONDS = 60


@sensitive_variables("refresh_token")
def erase(row: Grant, code: str = "") -> str:
    """Take the tokens away here; the refresh token, for the server alone, empty where none opens.

    ``code`` says why, where it was not the owner's own wish.
    """
    try:
        refresh_token = row.opened("refresh_token")
    except AdministratorRequiredError:
        refresh_token = ""
    Grant.objects.filter(pk=row.pk).update(
        access_token="",
        refresh_token="",
        access_token_expires_at=None,
        state=Grant.State.REVOKED,
        state_since=timezone.now(),
        version=F("version") + 1,
        **{**NO_TROUBLE, "error_code": code},
    )
    return refresh_token


@sensitive_variables("refresh_token")
def release(grant: Grant, reason: str, code: str = "") -> None:
    """End ``grant`` and leave a note for its server. ``reason`` goes to the audit log; ending it twice does nothing.

    ``code`` is kept on the grant and chooses the words for its owner.
    """
    row = Grant.objects.select_related("server").filter(pk=grant.pk).first()
    if row is None or row.state == Grant.State.REVOKED:
        return
    with (
        transaction.atomic()
    ):  # a token that is erased here without a note would live on at its server
        refresh_token = erase(row, code)
        if refresh_token and not same_consent(row):
            leave(row, refresh_token)
        record("oauthservers.grant.disconnected", target=row, details={"reason": reason})
    tell(Grant.objects.get(pk=row.pk))


@sensitive_variables("refresh_token")
def leave(row: Grant, refresh_token: str) -> None:
    """Note that the server has to be told."""
    PendingRevocation.objects.create(
        server=row.server, mailbox_address=row.mailbox_address, refresh_token=refresh_token
    )


def same_consent(row: Grant) -> bool:
    """Whether another grant lives on the same consent: servers revoke the consent as a whole (RFC 7009 §2.1)."""
    others = Grant.objects.alive().filter(server=row.server, subject=row.subject)
    return bool(row.subject) and others.exclude(pk=row.pk).exists()


def tell_servers() -> int:
    """Tell servers what waits for them; how many took note."""
    due = PendingRevocation.objects.filter(leases.is_free(), next_attempt_at__lte=timezone.now())
    pks = list(due.order_by("next_attempt_at").values_list("pk", flat=True)[:500])
    return sum(_tell(pk) for pk in pks)


@sensitive_variables("refresh_token")
def _tell(pk: int) -> bool:
    lease = leases.take(PendingRevocation.objects.all(), pk, _LEASE_SECONDS)
    if lease is None:
        return False
    row = PendingRevocation.objects.select_related("server").get(pk=pk)
    try:
        told = adapter.provider_for(row.server).revoke(row.opened())
    except OAuthError as error:
        _later(lease, row, error)
        return False
    lease.rows.delete()
    about = {"mailbox": row.mailbox_address}
    if told:
        record("oauthservers.grant.revoked_at_server", target=row.server, details=about)
    return bool(told)


def _later(lease: leases.Lease, row: PendingRevocation, error: OAuthError) -> None:
    about = {"mailbox": row.mailbox_address, "error": error.code}
    logger.warning("revocation failed", extra={"server": row.server.key, "error": error.code})
    waits = isinstance(error, TemporaryOAuthError | AdministratorRequiredError)
    if not waits or row.created_at < timezone.now() - GIVE_UP_AFTER:
        lease.rows.delete()
        record("oauthservers.grant.revocation_given_up", target=row.server, details=about)
        return
    lease.rows.update(
        attempts=F("attempts") + 1,
        next_attempt_at=timing.next_attempt(row.attempts + 1, getattr(error, "retry_after", None)),
        lease_owner="",
        lease_expires_at=None,
    )
