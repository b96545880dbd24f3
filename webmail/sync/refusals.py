"""When the server refuses a change that was made here: wait, or take it back so that both sides agree again."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from groupware.leases import Lease
from webmail import backoff
from webmail.models import Message, RemoteOperation
from webmail.protocols.errors import MailServerError
from webmail.sync import rows, store

if TYPE_CHECKING:
    from webmail.protocols.imap import ImapSession

logger = logging.getLogger(__name__)

Kind = RemoteOperation.Kind
State = RemoteOperation.State
MOST_ATTEMPTS = 8


def refused(
    session: ImapSession,
    operation: RemoteOperation,
    error: MailServerError,
    lease: Lease,
) -> bool:
    """Wait if it may get better; otherwise take the change back here."""
    values: dict[str, Any] = {
        "error_code": error.code,
        "error_text": error.server_text,
    }
    waits = error.retryable and operation.attempts + 1 < MOST_ATTEMPTS
    if waits:
        pause = backoff.after(operation.attempts, base=60, longest=3600, shortest=5)
        values["next_attempt_at"] = timezone.now() + timedelta(seconds=pause)
    else:
        values["state"] = State.FAILED
        logger.info("%s of account %s refused: %s", operation, operation.account_id, error.code)
    with transaction.atomic():
        store.fence(lease)
        RemoteOperation.objects.filter(pk=operation.pk).update(**values)
        if not waits:
            _take_back(operation)
    if not waits and operation.kind == Kind.STORE_FLAGS:
        _read_flags_again(session, operation, lease)
    return not waits


def _take_back(operation: RemoteOperation) -> None:
    message = operation.message
    if message is None:
        return
    if operation.kind == Kind.MOVE and message.mailbox_id == operation.target_id:
        arguments = operation.arguments
        Message.objects.filter(pk=message.pk).update(
            mailbox=operation.mailbox,
            uid=arguments.get("uid"),
            uid_validity=arguments.get("uid_validity") or 0,
        )
        for mailbox in filter(None, (operation.mailbox, operation.target)):
            store.recount(mailbox)
    elif operation.kind == Kind.EXPUNGE:
        Message.objects.filter(pk=message.pk).update(is_deleted=False)
        store.recount(operation.mailbox)


def _read_flags_again(session: ImapSession, operation: RemoteOperation, lease: Lease) -> None:
    uid = operation.arguments.get("uid")
    if not uid or operation.message_id is None:
        return
    for item in session.fetch_flags([uid]):
        with transaction.atomic():
            store.fence(lease)
            if operation.message_id not in store.waiting_for_server([operation.message_id]):
                Message.objects.filter(pk=operation.message_id).update(
                    **rows.flag_fields(item.flags)
                )
                store.recount(operation.mailbox)
