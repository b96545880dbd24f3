"""Content-Type and Content-Disposition values (RFC 2045 §5.1, RFC 2183) with RFC 2231 parameters.

File names come in two conventions: RFC 2231 (``filename*=``) and, against the RFC, encoded words
inside ``filename=`` and ``name=``, with or without quotes. Both are read; text is decoded before it
is cut up, because a Shift_JIS or ISO-2022-JP name may hold the bytes of quotes and semicolons.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from webmail.mime import charsets
from webmail.mime.encodedwords import clean, decode_words, encode_words, to_text, unfold

MAX_FILENAME_BYTES = 240  # below the 255 of file systems, so that a copy can get " (1)"
MAX_PARAMETERS = 200
MAX_NAME = 100  # characters of a parameter's name

_NAME = re.compile(r'[^=;\s"]+\Z')
_CONTENT = re.compile(r'\s{0,20}(?:"((?:[^"\\]|\\.)*)"|"?([^;]*))', re.DOTALL)
_PRINTABLE = re.compile(r"[ -~]*")
_TOKEN_VALUE = re.compile(r"[A-Za-z0-9!#$&+^_`{|}~.-]+")
_MAIN = re.compile(r"\s*([^;\s]*)")
_SECTION = re.compile(r"([^*]+)(?:\*(\d{1,4}))?(\*)?")
_DRIVE = re.compile(r"^[A-Za-z]:\\|^\\\\")
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
_BIDI = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(slots=True)
class Value:
    """A structured header value: ``main`` in lower case, parameters by lower-case name."""

    main: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    duplicates: set[str] = field(default_factory=set)


def parse_value(raw: str | bytes, fallback_charset: str = "") -> Value:
    """Reads what can be read; the first of two equal parameters wins and is noted as doubled."""
    text = unfold(to_text(raw, fallback_charset))
    main = _MAIN.match(text)
    value = Value(clean(main.group(1)).strip('"').lower() if main else "")
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    start = text.find(";")
    for written, match in _parameters(text, start):
        name, number, extended = _split_name(written)
        if not name:
            continue
        content = _content(match)
        if number is None and not extended:
            if name in value.parameters:
                value.duplicates.add(name)
            value.parameters.setdefault(name, content)
        else:
            sections.setdefault(name, {}).setdefault(number or 0, (content, extended))
    for name, pieces in sections.items():
        value.parameters[name] = _join_sections(pieces)
    return value


def _parameters(text: str, start: int) -> list[tuple[str, re.Match[str]]]:
    """Names with their contents. The equals sign is looked for, as long words without one exist."""
    found: list[tuple[str, re.Match[str]]] = []
    while 0 <= start < len(text) and len(found) < MAX_PARAMETERS:
        equals = text.find("=", start)
        if equals < 0:
            break
        name = _NAME.search(text[max(start, equals - MAX_NAME) : equals].rstrip())
        content = _CONTENT.match(text, equals + 1)
        if name is not None and content is not None:
            found.append((name.group(), content))
        start = text.find(";", content.end() if content else equals + 1)
    return found


def _split_name(name: str) -> tuple[str, int | None, bool]:
    match = _SECTION.fullmatch(name.lower())
    if match is None:
        return name.lower() if "*" not in name else "", None, False
    number = int(match.group(2)) if match.group(2) is not None else None
    return match.group(1), number, match.group(3) is not None


def _content(match: re.Match[str]) -> str:
    if match.group(1) is not None:
        # Only these two: the backslashes of "C:\temp" are not quoting.
        return match.group(1).replace('\\"', '"').replace("\\\\", "\\")
    return (match.group(2) or "").strip().rstrip('"')


def _join_sections(pieces: dict[int, tuple[str, bool]]) -> str:
    """RFC 2231 §3 and §4: the charset stands in the first section, some sections are encoded."""
    label = ""
    data = bytearray()
    for index, number in enumerate(sorted(pieces)):
        content, extended = pieces[number]
        if extended and index == 0 and content.count("'") >= 2:
            label, _, content = content.split("'", 2)
        encoded = content.encode("utf-8", "replace")
        data += unquote_to_bytes(encoded) if extended else encoded
    return charsets.decode(bytes(data), label, detect=False).text


def file_name(*values: str) -> str:
    """The first usable name among parameter values, made safe to save and to show; "" without one.

    Decomposed characters (macOS) are composed, so that equal names compare equal. Direction marks
    go: they make "exe.fdp" look like "pdf.exe" and the reverse.
    """
    for value in values:
        name = decode_words(value[1:] if value.startswith("==?") else value)
        name = _BIDI.sub("", unicodedata.normalize("NFC", clean(name))).strip()
        if _DRIVE.match(name):
            name = name.rpartition("\\")[2]
        name = _FORBIDDEN.sub("_", name).strip(" ")
        if name.strip("._ "):
            return _shortened(name.lstrip(".") if set(name[:2]) == {"."} else name)
    return ""


def _shortened(name: str) -> str:
    if len(name.encode("utf-8", "replace")) <= MAX_FILENAME_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension) > 16:
        stem, dot, extension = name, "", ""
    room = MAX_FILENAME_BYTES - len((dot + extension).encode("utf-8", "replace"))
    return stem.encode("utf-8", "replace")[:room].decode("utf-8", "ignore") + dot + extension


def fallback_name_parameter(name: str) -> list[str]:
    """``name=`` for clients that know no RFC 2231: an encoded word in quotes, as they expect."""
    if _PRINTABLE.fullmatch(name) and "=?" not in name:
        return ['name="' + name.replace("\\", "\\\\").replace('"', '\\"') + '"']
    first, *rest = encode_words(name)
    words = [f'name="{first}', *rest]
    return [*words[:-1], words[-1] + '"']


def file_name_parameters(name: str) -> list[str]:
    """RFC 2231: one encoded value, continued in numbered sections when it is long."""
    if _TOKEN_VALUE.fullmatch(name) and len(name) <= 60:
        return [f"filename={name}"]
    if _PRINTABLE.fullmatch(name) and len(name) <= 55:
        return ['filename="' + name.replace("\\", "\\\\").replace('"', '\\"') + '"']
    units = [
        chr(byte) if _TOKEN_VALUE.fullmatch(chr(byte)) else f"%{byte:02X}"
        for byte in name.encode("utf-8")
    ]
    sections, current = [], "utf-8''"
    for unit in units:
        if len(current) + len(unit) > 55:
            sections.append(current)
            current = ""
        current += unit
    sections.append(current)
    if len(sections) == 1:
        return [f"filename*={sections[0]}"]
    last = len(sections) - 1
    return [
        f"filename*{index}*={section}{';' if index < last else ''}"
        for index, section in enumerate(sections)
    ]
