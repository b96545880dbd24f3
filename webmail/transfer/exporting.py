"""Accounts as the lines of a file. Never a secret: what is written out can be mailed to a colleague."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from groupware.audit.views import plain_cell
from webmail.models import MailAccount
from webmail.transfer.columns import WRITTEN
from webmail.transfer.rows import written
from webmail.transfer.surroundings import members_of_all

MARK = "\ufeff"  # without it a spreadsheet reads Japanese names in another encoding


class _Echo:
    """What the csv module writes to: hands each line straight on."""

    def write(self, line: str) -> str:
        return line


def lines(header: list[Any], rows: Iterator[list[Any]]) -> Iterator[str]:
    """A file with a mark, a header and rows, line by line; no cell is taken for a formula."""
    writer = csv.writer(_Echo())
    yield MARK
    yield writer.writerow(header)
    for row in rows:
        yield writer.writerow([plain_cell(cell) for cell in row])


def exported(accounts: Any) -> Iterator[str]:
    """The lines of a file with ``accounts``, in the order of the queryset."""
    return lines([column.name for column in WRITTEN], _rows(accounts))


def _rows(accounts: Any) -> Iterator[list[Any]]:
    members = members_of_all()
    attributes = {
        "owner": "owner__username",
        "incoming_server": "incoming_server__key",
        "outgoing_server": "outgoing_server__key",
    }
    names = [
        attributes.get(column.name) or column.attribute or column.name
        for column in WRITTEN
        if column.name != "members"
    ]
    found = accounts.values_list("pk", *names)
    for pk, *values in found.iterator(chunk_size=2000):
        cells = [_cell(value) for value in values]
        yield [*cells, written(members.get(pk, {}))]


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, MailAccount.Kind):
        return value.value
    return "" if value is None else value
