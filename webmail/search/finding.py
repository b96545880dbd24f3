"""A question → the messages of one page, newest first, through the permissions of the person who asks."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.utils import timezone

from webmail.models import MailAccount, Mailbox, Message
from webmail.models.account import readable_accounts
from webmail.models.message import MessageQuerySet
from webmail.search import index
from webmail.search.query import Query

PAGE = 50
_FIRST_CHUNK, _CHUNK = 2 * PAGE, 500  # hits of the index looked at in one go
_MOST_LOOKED_AT = (
    8_000  # for one page; a condition that hardly anything meets goes on with the next page
)


@dataclass
class Results:
    """One page. ``older`` is the cursor to go on from, empty at the end."""

    rows: list[Message] = field(default_factory=list)
    older: str = ""


class BadCursorError(ValueError):
    """A cursor that no page of ours ended with."""


def search(user: Any, query: Query, cursor: str = "") -> Results:
    """The hits after ``cursor`` (empty: from the newest) in all mail that ``user`` may read.

    Raises BadCursorError.
    """
    accounts = list(
        MailAccount.objects.filter(pk__in=readable_accounts(user)).values_list("pk", flat=True)
    )
    if query.is_empty or not accounts:
        return Results()
    messages = _narrowed(Message.objects.visible_to(user).filter(is_deleted=False), query, user)
    if not query.phrases:
        return _without_words(messages, cursor)
    start = _key(cursor) if cursor else index.LAST_KEY
    if query.before:
        start = min(start, index.first_key_at(_midnight(query.before)))
    return _with_words(messages, query, accounts, start)


def _with_words(
    messages: MessageQuerySet, query: Query, accounts: list[int], start: int
) -> Results:
    """Hits of the index in its order, passing over those that a condition, a permission or time has taken away."""
    lowest = index.first_key_at(_midnight(query.after)) if query.after else 0
    chosen: list[int] = []
    older, looked_at, chunk = "", 0, _FIRST_CHUNK
    while looked_at < _MOST_LOOKED_AT and len(chosen) <= PAGE:
        keys = index.backend().find(query.phrases, accounts, start, chunk)
        numbers = [index.number_of(key) for key in keys if key >= lowest]
        open_to = set(messages.filter(pk__in=numbers).values_list("pk", flat=True))
        chosen += [key for key in keys if key >= lowest and index.number_of(key) in open_to]
        if len(keys) < chunk or keys[-1] < lowest:
            break
        start, looked_at, chunk = keys[-1], looked_at + chunk, _CHUNK
        older = str(start)
    else:
        return _page(messages, chosen, older)
    return _page(messages, chosen, "")


def _page(messages: MessageQuerySet, keys: list[int], older: str) -> Results:
    """The rows of the first keys; ``older`` is where to go on when they are no more than a page."""
    if len(keys) > PAGE:
        keys, older = keys[:PAGE], str(keys[PAGE - 1])
    found = messages.in_bulk([index.number_of(key) for key in keys])
    rows = (found.get(index.number_of(key)) for key in keys)
    return Results([row for row in rows if row], older)


def _without_words(messages: MessageQuerySet, cursor: str) -> Results:
    if cursor:
        messages = messages.before(*_position(cursor))
    rows = list(messages.newest_first()[: PAGE + 1])
    more = len(rows) > PAGE
    last = rows[PAGE - 1] if more else None
    return Results(rows[:PAGE], f"{last.received_at.isoformat()}~{last.pk}" if last else "")


def _key(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and int(cursor) <= index.LAST_KEY):
        raise BadCursorError
    return int(cursor)


def _position(cursor: str) -> tuple[datetime.datetime, int]:
    moment, _, number = cursor.partition("~")
    try:
        received_at, pk = datetime.datetime.fromisoformat(moment), int(number)
    except ValueError:
        raise BadCursorError from None
    if received_at.tzinfo is None or not 1 < received_at.year < 9999:
        raise BadCursorError
    return received_at, pk


def _narrowed(messages: MessageQuerySet, query: Query, user: Any) -> MessageQuerySet:
    messages = messages.filter(**query.conditions)
    if query.after:
        messages = messages.filter(received_at__gte=_midnight(query.after))
    if query.before:
        messages = messages.filter(received_at__lt=_midnight(query.before))
    if query.folder:
        messages = messages.filter(mailbox__in=_folders(query.folder, user))
    return messages.select_related("mailbox", "account").defer(
        "references", "in_reply_to", "reply_to", "bcc"
    )


def _folders(name: str, user: Any) -> Any:
    """Folders by the end of their path, or by the word of their role in the reader's language or in English."""
    roles = [
        role
        for role in Mailbox.Role
        if role and name.casefold() in {str(role.value), str(role.label).casefold()}
    ]
    named = Q(name__iexact=name) | Q(name__iendswith=f"/{name}") | Q(name__iendswith=f".{name}")
    return Mailbox.objects.visible_to(user).filter(named | Q(role__in=roles))


def _midnight(day: datetime.date) -> datetime.datetime:
    """The beginning of a day where the person is."""
    moment = datetime.datetime.combine(day, datetime.time())
    return timezone.make_aware(moment)
