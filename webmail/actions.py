"""What people do with messages: mark, flag, move, delete, junk.

A change is made here at once, and in the same transaction a ``RemoteOperation`` is left for the server. Nothing waits
for the network, and nothing is forgotten when a worker or Redis is away. Folders of POP3 accounts are local: there
the change here is all there is.

Whoever may read an account marks and flags its messages; the marks are the mailbox's, all its members see them.
Moving and deleting asks for more (``Message.objects.changeable_by``).

Each verb returns the token of its undoing: signed, short-lived, and of use to the same person only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import Any

from django.core import signing
from django.db import transaction

from webmail.local_changes import (
    add_to_counts,
    by_account,
    by_mailbox,
    expunge,
    folder_with_role,
    grouped,
    locked,
    locked_to_change,
    move_to,
    set_flag,
    tell_flags,
    unseen,
)
from webmail.models import Mailbox, Message, RemoteOperation
from webmail.models.message import MessageQuerySet

Kind = RemoteOperation.Kind
State = RemoteOperation.State
Role = Mailbox.Role

UNDO_SECONDS = 600
_SALT = "webmail.actions.undo"
_NAMES_MESSAGES = {"seen", "unseen", "flagged", "unflagged", "delete"}


class DifferentAccountError(Exception):
    """A message cannot be moved to a folder of another account."""


def mark_seen(user: Any, messages: MessageQuerySet, seen: bool = True) -> str:
    """Mark as read or unread; return the token of undoing."""
    with transaction.atomic():
        changed = locked(user, messages, is_seen=not seen)
        set_flag(changed, "is_seen", seen)
        for mailbox, count in by_mailbox(changed).items():
            add_to_counts(mailbox, unseen=-count if seen else count)
    return _token(user, "seen" if seen else "unseen", changed)


def mark_flagged(user: Any, messages: MessageQuerySet, flagged: bool = True) -> str:
    """Set or take away the flag; return the token of undoing."""
    with transaction.atomic():
        changed = locked(user, messages, is_flagged=not flagged)
        set_flag(changed, "is_flagged", flagged)
    return _token(user, "flagged" if flagged else "unflagged", changed)


def mark_answered(messages: MessageQuerySet, *, forwarded: bool = False) -> None:
    """Note that a message was answered or forwarded ($Forwarded, RFC 9051 §2.3.2). Nobody undoes this."""
    with transaction.atomic():
        found = list(
            messages.select_for_update(of=("self",)).select_related("mailbox").order_by("pk")
        )
        if not forwarded:
            set_flag([message for message in found if not message.is_answered], "is_answered", True)
            return
        new = [message for message in found if "$Forwarded" not in message.keywords]
        for message in new:
            message.keywords = sorted({*message.keywords, "$Forwarded"})
        Message.objects.bulk_update(new, ["keywords"])
        tell_flags(new, add=["$Forwarded"], remove=[])


def move(user: Any, messages: MessageQuerySet, target: Mailbox) -> str:
    """Move to ``target``; return the token of undoing. Raises DifferentAccountError."""
    with transaction.atomic():
        found = [
            message
            for message in locked_to_change(user, messages)
            if message.mailbox_id != target.pk
        ]
        if any(message.account_id != target.account_id for message in found):
            raise DifferentAccountError("A message stays in its mail account.")
        origins = [(message.pk, message.mailbox_id) for message in found]
        move_to(found, target)
    return _token(user, "move", found, origins=origins)


def delete(user: Any, messages: MessageQuerySet) -> str:
    """Move to Trash; what lies in Trash is deleted for good. Return the token of undoing."""
    with transaction.atomic():
        found = locked_to_change(user, messages)
        for_good = [message for message in found if message.mailbox.role == Role.TRASH]
        movable = [message for message in found if message.mailbox.role != Role.TRASH]
        origins = [(message.pk, message.mailbox_id) for message in movable]
        for account, group in by_account(movable).items():
            move_to(group, folder_with_role(account, Role.TRASH))
        expunge(for_good)
    return _token(user, "delete", for_good, origins=origins)


def junk(user: Any, messages: MessageQuerySet, junk: bool = True) -> str:
    """Move to Junk, or from there back to the inbox; return the token of undoing."""
    with transaction.atomic():
        found = locked_to_change(user, messages)
        origins = [(message.pk, message.mailbox_id) for message in found]
        for account, group in by_account(found).items():
            move_to(group, folder_with_role(account, Role.JUNK if junk else Role.INBOX))
    return _token(user, "junk", found, origins=origins)


def archive(user: Any, messages: MessageQuerySet) -> str:
    """Move to Archive; return the token of undoing."""
    with transaction.atomic():
        found = locked_to_change(user, messages)
        origins = [(message.pk, message.mailbox_id) for message in found]
        for account, group in by_account(found).items():
            move_to(group, folder_with_role(account, Role.ARCHIVE))
    return _token(user, "archive", found, origins=origins)


def undo(user: Any, token: str) -> set[int] | None:
    """Take a change back; return the keys of the accounts concerned, or None when it is too late."""
    try:
        undoing = signing.loads(token, salt=_SALT, max_age=UNDO_SECONDS)
    except signing.BadSignature:
        return None
    if undoing["user"] != user.pk:
        return None
    readable, changeable = Message.objects.visible_to(user), Message.objects.changeable_by(user)
    messages = list(accumulate(undoing["messages"]))
    origins = [
        (pk, mailbox_pk) for mailbox_pk, keys in undoing["origins"] for pk in accumulate(keys)
    ]
    reverse: dict[str, Callable[[MessageQuerySet], str]] = {
        "seen": lambda rows: mark_seen(user, rows, seen=False),
        "unseen": lambda rows: mark_seen(user, rows, seen=True),
        "flagged": lambda rows: mark_flagged(user, rows, flagged=False),
        "unflagged": lambda rows: mark_flagged(user, rows, flagged=True),
    }
    rows = readable.filter(pk__in=messages)
    concerned = readable.filter(pk__in=[*messages, *(pk for pk, _mailbox in origins)])
    accounts = set(concerned.values_list("account_id", flat=True))
    with transaction.atomic():
        if undoing["verb"] in reverse:
            reverse[undoing["verb"]](rows)
        elif undoing["verb"] == "delete":
            _restore(changeable.filter(pk__in=messages))
        _move_back(changeable, origins)
    return accounts or None


def _restore(messages: MessageQuerySet) -> None:
    """Show what was deleted for good, as far as the server was not told yet."""
    found = list(
        messages.filter(is_deleted=True)
        .exclude(digest="")
        .select_for_update(of=("self",))
        .select_related("mailbox")
    )
    waiting = RemoteOperation.objects.filter(
        kind=Kind.EXPUNGE,
        state=State.WAITING,
        attempts=0,
        message__in=[message.pk for message in found],
    )
    told = set(waiting.values_list("message_id", flat=True))
    waiting.delete()
    saved = [message for message in found if message.mailbox.is_local or message.pk in told]
    Message.objects.filter(pk__in=[message.pk for message in saved]).update(is_deleted=False)
    for mailbox, group in grouped(saved).items():
        add_to_counts(mailbox, total=len(group), unseen=unseen(group))


def _move_back(changeable: MessageQuerySet, origins: Sequence[tuple[int, int]]) -> None:
    """Move messages to where they came from; a move the server was not told of yet never happened."""
    for pk, mailbox_pk in origins:
        rows = (
            changeable.filter(pk=pk)
            .select_for_update(of=("self",))
            .select_related("mailbox", "account__incoming_server")
        )
        message, origin = rows.first(), Mailbox.objects.filter(pk=mailbox_pk).first()
        if message is None or origin is None or origin.account_id != message.account_id:
            continue
        last = RemoteOperation.objects.filter(message=message).order_by("-pk").first()
        if last and (last.kind, last.state, last.attempts, last.mailbox_id) == (
            Kind.MOVE,
            State.WAITING,
            0,
            origin.pk,
        ):
            _forget_move(message, last, origin)
        else:
            move_to([message], origin)


def _forget_move(message: Message, operation: RemoteOperation, origin: Mailbox) -> None:
    # Deleted under the condition that it still waits: a worker may have taken it a moment ago.
    if not RemoteOperation.objects.filter(
        pk=operation.pk, state=State.WAITING, attempts=0
    ).delete()[0]:
        move_to([message], origin)
        return
    Message.objects.filter(pk=message.pk).update(
        mailbox=origin,
        uid=operation.arguments.get("uid"),
        uid_validity=operation.arguments.get("uid_validity") or 0,
    )
    add_to_counts(message.mailbox, total=-1, unseen=-unseen([message]))
    add_to_counts(origin, total=1, unseen=unseen([message]))


def _token(
    user: Any,
    verb: str,
    messages: Iterable[Message],
    origins: Sequence[tuple[int, int]] = (),
) -> str:
    """Sign what undoing needs. It travels in an address, so keys are packed as differences."""
    named = verb in _NAMES_MESSAGES
    by_mailbox: dict[int, list[int]] = {}
    for pk, mailbox_pk in origins:
        by_mailbox.setdefault(mailbox_pk, []).append(pk)
    undoing = {
        "user": user.pk,
        "verb": verb,
        "messages": _packed(message.pk for message in messages) if named else [],
        "origins": [[mailbox_pk, _packed(pks)] for mailbox_pk, pks in by_mailbox.items()],
    }
    return signing.dumps(undoing, salt=_SALT, compress=True)


def _packed(keys: Iterable[int]) -> list[int]:
    ordered = sorted(keys)
    return [key - before for before, key in zip([0, *ordered], ordered, strict=False)]
