"""What a strategy reports: changes of one mailbox, each with the cursor that holds once it is applied.

``webmail.sync.store`` saves a change and its cursor in one transaction, so that a worker may die anywhere and the
next one repeats at most the change that was not committed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from webmail.protocols.types import FetchedFlags, FetchedMessage, MailboxStatus

T = TypeVar("T")


@dataclass(frozen=True)
class Cursor:
    """How far a mailbox is known (RFC 9051 §2.3.1.1, RFC 7162 §3.1).

    ``lowest_fetched_uid``: 0 nothing yet, 1 history complete, otherwise how deep the first download has come.
    ``uid_next`` moves only when everything below it is here. ``exists`` counts the messages on the server then.
    """

    uid_validity: int = 0
    uid_next: int = 0
    highest_mod_seq: int = 0
    lowest_fetched_uid: int = 0
    exists: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether every message was here at the end of some round."""
        return self.lowest_fetched_uid == 1


@dataclass(frozen=True)
class NewMessages:
    """Messages that were not here yet."""

    messages: tuple[FetchedMessage, ...]
    cursor: Cursor


@dataclass(frozen=True)
class FlagsChanged:
    """Flags as they are on the server now; unknown UIDs are left alone, they come as new messages."""

    flags: tuple[FetchedFlags, ...]
    cursor: Cursor


@dataclass(frozen=True)
class Vanished:
    """Messages that are not on the server any more."""

    uids: tuple[int, ...]
    cursor: Cursor


@dataclass(frozen=True)
class CursorLost:
    """UIDVALIDITY moved: no UID kept here means anything any more (RFC 9051 §2.3.1.1)."""

    cursor: Cursor


@dataclass(frozen=True)
class RoundCompleted:
    """Everything the server has is here. ``is_exact``: the whole list of UIDs was compared."""

    cursor: Cursor
    is_exact: bool


Change = NewMessages | FlagsChanged | Vanished | CursorLost | RoundCompleted


class Known(Protocol):
    """What is here already. Messages whose removal or move still waits for the server count as known."""

    def uids(self, uid_validity: int) -> set[int]:
        """All known UIDs of one generation."""

    def among(self, uid_validity: int, uids: Sequence[int]) -> set[int]:
        """Those of ``uids`` that are known."""

    def count(self, uid_validity: int) -> int:
        """How many UIDs are known."""


class Session(Protocol):
    """The part of an IMAP session that strategies need; the mailbox is selected."""

    def uids(self, first: int = 1, last: int | None = None) -> list[int]: ...

    def fetch(self, uids: Sequence[int], batch: int = 50) -> Iterator[FetchedMessage]: ...

    def fetch_flags(
        self, uids: Sequence[int] | None = None, changed_since: int | None = None
    ) -> list[FetchedFlags]: ...


class Strategy(Protocol):
    """A strategy turns (session, cursor) into a stream of changes."""

    def __call__(
        self, session: Session, status: MailboxStatus, cursor: Cursor, known: Known, turn: int
    ) -> Iterator[Change]:
        """``turn`` counts the rounds; strategies that look at a part per round choose the part by it."""


def chunks(items: Sequence[T], size: int) -> Iterable[Sequence[T]]:
    """Cut ``items`` into pieces of at most ``size``."""
    return (items[start : start + size] for start in range(0, len(items), size))


def timed_chunks(items: Iterable[T], seconds: float) -> Iterator[list[T]]:
    """Cut ``items``, which take time to come, into pieces that took about ``seconds`` each."""
    piece: list[T] = []
    started = time.monotonic()
    for item in items:
        piece.append(item)
        if time.monotonic() - started >= seconds:
            yield piece
            piece, started = [], time.monotonic()
    if piece:
        yield piece
