"""The index on SQLite: FTS5 without content, newest first by row number (https://sqlite.org/fts5.html).

Without content means that the table holds words and their places and no text. An entry cannot be taken out of it
again without its words (SQLite before 3.43): entries of deleted messages lead nowhere and are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.db import connection

if TYPE_CHECKING:
    from webmail.search.index import Entry
    from webmail.search.query import Phrase

_GONE_AT_LEAST = 5_000
_FIELDS = ("subject", "author", "recipients", "body")


def create(schema: Any) -> None:
    """Make the table. The words arrive cut, so its own cutting must not undo them: letters, digits and marks stay."""
    schema.execute(
        "CREATE VIRTUAL TABLE webmail_search USING fts5("
        f"account, {', '.join(_FIELDS)}, content='', "
        "tokenize=\"unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc'\")"
    )


def add(entries: Iterable[Entry]) -> None:
    """Take entries in; a key that is taken in twice would be found twice."""
    rows: list[list[int | str]] = [
        [entry.key, f"a{entry.account_id}", *(" ".join(getattr(entry, name)) for name in _FIELDS)]
        for entry in entries
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO webmail_search(rowid, account, {', '.join(_FIELDS)}) "  # noqa: S608 (our own names)
            "VALUES (%s, %s, %s, %s, %s, %s)",
            rows,
        )


def find(phrases: Sequence[Phrase], accounts: Sequence[int], before: int, limit: int) -> list[int]:
    """Keys below ``before``, the highest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rowid FROM webmail_search WHERE webmail_search MATCH %s AND rowid < %s "
            "ORDER BY rowid DESC LIMIT %s",
            [_match(phrases, accounts), before, limit],
        )
        return [key for (key,) in cursor.fetchall()]


def forget_gone() -> bool:
    """False when a quarter of the entries leads nowhere: one by one they cannot be taken out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM webmail_search), "
            "(SELECT count(*) FROM webmail_message WHERE is_indexed)"
        )
        entries, alive = cursor.fetchone()
    return bool(entries - alive <= max(_GONE_AT_LEAST, entries // 4))


def clear() -> None:
    """Forget everything."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO webmail_search(webmail_search) VALUES ('delete-all')")


def _match(phrases: Sequence[Phrase], accounts: Sequence[int]) -> str:
    # Words are letters and digits only, so nothing in them can be taken for the query's own signs.
    mine = " OR ".join(f'"a{account}"' for account in accounts)
    wanted = [f"account : ({mine})"]
    wanted += [_phrase(phrase) for phrase in phrases if not phrase.is_excluded]
    expression = " AND ".join(f"({part})" for part in wanted)
    for phrase in phrases:
        if phrase.is_excluded:
            expression = f"({expression}) NOT ({_phrase(phrase)})"
    return expression


def _phrase(phrase: Phrase) -> str:
    where = phrase.field or f"{{{' '.join(_FIELDS)}}}"
    words = " ".join(word.text for word in phrase.words)
    return f'{where} : "{words}"{" *" if phrase.words[-1].is_prefix else ""}'
