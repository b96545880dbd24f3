"""Changes made here → the mail server: in the order in which they were made, each at least once.

A worker may die after the server did something and before the row says so; the next one does it again. Therefore
each kind is harmless when repeated: flags are set, not toggled; a move whose message is gone from its folder looks
for it in the target by Message-ID; what is to be removed may be gone already; a message is filed in Sent only when
its Message-ID is not there yet.

A refusal of the server takes the change back here, so both sides agree again. Trouble with the connection leaves
the row and everything behind it waiting.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import groupby, takewhile
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from groupware.leases import Lease
from webmail import rawstore
from webmail.models import MailAccount, Mailbox, Message, RemoteOperation
from webmail.protocols.errors import (
    CommandRefusedError,
    InvalidArgumentError,
    MailboxMissingError,
)
from webmail.sync import store
from webmail.sync.refusals import refused

if TYPE_CHECKING:
    from webmail.protocols.imap import ImapSession

logger = logging.getLogger(__name__)

Kind = RemoteOperation.Kind
State = RemoteOperation.State
AT_ONCE = 200
_Result = TypeVar("_Result")


def are_due(account: MailAccount) -> bool:
    """Whether something waits for the server of ``account``."""
    return bool(_due(account))


def push(session: ImapSession, account: MailAccount, lease: Lease) -> None:
    """Do what waits. Raises MailServerError for trouble with the connection, LeaseLostError."""
    while due := _due(account):
        rows = RemoteOperation.objects.filter(pk__in=due).order_by("pk")
        waiting = rows.select_related("mailbox", "target", "message", "outgoing")
        for _key, group in groupby(waiting, key=_alike):
            operations = list(group)
            store.fence(lease)
            if not _begin(operations):
                break  # somebody took one of them back in this moment
            if not _attempt(session, operations, lease):
                return
            if operations[0].kind == Kind.MOVE:
                break  # what follows may wait for the numbers that this move has told


def forget_done(age: timedelta = timedelta(days=7)) -> int:
    """Delete rows of changes that the server took longer ago than ``age``; refused ones stay for the administrator."""
    done = RemoteOperation.objects.filter(state=State.DONE, created_at__lt=timezone.now() - age)
    return done.delete()[0]


def _due(account: MailAccount) -> list[int]:
    """What may be done now. Order is kept: what waits for its time holds up everything behind it."""
    now = timezone.now()
    waiting = RemoteOperation.objects.filter(account=account, state=State.WAITING).order_by("pk")
    rows = waiting.values_list("pk", "next_attempt_at")[:AT_ONCE]
    return [pk for pk, _at in takewhile(lambda row: row[1] <= now, rows)]


def _alike(operation: RemoteOperation) -> tuple[Any, ...]:
    """Operations that may go to the server in one command."""
    arguments = operation.arguments
    if operation.kind == Kind.APPEND:
        return (operation.pk,)
    changes = (tuple(arguments.get("add", ())), tuple(arguments.get("remove", ())))
    return (
        operation.kind,
        operation.mailbox_id,
        operation.target_id,
        arguments.get("uid_validity"),
        *changes,
    )


def _begin(operations: list[RemoteOperation]) -> bool:
    """Count the attempt; from now on nobody takes these changes back."""
    pks = [operation.pk for operation in operations]
    begun = RemoteOperation.objects.filter(pk__in=pks, state=State.WAITING).update(
        attempts=F("attempts") + 1
    )
    return begun == len(operations)


def _attempt(session: ImapSession, operations: list[RemoteOperation], lease: Lease) -> bool:
    """Do operations of one kind; False when they have to wait and everything after them with them."""
    try:
        _perform(session, operations, lease)
    except (CommandRefusedError, MailboxMissingError, InvalidArgumentError) as error:
        if len(operations) > 1:
            return all(_attempt(session, [operation], lease) for operation in operations)
        return refused(session, operations[0], error, lease)
    return True


def _perform(session: ImapSession, operations: list[RemoteOperation], lease: Lease) -> None:
    first = operations[0]
    if first.kind == Kind.APPEND:
        _append(session, first)
        _finish(operations, lease)
        return
    status = session.select(first.mailbox.name)
    numbers = {
        operation.pk: _number(session, operation, status.uid_validity) for operation in operations
    }
    uids = sorted({uid for uid in numbers.values() if uid})
    if first.kind == Kind.STORE_FLAGS:
        if uids:
            session.store_flags(
                uids, add=first.arguments.get("add", ()), remove=first.arguments.get("remove", ())
            )
        _finish(operations, lease)
    elif first.kind == Kind.EXPUNGE:
        if uids:
            session.expunge(uids)
        _finish(operations, lease, removed=True)
    else:
        _move(session, operations, numbers, lease)


def _number(session: ImapSession, operation: RemoteOperation, uid_validity: int) -> int | None:
    """The UID of the operation's message in its folder; None when it is not there (any more)."""
    uid = operation.arguments.get("uid")
    if uid and operation.arguments.get("uid_validity") == uid_validity:
        return int(uid)
    if operation.message is None:
        return None
    return _find(session, operation.message)


def _find(session: ImapSession, message: Message) -> int | None:
    """The newest message with the same Message-ID in the selected folder, if its size is the same."""
    if not message.message_id.isascii() or not message.message_id:
        return None
    found = session.search_header("Message-ID", message.message_id)
    sizes = session.fetch_sizes(found) if found else {}
    return max((uid for uid, size in sizes.items() if size == message.size), default=None)


def _move(
    session: ImapSession,
    operations: list[RemoteOperation],
    numbers: dict[int, int | None],
    lease: Lease,
) -> None:
    target = operations[0].target
    if target is None:
        raise MailboxMissingError("The folder to move to is gone")
    uids = sorted({uid for uid in numbers.values() if uid})
    new_uids = _into(session, target, lambda: session.move(uids, target.name)) if uids else {}
    status = session.select(target.name, readonly=True)
    arrived: dict[int, int] = {}
    for operation in operations:
        uid = new_uids.get(numbers[operation.pk] or 0)
        if uid is None and operation.message is not None:
            uid = _find(
                session, operation.message
            )  # no COPYUID, or moved by a worker that died before it said so
        if uid is not None:
            arrived[operation.pk] = uid
    with transaction.atomic():
        store.fence(lease)
        for operation in operations:
            if operation.pk in arrived:
                _renumber(operation, target, status.uid_validity, arrived[operation.pk])
        _mark_done(operations)


def _renumber(operation: RemoteOperation, target: Mailbox, uid_validity: int, uid: int) -> None:
    """Write down the message's new number: on its row, and on changes that wait behind this one."""
    message = operation.message
    if message is None:
        return
    behind = RemoteOperation.objects.filter(
        message=message, mailbox=target, state=State.WAITING, pk__gt=operation.pk
    )
    for later in behind:
        if not later.arguments.get("uid"):
            later.arguments |= {"uid": uid, "uid_validity": uid_validity}
            later.save(update_fields=["arguments"])
    if not Message.objects.filter(pk=message.pk, mailbox=target).exists():
        return  # moved on already
    # A round may have fetched the moved message as a new one in between; the row with the history stays.
    twins = Message.objects.filter(mailbox=target, uid_validity=uid_validity, uid=uid).exclude(
        pk=message.pk
    )
    if twins.delete()[0]:
        store.recount(target)
    Message.objects.filter(pk=message.pk).update(uid=uid, uid_validity=uid_validity)


def _append(session: ImapSession, operation: RemoteOperation) -> None:
    """File a sent message, unless it is there: filed by the server, or by a worker that died afterwards."""
    outgoing = operation.outgoing
    if outgoing is None:
        return
    _into(session, operation.mailbox, lambda: session.select(operation.mailbox.name))
    if not session.search_header("Message-ID", outgoing.message_id):
        flags = operation.arguments.get("flags", ["\\Seen"])
        session.append(
            operation.mailbox.name, rawstore.read(outgoing.digest), flags, outgoing.sent_at
        )


def _into(session: ImapSession, target: Mailbox, action: Callable[[], _Result]) -> _Result:
    """Do something with a folder; make the folder first when the server does not have it (yet)."""
    try:
        return action()
    except MailboxMissingError:
        session.create(target.name)
        return action()


def _finish(operations: Sequence[RemoteOperation], lease: Lease, *, removed: bool = False) -> None:
    with transaction.atomic():
        store.fence(lease)
        if removed:
            Message.objects.filter(
                pk__in=[operation.message_id for operation in operations]
            ).delete()
        _mark_done(operations)


def _mark_done(operations: Sequence[RemoteOperation]) -> None:
    pks = [operation.pk for operation in operations]
    RemoteOperation.objects.filter(pk__in=pks).update(
        state=State.DONE, error_code="", error_text=""
    )
