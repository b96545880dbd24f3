"""The index follows the mail: what was received is taken in by batches, right behind the commit.

The text comes from the raw mail through the guarded parser, so a message that breaks readers is found by its subject
and its people only. A message is marked in the same transaction that takes its words in: however often a task runs,
each goes in once. Entries of messages that are gone lead nowhere; when they grow too many the index starts over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from django.db import transaction

from webmail import parser, rawstore
from webmail.models import Message, Part
from webmail.search import index
from webmail.search.index import Entry
from webmail.search.tokens import words

BATCH = 200
#: Words of one body that are found. A place in PostgreSQL's index ends at 16,383.
LONGEST_BODY = 15_000
_LONGEST_HEADER = 1_000


def waiting() -> int:
    """How many messages are not in the index yet."""
    return Message.objects.filter(is_indexed=False).count()


def index_batch(limit: int = BATCH) -> int:
    """Take in the newest messages that are not in yet; return how many. 0 means that the index is up to date."""
    found = list(Message.objects.filter(is_indexed=False).order_by("-pk")[:limit])
    if not found:
        return 0
    names = _file_names(found)
    entries = {
        message.pk: entry_of(message, names.get(message.pk, []), body_of(message))
        for message in found
    }
    with transaction.atomic():
        rows = Message.objects.select_for_update().filter(pk__in=list(entries), is_indexed=False)
        still = list(rows.order_by("pk").values_list("pk", flat=True))
        index.backend().add(entries[pk] for pk in still)
        Message.objects.filter(pk__in=still).update(is_indexed=True)
    return len(found)


def start_over() -> None:
    """Throw the index away; it is built again from the raw mail behind the scenes, newest messages first."""
    with transaction.atomic():
        index.backend().clear()
        Message.objects.filter(is_indexed=True).update(is_indexed=False)


def forget_gone() -> None:
    """Take out what leads to no message any more, or start over where that cannot be done one by one."""
    if not index.backend().forget_gone():
        start_over()


def _file_names(messages: Sequence[Message]) -> dict[int, list[str]]:
    names: dict[int, list[str]] = {}
    parts = Part.objects.filter(message__in=messages).exclude(filename="")
    for message_id, name in parts.values_list("message_id", "filename"):
        names.setdefault(message_id, []).append(name)
    return names


def entry_of(message: Message, names: Iterable[str], text: str) -> Entry:
    """The words of a message: its header, the names of its files, the ``text`` of its body."""
    people = [*message.to, *message.cc, *message.bcc]
    return Entry(
        key=index.key_of(message.received_at, message.pk),
        account_id=message.account_id,
        subject=_words_of([message.subject]),
        author=_words_of(chain.from_iterable([*message.authors, *message.sender])),
        recipients=_words_of(chain.from_iterable(people)),
        body=_words_of(names) + words(text, LONGEST_BODY),
    )


def _words_of(texts: Iterable[str]) -> list[str]:
    return words("\n".join(texts), _LONGEST_HEADER)


def body_of(message: Message) -> str:
    """The body as text; what a guarded reading cannot bring out is left out, and found by its header."""
    if message.body_state == Message.Body.QUARANTINED or not message.digest:
        return message.preview
    try:
        return parser.text(rawstore.read(message.digest)) or message.preview
    except rawstore.RawMissingError:
        return message.preview
