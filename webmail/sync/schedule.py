"""Who is received next, and what state receiving is in.

Due is a column, not a memory of Redis. Claiming pushes ``next_sync_at`` a little way ahead, so an account whose
task got lost is due again by itself. The work itself is guarded by the lease on the row.

Back-off is full jitter, random between nothing and a limit that doubles: after an outage of a provider the accounts
come back spread out, not all at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from groupware.audit.record import record
from groupware.leases import Lease, is_free
from oauthservers.models import Grant
from webmail import backoff
from webmail.failures import Failure
from webmail.models import MailAccount

Health = MailAccount.Health
LOST_AFTER = timedelta(seconds=60)
BASE_SECONDS = 30.0
LONGEST_SECONDS = 3600.0
ADMINISTRATOR_SECONDS = 900.0
REFUSED_SECONDS = 6 * 3600.0
# A mail server that knows who it is and still says no is not asked often: it might lock the account out.
_REFUSED = {"fresh_token_refused"}
# Passes as a rule; when it stays, a switch at the provider is off.
_LASTING_CODES = {"authenticated_but_not_connected"}
_LASTING_AFTER = 5
_STOPPED = (Health.OWNER_REQUIRED, Health.ADMINISTRATOR_REQUIRED)


def claim_due(limit: int = 500) -> list[int]:
    """Take the accounts that are due, longest waiting first; each is given to one caller only."""
    now = timezone.now()
    due = MailAccount.objects.in_use().filter(is_free(now), may_be_received())
    due = due.filter(Q(next_sync_at__isnull=True) | Q(next_sync_at__lte=now))
    claimed = []
    rows = due.order_by(F("next_sync_at").asc(nulls_first=True), "pk")
    for pk, seen in rows.values_list("pk", "next_sync_at")[:limit]:
        same = Q(next_sync_at=seen) if seen else Q(next_sync_at__isnull=True)
        if MailAccount.objects.filter(same, pk=pk).update(next_sync_at=now + LOST_AFTER):
            claimed.append(pk)
    return claimed


def give_back(pks: Iterable[int]) -> None:
    """Make claimed accounts due again, because nobody could be told, or was free, to receive them."""
    MailAccount.objects.filter(pk__in=list(pks)).update(next_sync_at=timezone.now())


def may_be_received() -> Q:
    """Condition: nobody has to act first, or they have acted since (a new authorization)."""
    acted = Q(receive_grant__authorized_at__gt=F("receive_error_since")) | Q(
        receive_grant__state_since__gt=F("receive_error_since")
    )
    again = Q(receive_grant__state=Grant.State.ACTIVE) & acted
    return ~Q(receive_health=Health.OWNER_REQUIRED) | again


def resume(account: MailAccount) -> None:
    """Receive ``account`` soon, whatever its state: its settings or its authorization changed."""
    MailAccount.objects.filter(pk=account.pk).update(
        receive_health=Health.UNTRIED,
        receive_error_code="",
        receive_error_text="",
        receive_error_since=None,
        receive_failures=0,
        next_sync_at=timezone.now(),
    )


def stop(account: MailAccount, failure: Failure) -> None:
    """A connection ended: this is known without asking the mail server."""
    MailAccount.objects.filter(pk=account.pk).update(
        receive_health=failure.health,
        receive_error_code=failure.code,
        receive_error_text=failure.server_text,
        receive_error_since=_since(account, failure, timezone.now()),
    )
    if failure.health in _STOPPED and failure.health != account.receive_health:
        record("webmail.account.receiving_stopped", target=account, details={"code": failure.code})


def worked(account: MailAccount, lease: Lease, *, is_finished: bool) -> None:
    """Receiving went through; an account with more to fetch is due at once."""
    now = timezone.now()
    pause = settings.SYNC_INTERVAL_SECONDS * backoff.between(0.8, 1.2) if is_finished else 0
    lease.rows.update(
        receive_health=Health.WORKING,
        receive_error_code="",
        receive_error_text="",
        receive_error_since=None,
        receive_failures=0,
        received_at=now,
        receive_tried_at=now,
        next_sync_at=now + timedelta(seconds=pause),
    )
    if account.receive_health in _STOPPED:
        record("webmail.account.receiving_resumed", target=account)


def failed(account: MailAccount, lease: Lease, failure: Failure) -> None:
    """Receiving did not go through: keep the reason, and when to try again."""
    now = timezone.now()
    if failure.code in _LASTING_CODES and account.receive_failures >= _LASTING_AFTER:
        failure = replace(failure, health=Health.ADMINISTRATOR_REQUIRED)
    lease.rows.update(
        receive_tried_at=now,
        receive_health=failure.health,
        receive_error_code=failure.code,
        receive_error_text=failure.server_text,
        receive_error_since=_since(account, failure, now),
        receive_failures=F("receive_failures") + 1,
        next_sync_at=now + timedelta(seconds=pause_after(failure, account.receive_failures)),
    )
    if failure.health in _STOPPED and failure.health != account.receive_health:
        record("webmail.account.receiving_stopped", target=account, details={"code": failure.code})


def stumbled(pk: int) -> None:
    """A fault of ours ended the work: try again later instead of at once."""
    account = MailAccount.objects.filter(pk=pk).first()
    if account is not None:
        failure = Failure("internal_error", "", Health.RETRYING)
        MailAccount.objects.filter(pk=pk).update(
            receive_tried_at=timezone.now(),
            receive_health=Health.RETRYING,
            receive_error_code=failure.code,
            receive_error_text="",
            receive_error_since=_since(account, failure, timezone.now()),
            receive_failures=F("receive_failures") + 1,
            next_sync_at=timezone.now()
            + timedelta(seconds=pause_after(failure, account.receive_failures)),
        )


def pause_after(failure: Failure, failures: int) -> float:
    """Seconds until the next attempt, after ``failures`` earlier ones in a row."""
    if failure.health == Health.ADMINISTRATOR_REQUIRED and failure.code in _REFUSED:
        return backoff.between(REFUSED_SECONDS / 2, REFUSED_SECONDS)
    if failure.health == Health.ADMINISTRATOR_REQUIRED:
        return backoff.between(ADMINISTRATOR_SECONDS / 2, ADMINISTRATOR_SECONDS)
    pause = backoff.after(failures, base=BASE_SECONDS, longest=LONGEST_SECONDS)
    return max(failure.retry_after, pause)


def _since(account: MailAccount, failure: Failure, now: Any) -> Any:
    is_same = (
        account.receive_error_code == failure.code and account.receive_health == failure.health
    )
    return account.receive_error_since if is_same and account.receive_error_since else now
