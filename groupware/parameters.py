"""What an address or a form names, read without trust: nonsense is nothing, and never an error of ours."""

from __future__ import annotations

from uuid import UUID


def public_id(text: str | None) -> UUID | None:
    """The public id that ``text`` writes; None when it is none."""
    try:
        return UUID(text or "")
    except ValueError:
        return None


def words(text: str | None) -> str:
    """Words to search for, without what a database refuses (PostgreSQL takes no NUL)."""
    return (text or "").replace("\x00", "").strip()
