"""Names of audit events with the label that people read; each app adds its own when it starts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# app.noun.past_participle, as webmail.message.sent
_NAME = re.compile(r"[a-z]+\.[a-z_]+\.[a-z_]+")
_labels: dict[str, Any] = {}


def register(labels: Mapping[str, Any]) -> None:
    """Add event names and their labels (lazy translations). Raise ValueError for a name out of form."""
    for name, label in labels.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} does not read app.noun.past_participle.")
        _labels[name] = label


def is_registered(name: str) -> bool:
    """Whether an app announced the event."""
    return name in _labels


def label(name: str) -> str:
    """The label in the language of the reader; the name itself for an event whose app is gone."""
    return str(_labels.get(name, name))


def choices() -> list[tuple[str, str]]:
    """All events by label, for a filter."""
    return sorted(((name, str(text)) for name, text in _labels.items()), key=lambda pair: pair[1])
