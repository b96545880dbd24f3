"""The index on PostgreSQL: ``tsvector`` with GIN, newest first by key.

The fields are the four weights: A subject, B author, C recipients, D body. The planner chooses between the GIN index
(rare words) and walking the keys downwards (common words), whichever ends sooner.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.db import connection

if TYPE_CHECKING:
    from webmail.search.index import Entry
    from webmail.search.query import Phrase

NUMBERS = (1 << 29) - 1  # the part of a key that is the message's number
_WEIGHTS = {"subject": "A", "author": "B", "recipients": "C", "body": "D"}
_LAST_PLACE = (
    16383  # a place in a tsvector has 14 bits; words behind it stand nowhere in particular
)
_PLACES = 255  # of one word
_LONGEST_VECTOR = 900_000  # octets; PostgreSQL refuses a megabyte


def create(schema: Any) -> None:
    """Make the table and its index."""
    schema.execute("CREATE TABLE webmail_search (key bigint PRIMARY KEY, words tsvector NOT NULL)")
    schema.execute("CREATE INDEX webmail_search_words ON webmail_search USING gin (words)")


def add(entries: Iterable[Entry]) -> None:
    """Take entries in; a key that is there already gets the new words."""
    rows = [(entry.key, _vector(entry)) for entry in entries]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO webmail_search (key, words) VALUES (%s, %s::tsvector) "
            "ON CONFLICT (key) DO UPDATE SET words = excluded.words",
            rows,
        )


def find(phrases: Sequence[Phrase], accounts: Sequence[int], before: int, limit: int) -> list[int]:
    """Keys below ``before``, the highest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key FROM webmail_search WHERE words @@ %s::tsquery AND key < %s "
            "ORDER BY key DESC LIMIT %s",
            [_question(phrases, accounts), before, limit],
        )
        return [key for (key,) in cursor.fetchall()]


def forget_gone() -> bool:
    """Take out the entries of messages that are gone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM webmail_search WHERE NOT EXISTS "
            "(SELECT 1 FROM webmail_message WHERE id = webmail_search.key & %s)",
            [NUMBERS],
        )
    return True


def clear() -> None:
    """Forget everything."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM webmail_search")


def _vector(entry: Entry) -> str:
    places: dict[str, list[str]] = {}
    for word, place in _placed(entry):
        found = places.setdefault(word, [])
        if len(found) < _PLACES:
            found.append(place)
    parts, length = [f"'@{entry.account_id}'"], 0
    for word, found in places.items():
        part = f"'{word}':{','.join(found)}"
        length += len(part.encode())
        if length > _LONGEST_VECTOR:
            break
        parts.append(part)
    return " ".join(parts)


def _placed(entry: Entry) -> Iterator[tuple[str, str]]:
    """Every word with its place and weight; fields do not touch, so that no phrase reaches across."""
    place = 0
    for name, weight in _WEIGHTS.items():
        for word in getattr(entry, name):
            place += 1
            yield word, f"{min(place, _LAST_PLACE)}{weight}"
        place += 1


def _question(phrases: Sequence[Phrase], accounts: Sequence[int]) -> str:
    parts = ["(" + " | ".join(f"'@{account}'" for account in accounts) + ")"]
    for phrase in phrases:
        weight = _WEIGHTS.get(phrase.field, "")
        labels = [weight + ("*" if word.is_prefix else "") for word in phrase.words]
        words = " <-> ".join(
            f"'{word.text}'" + (f":{label}" if label else "")
            for word, label in zip(phrase.words, labels, strict=True)
        )
        parts.append(f"{'!' if phrase.is_excluded else ''}({words})")
    return " & ".join(parts)
