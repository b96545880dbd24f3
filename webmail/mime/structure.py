"""The tree of a MIME message as ranges in its bytes (RFC 2045, RFC 2046), bounded.

The standard library's parser has no limits: a million parts take it twenty seconds, deep nesting
ends in a RecursionError, and every line is compared with every open boundary. Here each multipart
is cut by its own boundary only, outer before inner (RFC 2046 §5.1.2), with a search that runs in C;
nothing is copied. Section numbers are those of IMAP (RFC 9051 §6.4.5), so that a part can be
fetched by the same number from the server. An embedded message is a leaf: it is an attachment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from webmail.mime.parameters import Value, parse_value

MAX_DEPTH = 50
MAX_PARTS = 500
MAX_HEADER = 256 * 1024  # bytes
MAX_NUMBER = 64  # characters of a section number, which bounds the depth as well
MAX_BOUNDARY = 256  # RFC 2046 allows 70; longer ones exist

_HEADER_END = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")


@dataclass(slots=True)
class Section:
    """One entity: a leaf, or a multipart with ``children``. Offsets count in the whole message."""

    number: str
    fields: list[tuple[str, bytes]]
    content_type: str
    type_value: Value
    start: int
    end: int
    children: list[Section] = field(default_factory=list)

    @property
    def maintype(self) -> str:
        return self.content_type.partition("/")[0]

    @property
    def is_multipart(self) -> bool:
        return bool(self.children)

    def first(self, name: str) -> bytes:
        """The first field of that name, or nothing."""
        return next((value for key, value in self.fields if key == name), b"")

    def leaves(self) -> Iterator[Section]:
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()


class _Reader:
    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.parts = 0
        self.defects: dict[str, None] = {}

    def section(self, start: int, end: int, number: str, depth: int, default: str) -> Section:
        fields, body = self._header(start, end, is_top=depth == 0)
        value = parse_value(_first(fields, "content-type"))
        content_type = value.main if _TYPE.fullmatch(value.main[:127]) else ""
        if value.main and not content_type:
            self._note("bad_content_type")
            content_type = {"text": "text/plain"}.get(value.main, "application/octet-stream")
        section = Section(
            number=number or "1",
            fields=fields,
            content_type=content_type or default,
            type_value=value,
            start=body,
            end=end,
        )
        self.parts += 1
        if section.maintype == "multipart":
            self._children(section, number, depth)
        return section

    def _note(self, defect: str) -> None:
        self.defects[defect] = None

    def _children(self, section: Section, number: str, depth: int) -> None:
        default = "message/rfc822" if section.content_type == "multipart/digest" else "text/plain"
        boundary = self._boundary(section)
        ranges: list[tuple[int, int]] = []
        if not boundary:
            pass
        elif depth >= MAX_DEPTH or len(number) > MAX_NUMBER - 4:
            self._note("nested_too_deep")
            section.content_type = "application/octet-stream"
            return
        else:
            ranges = self._split(boundary, section.start, section.end)
        for index, (start, end) in enumerate(ranges, 1):
            if self.parts >= MAX_PARTS:
                self._note("too_many_parts")
                break
            child = f"{number}.{index}" if number else str(index)
            section.children.append(self.section(start, end, child, depth + 1, default))
        if not section.children:
            self._note("boundary_never_found" if boundary else "boundary_missing")
            section.content_type = "text/plain"

    def _boundary(self, section: Section) -> bytes:
        if "boundary" in section.type_value.duplicates:
            # A scanner and a reader that choose differently see two mails (CVE-2024-28054).
            self._note("boundary_conflict")
            return b""
        if section.first("content-transfer-encoding").strip().lower() in (
            b"base64",
            b"quoted-printable",
        ):
            self._note("encoded_multipart")  # forbidden by RFC 2045 §6.4; read as it stands
        raw = section.first("content-type").decode("latin-1")
        return (
            parse_value(raw)
            .parameters.get("boundary", "")
            .rstrip()[:MAX_BOUNDARY]
            .encode("latin-1", "replace")
        )

    def _split(self, boundary: bytes, start: int, end: int) -> list[tuple[int, int]]:
        """The ranges between delimiter lines; a missing closing delimiter ends at ``end``."""
        raw = self.raw
        delimiter = re.compile(
            rb"\n--" + re.escape(boundary) + rb"(--)?[ \t]{0,1000}(?:\r?(?=\n)|\Z)"
        )
        ranges: list[tuple[int, int]] = []
        opened = -1
        position = start - 1
        if start == 0:
            head = re.compile(delimiter.pattern[1:]).match(raw, 0, end)
            if head is not None:
                opened = position = head.end()
        position = max(position, 0)
        while (match := delimiter.search(raw, position, end)) is not None:
            if opened >= 0:
                stop = match.start()
                if stop > opened and raw[stop - 1 : stop] == b"\r":
                    stop -= 1
                ranges.append((min(opened + 1, stop), stop))
            opened = match.end()
            position = match.end()
            if match.group(1) or self.parts + len(ranges) > MAX_PARTS:
                return ranges
        if opened >= 0:
            self._note("closing_boundary_missing")
            ranges.append((min(opened + 1, end), end))
        return ranges

    def _header(self, start: int, end: int, *, is_top: bool) -> tuple[list[tuple[str, bytes]], int]:
        raw = self.raw
        if raw.startswith((b"\r\n", b"\n"), start, end):
            return [], start + (2 if raw[start : start + 1] == b"\r" else 1)
        blank = _HEADER_END.search(raw, start, end)
        body = blank.end() if blank else end
        stop = blank.start() if blank else end
        if stop - start > MAX_HEADER:
            self._note("header_too_large")
            stop = start + MAX_HEADER
        fields, garbage = _fields(raw[start:stop], is_top)
        if garbage >= 0:
            self._note("garbage_in_header")
            if blank is None:  # no blank line anywhere: the body began where the fields ended
                body = start + garbage
        return fields, min(body, end)


def _fields(block: bytes, is_top: bool) -> tuple[list[tuple[str, bytes]], int]:
    """Fields in order and the offset of the first line that is none, or -1.

    Servers end the header at the blank line only (their section numbers depend on it), so a stray
    line is skipped and the fields after it still count.
    """
    fields: list[tuple[str, bytearray]] = []
    garbage, offset = -1, 0
    for line in block.split(b"\n"):
        match = _FIELD.match(line)
        content = line.removesuffix(b"\r")
        if line[:1] in (b" ", b"\t"):
            if fields:
                fields[-1][1].extend(b"\n" + content)
        elif match is not None:
            name = match.group(1).decode("ascii").lower()
            fields.append((name, bytearray(content[match.end() :])))
        elif content and garbage < 0 and not (is_top and line.startswith((b"From ", b">From "))):
            garbage = offset
        offset += len(line) + 1
    return [(name, bytes(value).strip(b" \t\r\n")) for name, value in fields], garbage


def _first(fields: list[tuple[str, bytes]], name: str) -> bytes:
    return next((value for key, value in fields if key == name), b"")


def read(raw: bytes) -> tuple[Section, list[str]]:
    """The tree and the codes of what is wrong with it; never raises.

    The top multipart has no number of its own; its children are 1, 2, … and a message without
    parts is section 1.
    """
    reader = _Reader(raw)
    top = reader.section(0, len(raw), "", 0, "text/plain")
    return top, list(reader.defects)


def subject(raw: bytes, start: int, end: int) -> bytes:
    """The Subject of a message that lies inside another, undecoded."""
    stop = min(end, start + MAX_HEADER)
    blank = _HEADER_END.search(raw, start, stop)
    fields, _ = _fields(raw[start : blank.start() if blank else stop], is_top=True)
    return _first(fields, "subject")
