"""The door to the index: one table beside Django's, made by a migration, different on each database.

A row's key is its message's time in seconds and its number together, so keys fall in the order of the list and the
newest hits come first without sorting. The key holds the number (29 bits), which leads back to the message.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db import connection

from webmail.search import index_postgresql, index_sqlite
from webmail.search.query import Phrase

NUMBER_BITS = 29  # 536 million messages
NUMBERS = (1 << NUMBER_BITS) - 1
LAST_KEY = (1 << 63) - 1


@dataclass(frozen=True)
class Entry:
    """The words of one message, field by field."""

    key: int
    account_id: int
    subject: Sequence[str]
    author: Sequence[str]
    recipients: Sequence[str]
    body: Sequence[str]


class Backend(Protocol):
    """What each database does in its own way."""

    def create(self, schema: Any) -> None:
        """Make the table; called by the migration."""

    def add(self, entries: Iterable[Entry]) -> None:
        """Take entries in. Inside a transaction, and once for each key."""

    def find(
        self, phrases: Sequence[Phrase], accounts: Sequence[int], before: int, limit: int
    ) -> list[int]:
        """Keys below ``before``, the highest first."""

    def forget_gone(self) -> bool:
        """Take out entries of messages that are gone; False when too many of them can only be thrown away with all."""

    def clear(self) -> None:
        """Forget everything."""


def backend() -> Backend:
    """The one for the database in use."""
    return index_postgresql if connection.vendor == "postgresql" else index_sqlite


def key_of(received_at: datetime, number: int) -> int:
    """The place of a message in the order of the list; what was received before 1970 comes last."""
    seconds = max(0, int(received_at.timestamp()))
    return (seconds << NUMBER_BITS) | (number & NUMBERS)


def first_key_at(moment: datetime) -> int:
    """The lowest key of messages received at ``moment`` or later."""
    return key_of(moment, 0)


def number_of(key: int) -> int:
    """The message's number."""
    return key & NUMBERS
