"""Some forty messages worth reading."""

from __future__ import annotations

from tests.sandbox.messages import difficult, european, japanese, shared
from tests.sandbox.messages.letter import Letter

__all__ = ["Letter", "letters"]


def letters() -> list[Letter]:
    """Every message with its mailbox, folder, flags and date; the oldest first."""
    found = [*japanese.letters(), *european.letters(), *difficult.letters(), *shared.letters()]
    return sorted(found, key=lambda letter: letter.received_at)
