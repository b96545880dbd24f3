"""The table of a run, on the screen and in ``var/bench.json``."""

from __future__ import annotations

import json
import os
import platform
import unicodedata
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

HEADINGS = ("work", "peer or limit", "peer", "ours", "ratio", "target")


@dataclass(frozen=True)
class Row:
    """One comparison. ``peer_figure`` and ``own_figure`` are in ``unit``; 0 stands for "not measured".

    ``target`` is the highest ratio that is wanted, 0 where no target is set.
    """

    work: str
    peer: str
    peer_figure: float
    own_figure: float
    unit: str
    target: float = 0
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        return self.own_figure / self.peer_figure if self.peer_figure else 0

    def cells(self) -> tuple[str, ...]:
        target = f"<= {self.target:g}" if self.target else "-"
        if self.target and self.ratio:
            target += "" if self.ratio <= self.target else "  missed"
        return (
            self.work,
            self.peer,
            _figure(self.peer_figure, self.unit),
            _figure(self.own_figure, self.unit),
            f"{self.ratio:.2f}" if self.ratio else "-",
            target,
        )


def table(rows: list[Row]) -> str:
    """The rows as aligned text."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(HEADINGS))]
    made = []
    for line in lines:
        cells = [
            cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)
        ]
        made.append("  ".join(cells).rstrip())
    made.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(made)


def write(path: Path, rows: list[Row], facts: dict[str, Any]) -> None:
    """Keep the run as JSON: the machine, the options, and every figure behind the table."""
    machine = {"python": platform.python_version(), "cores": os.cpu_count()}
    listed = [{**asdict(row), "ratio": round(row.ratio, 4)} for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"machine": machine, **facts, "rows": listed}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _figure(value: float, unit: str) -> str:
    if not value:
        return "-"
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{digits}f} {unit}"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
