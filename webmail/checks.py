"""Runs of "Check this mailbox": started by somebody who looks after it, done by a worker, watched while they run.

A run is a row. The worker claims it and writes each step as soon as it is known, so a page that asks once a second
fills up, and somebody else can look at it later. One run of a mailbox at a time; a run that a lost worker left behind
counts as interrupted after a while.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone, translation

from groupware.audit.record import record
from webmail import diagnosis
from webmail.check_steps import Step
from webmail.error_messages import RECEIVE, SEND
from webmail.models import MailAccount, MailboxCheck
from webmail.protocols.types import Security

logger = logging.getLogger(__name__)

State = MailboxCheck.State
#: A run of which nothing was heard for this long has lost its worker.
LOST_AFTER = timedelta(minutes=3)
KEPT_FOR = timedelta(days=30)
_RELATED = (
    "owner",
    "receive_grant__server",
    "send_grant__server",
    "incoming_server__authorization_server",
    "outgoing_server__authorization_server",
)


def start(
    account: MailAccount, started_by: Any, *, sends_message: bool = False
) -> tuple[MailboxCheck, bool]:
    """The run of ``account``: a new one for a worker to do, or the one that is under way; whether it is new."""
    running = latest(account)
    if running is not None and is_under_way(running):
        return running, False
    run_row = MailboxCheck.objects.create(
        account=account, started_by=started_by, sends_message=sends_message
    )
    record(
        "webmail.account.checked",
        actor=started_by,
        target=account,
        details={"sends_message": sends_message},
    )
    return run_row, True


def latest(account: MailAccount) -> MailboxCheck | None:
    """The last run of ``account``."""
    return MailboxCheck.objects.filter(account=account).order_by("-started_at", "-pk").first()


def is_under_way(row: MailboxCheck) -> bool:
    """Whether the run has yet to end and can still end."""
    return row.state != State.DONE and row.touched_at > timezone.now() - LOST_AFTER


def run(pk: int) -> None:
    """Do a run that waits; one that another worker has is left alone."""
    rows = MailboxCheck.objects.filter(pk=pk)
    if not rows.filter(state=State.WAITING).update(state=State.RUNNING, touched_at=timezone.now()):
        return
    row = rows.select_related("started_by", *(f"account__{name}" for name in _RELATED)).get()
    language = getattr(row.started_by, "language", "") or settings.LANGUAGE_CODE
    steps: list[dict[str, Any]] = []
    with translation.override(language):  # the words of a test message
        for step in diagnosis.check(row.account, sends_message=row.sends_message):
            steps.append(step.stored())
            rows.update(steps=steps, touched_at=timezone.now())
    now = timezone.now()
    rows.update(state=State.DONE, finished_at=now, touched_at=now)
    failed = [step["code"] for step in steps if not step["is_fine"]]
    logger.info("mailbox checked", extra={"account": str(row.account.public_id), "failed": failed})


def steps_of(row: MailboxCheck) -> list[Step]:
    """The steps that are known by now."""
    return [Step(**step) for step in row.steps]


def awaited(row: MailboxCheck) -> list[tuple[str, str]]:
    """Direction and key of the steps that are still to come, should nothing fail."""
    account, known = row.account, {(step["direction"], step["key"]) for step in row.steps}
    broken = {step["direction"] for step in row.steps if not step["is_fine"]}
    expected = [(RECEIVE, key) for key in _expected(account.incoming_server)]
    if account.outgoing_server and account.send_authentication != account.SendAuthentication.OFF:
        expected += [(SEND, key) for key in _expected(account.outgoing_server)]
        if row.sends_message:
            expected.append((SEND, "message"))
    return [step for step in expected if step not in known and step[0] not in broken]


def _expected(server: Any) -> list[str]:
    if server.security == Security.TLS:
        before = ["name", "connection_tls", "secret"]
    elif server.security == Security.STARTTLS:
        before = ["name", "connection", "secret", "starttls"]
    else:
        before = ["name", "connection", "secret"]
    return [*before, "sign_in", "capabilities", server.protocol]


def forget_old() -> None:
    """Remove runs that nobody looks at any more."""
    MailboxCheck.objects.filter(started_at__lt=timezone.now() - KEPT_FOR).delete()
