"""Address lists (RFC 5322 §3.4), read as they are written in the wild.

One pass from left to right, so that a hostile field costs no more than its length. Comments,
groups, routes, missing brackets, doubled dots and commas inside encoded words are all accepted;
the addr-spec is kept as it stands, because an address that breaks the grammar may still have a
mailbox behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from webmail.mime.encodedwords import clean, decode_words, to_text, unfold, word_end

MAX_DISPLAY_NAME = 320  # characters
MAX_ADDR_SPEC = 320  # RFC 5321 §4.5.3.1 allows 64 + 1 + 255
MAX_ADDRESSES = 5000

_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_PLAIN = re.compile(r'[^\s"(<>,;:=\\]+')
_ANGLE_END = re.compile(r'[^">]+')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_SPACE = re.compile(r'("(?:[^"\\]|\\.)*")|\s+', re.DOTALL)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)

# What people type on a Japanese keyboard where an address list wants ASCII.
_TYPED = str.maketrans("＠，、；\u3000．＜＞＂\n\r\t", "@,,;" + " " + '.<>"' + ",, ")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF10, 0xFF5B)}


@dataclass(frozen=True, slots=True)
class Address:
    """RFC 5322's mailbox. ``addr_spec`` is empty when a field names nobody to write to."""

    display_name: str
    addr_spec: str

    def format(self) -> str:
        """``Name <user@example.com>`` in readable characters, quoted where it must be."""
        if not self.display_name:
            return self.addr_spec
        name = self.display_name
        if not _is_phrase(name):
            name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return f"{name} <{self.addr_spec}>"

    @property
    def domain(self) -> str:
        """What follows the last @, as written; empty without one."""
        return self.addr_spec.rpartition("@")[2] if "@" in self.addr_spec else ""


def _is_phrase(name: str) -> bool:
    plain = "".join(character for character in name if character.isascii())
    return bool(_ATOMS.fullmatch(plain)) and "=?" not in name and name == " ".join(name.split())


def format_addresses(addresses: Iterable[Address]) -> str:
    """A list for people to read and edit."""
    return ", ".join(address.format() for address in addresses)


def parse_addresses(value: str | bytes, fallback_charset: str = "") -> list[Address]:
    """The addresses of a header field, members of groups included, in their order."""
    return _Scanner(unfold(to_text(value, fallback_charset))).scan()


def parse_typed_addresses(value: str) -> list[Address]:
    """The addresses of a list that a person typed.

    Full-width @, digits and letters inside addresses, ideographic spaces, the separators 、 and ；
    and line breaks are understood; display names keep their characters.
    """
    addresses = _Scanner(value.translate(_TYPED)).scan()
    return [
        Address(one.display_name, one.addr_spec.translate(_FULL_WIDTH)) if one.addr_spec else one
        for one in addresses
    ]


@dataclass(slots=True)
class _Pending:
    """The parts of one mailbox while its separator has not been seen."""

    name: list[str] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    addr_spec: str | None = None
    before: int = 0  # pieces of the name that stood before the address


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.found: list[Address] = []
        self.pending = _Pending()
        self.unclosed: set[str] = set()  # openers whose end was looked for in vain

    def scan(self) -> list[Address]:
        actions = {
            '"': self._quoted,
            "(": self._comment,
            "<": self._angle,
            ",": self._end,
            ";": self._end,
            ":": self._group,
        }
        while self.position < len(self.text) and len(self.found) < MAX_ADDRESSES:
            character = self.text[self.position]
            action = actions.get(character)
            if action is not None:
                action()
            else:
                self._word(character)
        self._end()
        return self.found[:MAX_ADDRESSES]

    def _word(self, character: str) -> None:
        end = self.position + 1
        if character == "=":
            end = max(end, word_end(self.text, self.position))
        elif not character.isspace() and (match := _PLAIN.match(self.text, self.position)):
            end = match.end()
        self._add(self.text[self.position : end])
        self.position = end

    def _add(self, text: str) -> None:
        self.pending.name.append(text)
        self.pending.raw.append(text)

    def _quoted(self) -> None:
        match = None if '"' in self.unclosed else _QUOTED.match(self.text, self.position)
        if match is None:
            self.unclosed.add('"')
            self.position += 1
            return
        self.pending.name.append(_QUOTED_PAIR.sub(r"\1", match.group(1)))
        self.pending.raw.append(match.group())
        self.position = match.end()

    def _comment(self) -> None:
        depth, end = 0, self.position
        if "(" not in self.unclosed:
            while end < len(self.text):
                character = self.text[end]
                depth += (character == "(") - (character == ")")
                end += 2 if character == "\\" else 1
                if depth == 0:
                    self.pending.comments.append(self.text[self.position + 1 : end - 1])
                    self.pending.raw.append(" ")
                    self.position = end
                    return
        self.unclosed.add("(")
        self._add("(")
        self.position += 1

    def _angle(self) -> None:
        if self.pending.addr_spec is not None:  # a separator is missing
            following = self.pending.name[self.pending.before :]
            del self.pending.name[self.pending.before :]
            self.position -= 1
            self._end()
            self.pending.name = following
        self.pending.before = len(self.pending.name)
        inside: list[str] = []
        position = self.position + 1
        while position < len(self.text) and self.text[position] != ">":
            match = _QUOTED.match(self.text, position) if '"' not in self.unclosed else None
            if match is None and self.text[position] == '"':
                self.unclosed.add('"')
            if match is None:
                match = _ANGLE_END.match(self.text, position)
            end = match.end() if match else position + 1
            inside.append(self.text[position:end])
            position = end
        content = "".join(inside)
        if position >= len(self.text):  # no closing bracket: the next separator ends it
            content = re.split("[,;]", content, maxsplit=1)[0]
            position = self.position + 1 + len(content)
        self.position = min(position + 1, len(self.text)) if self._at(position, ">") else position
        self.pending.addr_spec = _without_route(content)

    def _at(self, position: int, character: str) -> bool:
        return position < len(self.text) and self.text[position] == character

    def _group(self) -> None:
        """A group's name, or ``mailto:``; a colon after an address is rubbish that ends it."""
        if any("@" in piece for piece in self.pending.raw):
            self._end()
            return
        self.pending = _Pending()
        self.position += 1

    def _end(self) -> None:
        self.position += 1
        if not self.pending.raw and self.pending.addr_spec is None:
            return
        pending, self.pending = self.pending, _Pending()
        address = _mailbox(pending)
        if address.display_name or address.addr_spec:
            self.found.append(address)


def _mailbox(pending: _Pending) -> Address:
    name = "".join(pending.name)
    addr_spec = pending.addr_spec
    if addr_spec is None:
        raw = "".join(pending.raw).strip()
        addr_spec, name = _bare(raw, name)
    name = _readable(name)
    if not name and pending.comments:
        name = _readable(pending.comments[-1])
    addr_spec = clean(_SPACE.sub(lambda match: match.group(1) or "", addr_spec[:2000]))
    if not addr_spec and "@" in name and " " not in name:
        name, addr_spec = "", name
    if len(addr_spec) > MAX_ADDR_SPEC:
        return Address(name or addr_spec[:MAX_DISPLAY_NAME], "")
    return Address("" if name == addr_spec else name, addr_spec)


def _bare(raw: str, name: str) -> tuple[str, str]:
    """An address without brackets, perhaps after words that should have been its name."""
    if "@" not in raw:
        return "", name
    if raw.startswith('"') and not re.search(r"\s", raw[raw.rfind('"') :]):
        return raw, ""
    words = raw.split()
    for index in range(len(words) - 1, -1, -1):
        if "@" in words[index].strip("@"):
            return words[index], " ".join(words[:index] + words[index + 1 :])
    return "".join(words), ""  # "user @ example.com"


def _without_route(content: str) -> str:
    """Drops a source route (RFC 5322 §4.4) and the "mailto:" and brackets of sloppy senders."""
    content = content.strip().lstrip("<").strip()
    if content.lower().startswith("mailto:"):
        content = content[7:]
    if content.startswith("@") and ":" in content:
        content = content.rpartition(":")[2]
    return content


def _readable(name: str) -> str:
    name = " ".join(clean(decode_words(name)).split())
    if len(name) > 1 and name[0] == name[-1] == "'":
        name = name[1:-1].strip()
    return name[:MAX_DISPLAY_NAME]
