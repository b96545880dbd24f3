"""Queued → the server's answer: one attempt under a lease, with its phase on the row."""

from __future__ import annotations

import logging
import zlib
from datetime import timedelta
from typing import Any

from django.db import DatabaseError
from django.db.models import F
from django.utils import timezone

from groupware import leases
from groupware.leases import Lease, is_free
from webmail import backoff, connections, rawstore
from webmail.failures import Failure, Known, classify
from webmail.models import MailAccount, OutgoingMessage
from webmail.outbox import sending_health, settlement
from webmail.protocols.errors import SubmissionRejectedError, SubmissionUnclearError
from webmail.protocols.types import SubmissionResult

logger = logging.getLogger(__name__)

State = OutgoingMessage.State
Health = MailAccount.Health

LEASE_SECONDS = 180.0
# From DATA on the server may take ten minutes for the answer (RFC 5321 §4.5.3.2.6).
DATA_LEASE_SECONDS = 15 * 60.0
GIVE_UP_AFTER = timedelta(days=5)
BASE_SECONDS = 60.0
LONGEST_SECONDS = 3600.0
# After DATA began nobody but the server knows what became of the message, if we are not there to hear it.
_IN_THE_SERVERS_HANDS = ("data_started", "handed_over")


# What keeps one message from being settled: its bytes are gone or spoilt, or the database refuses it.
_UNSETTLED = (rawstore.RawMissingError, OSError, EOFError, zlib.error, DatabaseError)


class _AbandonedError(Exception):
    """The lease was lost before anything left; whoever has it now goes on."""


def due(limit: int = 200) -> list[int]:
    """Messages whose time has come, the oldest first."""
    now = timezone.now()
    waiting = OutgoingMessage.objects.filter(is_free(now), state=State.QUEUED, send_after__lte=now)
    return list(waiting.order_by("send_after", "pk").values_list("pk", flat=True)[:limit])


def recover() -> int:
    """Settle messages whose worker died while sending; return how many were settled.

    One that cannot be settled now keeps its state for the next sweep and does not hold up the others.
    """
    abandoned = OutgoingMessage.objects.filter(is_free(), state=State.SENDING)
    count = 0
    for pk, phase in abandoned.values_list("pk", "phase"):
        lease = leases.take(abandoned.filter(phase=phase), pk, LEASE_SECONDS)
        if lease is None:
            continue
        try:
            _settle(lease, phase)
            lease.release()
            count += 1
        except _UNSETTLED as error:
            logger.warning("Message %s could not be settled: %s", pk, type(error).__name__)
    return count


def _settle(lease: Lease, phase: str) -> None:
    if phase == "accepted":
        settlement.sent(lease, {})
    elif phase in _IN_THE_SERVERS_HANDS:
        settlement.unclear(lease, "worker_lost", "")
    else:
        lease.rows.update(state=State.QUEUED, phase="", send_after=timezone.now())


def deliver(pk: int) -> str:
    """Try to send one message whose time has come; return its state afterwards ("" when it was not ours to send)."""
    now = timezone.now()
    ready = OutgoingMessage.objects.filter(state=State.QUEUED, send_after__lte=now)
    lease = leases.take(ready, pk, LEASE_SECONDS)
    if lease is None:
        return ""
    try:
        if not lease.rows.filter(state=State.QUEUED).update(
            state=State.SENDING, attempts=F("attempts") + 1, phase=""
        ):
            return ""
        _attempt(lease)
        return str(OutgoingMessage.objects.values_list("state", flat=True).get(pk=pk))
    finally:
        lease.release()


def _attempt(lease: Lease) -> None:
    related = (
        "account__outgoing_server",
        "account__receive_grant__server",
        "account__send_grant__server",
    )
    outgoing = OutgoingMessage.objects.select_related(*related, "account__incoming_server").get(
        pk=lease.pk
    )
    account = outgoing.account
    if not MailAccount.objects.in_use().filter(pk=account.pk).exists():
        _wait(lease, outgoing, Failure("account_off", "", Health.RETRYING), 3600)
        return
    try:
        result = _submit(outgoing, lease)
    except _AbandonedError:
        logger.warning("%s: the lease was lost before anything left.", outgoing)
    except rawstore.RawMissingError:
        settlement.failed(lease, Failure("raw_missing", "", Health.WORKING), {})
    except SubmissionUnclearError as error:
        settlement.unclear(lease, error.code, error.server_text)
    except Known as error:
        _refused(lease, outgoing, error)
    else:
        sending_health.worked(account)
        settlement.sent(lease, {address: text for address, (_code, text) in result.refused.items()})


def _submit(outgoing: OutgoingMessage, lease: Lease) -> SubmissionResult:
    raw = rawstore.read(outgoing.digest)

    def on_phase(phase: str) -> None:
        seconds = DATA_LEASE_SECONDS if phase in _IN_THE_SERVERS_HANDS else LEASE_SECONDS
        expires = timezone.now() + timedelta(seconds=seconds)
        if not lease.rows.update(phase=phase, lease_expires_at=expires) and phase != "accepted":
            raise _AbandonedError

    with connections.outgoing(outgoing.account) as session:
        return session.submit(raw, outgoing.envelope_from, outgoing.envelope_to, on_phase)


def _refused(lease: Lease, outgoing: OutgoingMessage, error: Exception) -> None:
    """Temporary trouble waits, a refusal ends here."""
    failure = classify(error)
    refused: dict[str, str] = {}
    if isinstance(error, SubmissionRejectedError):
        refused = {address: text for address, (_code, text) in error.refused.items()}
    if failure.health == Health.WORKING:
        sending_health.worked(outgoing.account)
        settlement.failed(lease, failure, refused)
        return
    sending_health.failed(outgoing.account, failure)
    logger.info("%s of account %s: %s", outgoing, outgoing.account.public_id, failure.code)
    if outgoing.queued_at and timezone.now() - outgoing.queued_at > GIVE_UP_AFTER:
        settlement.failed(
            lease, Failure(failure.code, failure.server_text, failure.health), refused
        )
        return
    _wait(lease, outgoing, failure, _pause(failure, outgoing.attempts))


def _pause(failure: Failure, attempts: int) -> float:
    """Seconds until the next attempt. Where somebody has to act first, an hour: servers lock out who insists."""
    if not failure.is_temporary:
        return LONGEST_SECONDS
    pause = backoff.after(attempts, base=BASE_SECONDS, longest=LONGEST_SECONDS, shortest=15)
    return max(failure.retry_after, pause)


def _wait(lease: Lease, outgoing: OutgoingMessage, failure: Failure, seconds: float) -> None:
    values: dict[str, Any] = {"error_code": failure.code, "error_text": failure.server_text}
    lease.rows.filter(state=State.SENDING).update(
        state=State.QUEUED,
        phase="",
        send_after=timezone.now() + timedelta(seconds=seconds),
        **values,
    )
