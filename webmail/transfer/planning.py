"""What each row of a file would do, and everything that is wrong with it. Nothing is written here."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from webmail.models import MailAccount
from webmail.transfer.columns import BY_NAME
from webmail.transfer.reading import Table
from webmail.transfer.rows import RowReader
from webmail.transfer.rules import check
from webmail.transfer.surroundings import Members, Surroundings, look_around

ADD, CHANGE, NOTHING, PROBLEM = "add", "change", "nothing", "problem"


@dataclass(frozen=True)
class Problem:
    """What is wrong in a row, in which column, and what would be right."""

    column: str
    reason: str
    example: str = ""


@dataclass
class PlannedRow:
    """One row of the file: what it would do. ``changes`` names each field with its old and its new value."""

    number: int
    owner: str = ""
    address: str = ""
    act: str = NOTHING
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    account: MailAccount | None = None
    columns: set[str] = field(default_factory=set)
    members: Members | None = None

    @property
    def fields(self) -> list[str]:
        """The names of the columns that change."""
        return [name for name, _old, _new in self.changes]

    def wrong(self, column: str, reason: str, example: str = "") -> None:
        """Note a problem; without an example, the column's own."""
        if not example and column in BY_NAME:
            example = BY_NAME[column].example
        self.problems.append(Problem(column, reason, example))


@dataclass
class Plan:
    """All rows, in the order of the file."""

    rows: list[PlannedRow]
    unknown_columns: tuple[str, ...] = ()

    def of(self, act: str) -> list[PlannedRow]:
        """The rows that do one thing."""
        return [row for row in self.rows if row.act == act]

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many rows do what."""
        counted = Counter(row.act for row in self.rows)
        return {act: counted[act] for act in (ADD, CHANGE, NOTHING, PROBLEM)}

    @cached_property
    def fingerprint(self) -> str:
        """Equal when the plan would do the same to the same accounts."""
        digest = hashlib.sha256()
        for row in self.rows:
            known = row.account.pk if row.account else None
            digest.update(repr((row.number, row.act, known, row.changes)).encode())
        return digest.hexdigest()


def plan(table: Table, accounts: Any) -> Plan:
    """Say of every row what it would do to ``accounts``, the queryset of those that may be changed."""
    around = look_around(accounts)
    seen: dict[tuple[int | None, str], int] = {}
    return Plan([_row(*item, table, around, seen) for item in table.rows], table.unknown)


def _row(
    number: int,
    cells: dict[str, str] | int,
    table: Table,
    around: Surroundings,
    seen: dict[tuple[int | None, str], int],
) -> PlannedRow:
    row = PlannedRow(number)
    if isinstance(cells, int):
        named = len(table.columns) + len(table.unknown)
        words = {"cells": cells, "columns": named}
        row.wrong("", _("The row has %(cells)d cells, the header names %(columns)d.") % words)
        row.act = PROBLEM
        return row
    row.owner, row.address = cells.get("owner", ""), cells["address"]
    reader = RowReader(row, cells, around)
    key = reader.key()
    if key is not None and (first := seen.setdefault(key, number)) != number:
        row.wrong(
            "address",
            _("The same account stands in row %(row)d already. Remove one of them.")
            % {"row": first},
            _("one row for each account"),
        )
    reader.read(key)
    if row.columns and not row.problems:
        check(row, around)
    if row.problems:
        row.act, row.changes = PROBLEM, []
    elif row.account is not None and row.account.pk is None:
        row.act = ADD
    elif row.changes:
        row.act = CHANGE
    return row
