"""A forgiving tokenizer for the HTML of mail, linear in its input.

It serves two readers: text extraction, which needs no more, and the sanitizer, which feeds a real
HTML5 parser with what comes out here. A mistake of this tokenizer can therefore spoil a layout but
never let anything through. The parser of the standard library is no choice: its time grows with
the square of hostile input.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_ATTRIBUTES = 64  # of one tag; what follows is dropped

VOID = frozenset(
    re.findall(r"\w+", "area base br col embed hr img input link meta param source track wbr")
)
# Content up to the end tag is text for the browser, never markup.
RAW_TEXT = frozenset(
    re.findall(r"\w+", "script style title textarea xmp iframe noembed noframes noscript")
)

_OPEN = re.compile(r"<(?:(?P<end>/)?(?P<name>[A-Za-z][^\s/>\x00]{0,60})[^\s/>]*|(?P<odd>[!?/]))")
_ATTRIBUTE = re.compile(
    r"""[\s/]*(?P<name>[^\s/>=][^\s/>=]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*)))?"""
)
_COMMENT_END = re.compile(r"--!?>")


@dataclass(slots=True)
class Token:
    """``kind`` is "text", "start", "end" or "raw" (content of a raw text element, by ``name``)."""

    kind: str
    name: str = ""
    text: str = ""
    attributes: list[tuple[str, str]] = field(default_factory=list)


def tokens(html: str) -> Iterator[Token]:
    """Text and tags with their entities untouched; comments and declarations are left out."""
    position, length = 0, len(html)
    while position < length:
        match = _OPEN.search(html, position)
        if match is None:
            yield Token("text", text=html[position:])
            return
        if match.start() > position:
            yield Token("text", text=html[position : match.start()])
        if match.group("odd"):
            position = _after_odd(html, match.start())
            continue
        name = match.group("name").lower()
        attributes, position = _attributes(html, match.end())
        if match.group("end"):
            yield Token("end", name)
            continue
        yield Token("start", name, attributes=attributes)
        if name == "plaintext":
            return
        if name in RAW_TEXT:
            stop = _raw_end(html, name, position)
            yield Token("raw", name, html[position:stop])
            position = stop


def _after_odd(html: str, start: int) -> int:
    """Behind a comment, declaration or what HTML5 calls a bogus comment."""
    if html.startswith("<!--", start):
        if html.startswith((">", "->"), start + 4):
            return html.index(">", start + 4) + 1
        end = _COMMENT_END.search(html, start + 4)
        return end.end() if end else len(html)
    close = html.find(">", start)
    return close + 1 if close >= 0 else len(html)


def _attributes(html: str, position: int) -> tuple[list[tuple[str, str]], int]:
    if html.startswith(">", position):
        return [], position + 1
    found: list[tuple[str, str]] = []
    seen: set[str] = set()
    while (match := _ATTRIBUTE.match(html, position)) is not None:
        name = match.group("name").lower()
        if len(found) < MAX_ATTRIBUTES and name not in seen:
            value = next((group for group in match.groups()[1:] if group is not None), "")
            found.append((name, value))
            seen.add(name)
        position = match.end()
    close = html.find(">", position)
    return found, close + 1 if close >= 0 else len(html)


def _raw_end(html: str, name: str, position: int) -> int:
    match = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(html, position)
    return match.start() if match else len(html)
