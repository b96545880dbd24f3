"""What a run of provisioning says: problems of the file, and changes made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Problem:
    """What is wrong with the file, where, and what to do about it."""

    place: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" + (f" {self.remedy}" if self.remedy else "")


@dataclass(frozen=True)
class Change:
    """A row that was added or changed; ``fields`` are names only, never values."""

    table: str
    identity: str
    is_new: bool
    fields: tuple[str, ...] = ()


class ProvisioningError(Exception):
    """The file was not applied; ``problems`` says why, all of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = list(problems)


class SkipRowError(Exception):
    """Nothing more can be said about this row; its problem is already noted."""


@dataclass
class Provisioning:
    """One run over one file."""

    path: Path
    problems: list[Problem] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    failed: set[tuple[str, str]] = field(default_factory=set)
    named: dict[str, list[str]] = field(default_factory=dict)  # by table: what the file names


def nearest(name: str, known: Any) -> str:
    match = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f'Did you mean "{match[0]}"?' if match else ""
