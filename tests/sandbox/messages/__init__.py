"""Some forty messages worth reading."""

from __future__ import annotations

from tests.sandbox.messages.letter import Letter

__all__ = ["Letter", "letters"]


def letters() -> list[Letter]:
    """Every message with the mailbox, folder, flags and date it belongs to."""
    return []
