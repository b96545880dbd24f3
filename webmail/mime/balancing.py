"""Tags in, well-formed markup of bounded depth out.

HTML5 repairs wrong nesting by opening formatting elements again in every block that follows, which
lets a small mail explode. What is balanced beforehand needs no repair: paragraphs end where a block
begins, cells and items end at the next one, and nothing but rows and cells stands in a table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from webmail.mime.markup import VOID

MAX_DEPTH = 256
MAX_FORMATTING = 32  # open at once; more add nothing that an eye could see

_FORMATTING = frozenset(re.findall(r"\w+", "a b big code em font i s small strike strong tt u"))
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote center dd div dl dt figcaption figure footer h1 h2 h3 h4"
        " h5 h6 header hr li main nav ol p pre section table ul",
    )
)
_SECTIONS = frozenset({"tbody", "thead", "tfoot"})
_CELLS = frozenset({"td", "th"})
_TABLE_PARTS = _SECTIONS | _CELLS | {"tr", "caption", "col", "colgroup"}
_BETWEEN_CELLS = _SECTIONS | {"table", "tr", "colgroup"}
# What the start of an element ends, up to the container it belongs to (optional end tags).
_ENDED_BY: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "a": (frozenset({"a"}), _CELLS | {"table", "caption"}),
    "p": (frozenset({"p"}), _CELLS | {"table", "caption"}),
    "li": (frozenset({"li"}), _CELLS | {"table", "ul", "ol"}),
    **dict.fromkeys(("dt", "dd"), (frozenset({"dt", "dd"}), _CELLS | {"table", "dl"})),
    **dict.fromkeys(_CELLS, (_CELLS | {"caption", "colgroup"}, frozenset({"tr", "table"}))),
    "tr": (_CELLS | {"tr", "caption", "colgroup"}, frozenset({"table"})),
    **dict.fromkeys(
        _SECTIONS | {"caption", "colgroup"}, (_TABLE_PARTS - {"col"}, frozenset({"table"}))
    ),
}


class TooDeepError(Exception):
    """The markup passes a bound and is not worth showing."""


@dataclass(slots=True)
class Balancer:
    """The open elements and the markup written so far."""

    out: list[str] = field(default_factory=list)
    open: list[tuple[str, str]] = field(default_factory=list)  # name, start tag as written
    formatting: int = 0

    def text(self, text: str) -> None:
        """Escaped text; between the cells of a table it gets a cell of its own."""
        if text and not text.isspace():
            self._enter_cell()
        self.out.append(text)

    def start(self, name: str, tag: str) -> None:
        """An element begins; raises TooDeepError when it lies too deep."""
        reopened = self._end_paragraph() if name in _BLOCKS else []
        self._end_implied(name)
        if name not in _TABLE_PARTS:
            self._enter_cell()
        for one in reopened:
            self._push(*one)
        if name in _FORMATTING and self.formatting >= MAX_FORMATTING:
            return
        if name in VOID:
            self.out.append(tag)
        else:
            self._push(name, tag)

    def end(self, name: str) -> None:
        """An end tag; one that matches nothing, or reaches out of its cell, is ignored."""
        is_inline = name not in _BLOCKS and name not in _FORMATTING and name not in _TABLE_PARTS
        for index in range(len(self.open) - 1, -1, -1):
            current = self.open[index][0]
            if current == name:
                self._close_to(index)
                return
            if current == "table" or (current in _CELLS and name not in _TABLE_PARTS | {"table"}):
                return
            if is_inline and current in _BLOCKS:
                return

    def result(self) -> str:
        """All of it, with everything closed."""
        self._close_to(0)
        return "".join(self.out)

    def _push(self, name: str, tag: str) -> None:
        self.out.append(tag)
        self.open.append((name, tag))
        self.formatting += name in _FORMATTING
        if len(self.open) > MAX_DEPTH:
            raise TooDeepError

    def _close_to(self, index: int) -> None:
        for name, _ in reversed(self.open[index:]):
            self.out.append(f"</{name}>")
            self.formatting -= name in _FORMATTING
        del self.open[index:]

    def _end_paragraph(self) -> list[tuple[str, str]]:
        """Closes an open paragraph; its formatting goes on behind it, as browsers do."""
        for index in range(len(self.open) - 1, -1, -1):
            name = self.open[index][0]
            if name in _CELLS or name in ("table", "caption"):
                break
            if name == "p":
                inside = [one for one in self.open[index:] if one[0] in _FORMATTING]
                self._close_to(index)
                return inside
        return []

    def _end_implied(self, name: str) -> None:
        if name not in _ENDED_BY:
            return
        ended, containers = _ENDED_BY[name]
        outermost = -1
        for index in range(len(self.open) - 1, -1, -1):
            current = self.open[index][0]
            if current in containers:
                break
            if current in ended:
                outermost = index
        if outermost >= 0:
            self._close_to(outermost)

    def _enter_cell(self) -> None:
        """Content between cells would be moved out of the table, again and again."""
        if not self.open or self.open[-1][0] not in _BETWEEN_CELLS:
            return
        if self.open[-1][0] == "colgroup":
            self._close_to(len(self.open) - 1)
        if self.open[-1][0] != "tr":
            self._push("tr", "<tr>")
        self._push("td", "<td>")
