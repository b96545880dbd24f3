"""A change made here together with its message to the server: what the verbs of ``webmail.actions`` are made of.

Call within a transaction. Messages, then folders, each in the order of their keys, are locked by everybody, so nobody
waits in a circle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from webmail.models import MailAccount, Mailbox, Message, RemoteOperation
from webmail.models.message import MessageQuerySet

Kind = RemoteOperation.Kind
Role = Mailbox.Role
# Deleting for good waits this long before the server is told; until then it can be undone.
EXPUNGE_AFTER = timedelta(seconds=15)
_NAMES = {
    Role.TRASH: "Trash",
    Role.JUNK: "Junk",
    Role.ARCHIVE: "Archive",
    Role.SENT: "Sent",
    Role.DRAFTS: "Drafts",
}


def folder_with_role(account: MailAccount, role: str) -> Mailbox:
    """The folder of ``account`` with this role. One that is missing is made here, and on the server when it is used."""
    found = (
        Mailbox.objects.filter(account=account, is_selectable=True)
        .with_role(role)
        .order_by("pk")
        .first()
    )
    if found is not None:
        return found
    sample = Mailbox.objects.filter(account=account).exclude(role=Role.INBOX).order_by("pk").first()
    delimiter = sample.delimiter if sample else "/"
    # Some servers keep every folder below INBOX (RFC 2342 personal namespace).
    prefix = (
        f"INBOX{delimiter}"
        if sample and delimiter and sample.name.startswith(f"INBOX{delimiter}")
        else ""
    )
    made, _new = Mailbox.objects.get_or_create(
        account=account,
        name=prefix + _NAMES.get(Role(role), "INBOX"),
        defaults={"role": role, "delimiter": delimiter, "is_local": account.receives_by_pop3},
    )
    return made


def locked(user: Any, messages: MessageQuerySet, **having: bool) -> list[Message]:
    """The rows to mark, locked in one order for everybody; only what ``user`` may see."""
    return _locked(Message.objects.visible_to(user).filter(**having), messages)


def locked_to_change(user: Any, messages: MessageQuerySet) -> list[Message]:
    """The rows to move or delete, locked likewise; only where ``user`` may do more than read."""
    return _locked(Message.objects.changeable_by(user), messages)


def _locked(allowed: MessageQuerySet, messages: MessageQuerySet) -> list[Message]:
    chosen = allowed.filter(pk__in=messages.values("pk"), is_deleted=False)
    locked = chosen.select_for_update(of=("self",)).select_related(
        "mailbox", "account__incoming_server"
    )
    return list(locked.order_by("pk"))


def set_flag(messages: Sequence[Message], field: str, value: bool) -> None:
    """Set or clear one system flag of messages that are locked."""
    flag = {"is_seen": "\\Seen", "is_flagged": "\\Flagged", "is_answered": "\\Answered"}[field]
    Message.objects.filter(pk__in=[message.pk for message in messages]).update(**{field: value})
    tell_flags(messages, add=[flag] if value else [], remove=[] if value else [flag])


def tell_flags(messages: Iterable[Message], add: list[str], remove: list[str]) -> None:
    """Leave a change of flags for the server."""
    tell(Kind.STORE_FLAGS, messages, {"add": add, "remove": remove})


def tell(
    kind: str, messages: Iterable[Message], extra: dict[str, Any] | None = None, **values: Any
) -> None:
    """Leave a change for the server, with the number under which it knows each message now."""
    RemoteOperation.objects.bulk_create(
        RemoteOperation(
            account_id=message.account_id,
            kind=kind,
            mailbox=message.mailbox,
            message=message,
            arguments={"uid_validity": message.uid_validity, "uid": message.uid, **(extra or {})},
            **values,
        )
        for message in messages
        if not message.mailbox.is_local
    )


def move_to(messages: Sequence[Message], target: Mailbox) -> None:
    """Move locked messages of one account to ``target``."""
    moving = [message for message in messages if message.mailbox_id != target.pk]
    tell(Kind.MOVE, moving, target=target)
    changes = [(mailbox, -len(group), -unseen(group)) for mailbox, group in grouped(moving).items()]
    changes.append((target, len(moving), unseen(moving)))
    for mailbox, total, unread in sorted(changes, key=lambda change: change[0].pk):
        add_to_counts(mailbox, total=total, unseen=unread)
    values: dict[str, Any] = {"mailbox": target}
    if not target.is_local:
        values |= {"uid": None, "uid_validity": 0}
    Message.objects.filter(pk__in=[message.pk for message in moving]).update(**values)
    for message in moving:
        for name, value in values.items():
            setattr(message, name, value)


def expunge(messages: Sequence[Message]) -> None:
    """Hide now, delete on the server a little later. A local message leaves an empty row while a server lists it."""
    tell(Kind.EXPUNGE, messages, next_attempt_at=timezone.now() + EXPUNGE_AFTER)
    for mailbox, group in grouped(messages).items():
        add_to_counts(mailbox, total=-len(group), unseen=-unseen(group))
    Message.objects.filter(pk__in=[message.pk for message in messages]).update(is_deleted=True)


def by_mailbox(messages: Iterable[Message]) -> Counter[Mailbox]:
    """How many of the messages lie in each folder."""
    return Counter({mailbox: len(group) for mailbox, group in grouped(messages).items()})


def grouped(messages: Iterable[Message]) -> dict[Mailbox, list[Message]]:
    """The messages of each folder, in the order in which folders are locked."""
    groups: dict[Mailbox, list[Message]] = {}
    for message in messages:
        groups.setdefault(message.mailbox, []).append(message)
    return dict(sorted(groups.items(), key=lambda item: item[0].pk))


def by_account(messages: Iterable[Message]) -> dict[MailAccount, list[Message]]:
    """The messages of each account."""
    groups: dict[MailAccount, list[Message]] = {}
    for message in messages:
        groups.setdefault(message.account, []).append(message)
    return groups


def unseen(messages: Iterable[Message]) -> int:
    """How many are unread."""
    return sum(not message.is_seen for message in messages)


def add_to_counts(mailbox: Mailbox, total: int = 0, unseen: int = 0) -> None:
    """Change the counts of a folder by a difference."""
    Mailbox.objects.filter(pk=mailbox.pk).update(
        total=F("total") + total, unseen=F("unseen") + unseen
    )
