"""The kinds of trouble that people are told of, each described by the app that knows it.

An app registers a kind in ``AppConfig.ready()``::

    registry.register(Kind(key="webmail.account", current=mailboxes_that_stopped, words=words))

The rows of the app are the truth: once a minute ``current`` says what is wrong now, and what it says no longer is over.
So no code path that changes a state has to remember to tell somebody, and trouble of a few seconds writes no mail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from groupware.notices.models import Notice

#: After the first message, while nothing has changed.
REMINDERS = (timedelta(days=1), timedelta(days=3), timedelta(days=7))


@dataclass(frozen=True)
class Fault:
    """Something that is wrong now. ``subject`` and ``fault`` together are told once to each recipient.

    ``facts`` become the notice's facts (names for the words; never a secret, never mail). ``avoid`` are addresses
    that would not be read.
    """

    subject: str
    fault: str
    recipients: Sequence[Any]
    facts: dict[str, Any] = field(default_factory=dict)
    avoid: Sequence[str] = ()


@dataclass(frozen=True)
class Words:
    """A message in the recipient's language. ``path`` is the page with the one button, below the public address."""

    subject: str
    paragraphs: Sequence[str]
    button: str
    path: str
    steps: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of trouble. ``words`` is called in the recipient's language and time zone."""

    key: str
    current: Callable[[], Iterable[Fault]]
    words: Callable[[Notice], Words]
    reminders: Sequence[timedelta] = REMINDERS


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Add a kind. Raise ValueError when its key is taken."""
    if kind.key in _kinds:
        raise ValueError(f"The kind of notice {kind.key!r} is registered twice.")
    _kinds[kind.key] = kind


def get(key: str) -> Kind:
    """The kind with this key; raise LookupError for an unknown one."""
    return _kinds[key]


def all_kinds() -> list[Kind]:
    """Every kind, in the order of registration."""
    return list(_kinds.values())
