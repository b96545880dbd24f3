"""Bytes of an uploaded file → rows of named cells. Nothing here looks at the database."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass

from django.utils.translation import gettext as _

from webmail.transfer.columns import BY_NAME

LARGEST = 5 * 1024 * 1024  # octets
MOST_ROWS = 10_000
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx, .xls


class ReadError(Exception):
    """The file as a whole cannot be read; its text says what to do, in the language of the reader."""


@dataclass(frozen=True)
class Table:
    """Rows by their number in the spreadsheet (the header is row 1); cells by column name."""

    columns: tuple[str, ...]
    unknown: tuple[str, ...]  # headings that no column has; left out
    rows: list[
        tuple[int, dict[str, str] | int]
    ]  # a number of cells where they do not fit the header


def decoded(content: bytes) -> str:
    """The text of a file in UTF-8, UTF-16 or Shift_JIS (CP932); raises ReadError for anything else.

    A mark at the start decides; without one, UTF-8 that holds is UTF-8 (Shift_JIS text practically never does).
    """
    if not content.strip():
        raise ReadError(_empty())
    if len(content) > LARGEST:
        raise ReadError(
            _("The file is larger than %(limit)d MB. Split it into several files.")
            % {"limit": LARGEST // 1024 // 1024}
        )
    if content.startswith(_WORKBOOKS):
        raise ReadError(
            _("This is a workbook, not CSV. Save it from the spreadsheet as “CSV UTF-8”.")
        )
    for encoding in _candidates(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise ReadError(
        _(
            "The encoding of the file is not UTF-8, UTF-16 or Shift_JIS, or it is not text. "
            "Save it from the spreadsheet as “CSV UTF-8”."
        )
    )


def _empty() -> str:
    return _("The file is empty. It needs a header row and one row for each account.")


def _candidates(content: bytes) -> list[str]:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return [encoding]
    start = content[:400]
    if b"\x00" in start:  # every other octet of Latin letters in UTF-16
        return ["utf-16-be" if start[::2].count(0) > start[1::2].count(0) else "utf-16-le"]
    return ["utf-8", "cp932"]


def table(text: str) -> Table:
    """The rows of a text with commas, semicolons or tabs, its columns in any order; raises ReadError."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    try:
        records = list(reader)
    except csv.Error:
        raise ReadError(
            _(
                "Row %(row)d cannot be read: a quotation mark is missing or stands in the wrong place."
            )
            % {"row": reader.line_num}
        ) from None
    filled = (index for index, cells in enumerate(records) if any(map(str.strip, cells)))
    if (top := next(filled, None)) is None:
        raise ReadError(_empty())
    header = [name.strip().lower().replace(" ", "_") for name in records[top]]
    _check_header(header)
    known = tuple(name for name in header if name in BY_NAME)
    rows: list[tuple[int, dict[str, str] | int]] = []
    for number, cells in enumerate(records[top + 1 :], start=top + 2):
        if not any(cell.strip() for cell in cells):
            continue
        while len(cells) > len(header) and not cells[-1].strip():
            cells.pop()
        if len(cells) != len(header):
            rows.append((number, len(cells)))
            continue
        named = {name: _plain(name, cell) for name, cell in zip(header, cells, strict=True)}
        rows.append((number, named))
    if not rows:
        raise ReadError(_("The file has a header and no rows. Add one row for each account."))
    if len(rows) > MOST_ROWS:
        raise ReadError(
            _("The file has %(rows)d rows; at most %(limit)d can be read at once. Split it.")
            % {"rows": len(rows), "limit": MOST_ROWS}
        )
    unknown = tuple(name for name in header if name and name not in BY_NAME)
    return Table(known, unknown, rows)


def _separator(text: str) -> str:
    """The separator that finds most of the known columns in the first line."""
    line = next((line for line in text.splitlines() if line.strip()), "")

    def found(separator: str) -> int:
        return sum(name.strip(' "').lower() in BY_NAME for name in line.split(separator))

    return max(",;\t", key=found)


def _check_header(header: list[str]) -> None:
    if not set(header) & set(BY_NAME):
        raise ReadError(
            _(
                "The first row names no known column, so this is not a file of accounts. "
                "It has to begin with a header such as: %(example)s"
            )
            % {"example": "owner,address,incoming_server,outgoing_server"}
        )
    if "address" not in header:
        raise ReadError(
            _("The column “address” is missing. Without it nobody knows which account is meant.")
        )
    for name in BY_NAME:
        if header.count(name) > 1:
            raise ReadError(
                _("The column “%(column)s” is there twice. Remove one.") % {"column": name}
            )


def _plain(name: str, cell: str) -> str:
    """A cell without the apostrophe that an export sets before what a spreadsheet would take for a formula."""
    if name in BY_NAME and BY_NAME[name].is_secret:
        return cell
    text = cell.strip()
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in "=+-@" else text
