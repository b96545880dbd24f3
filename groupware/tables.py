"""Columns of ``components/table.html``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Column:
    """One column: its heading, or none above buttons."""

    label: Any = ""
    is_figures: bool = False
    is_acts: bool = False
    sort_url: str = ""
    sorted: str = ""


ACTS = Column(is_acts=True)


def columns(*headings: Any) -> list[Column]:
    """Columns from headings; a Column stays what it is."""
    return [item if isinstance(item, Column) else Column(item) for item in headings]
