"""Plain text as HTML: escaped first of all, then links and quote levels.

A tokenizer finds the links in the raw text and each piece is escaped on its own, so that no pattern
ever looks at markup. Styling is by classes only: ``m-text`` keeps line breaks (pre-wrap),
``m-quote`` and ``m-quote-1`` to ``m-quote-5`` mark quotes, ``m-signature`` the signature.
"""

from __future__ import annotations

import re
from html import escape

MAX_QUOTE_DEPTH = 20
MAX_LINKS = 5000
_COLOURS = 5

# ASCII only: in Japanese a sentence goes on right behind an address without a space.
_LINK = re.compile(
    r"(?<![A-Za-z0-9])(?P<url>https?://[A-Za-z0-9\[][A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]{0,2000})"
    r"|(?<![A-Za-z0-9@/.])(?P<www>www\.[A-Za-z0-9][A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]{2,2000})"
    r"|(?<![A-Za-z0-9._%+/=-])(?P<mail>[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}"
    r"(?:\.[A-Za-z0-9-]{1,63}){1,8})",
    re.IGNORECASE,
)
_TRAILING = ".,;:!?'\"*_~"
_PAIRS = {")": "(", "]": "["}
_QUOTE = re.compile(r"(?:>[ \t]?)+")


def text_to_html(text: str) -> str:
    """Safe HTML for a plain text body, inside one ``div``; lines keep their breaks."""
    out = ['<div class="m-text">']
    depth, in_signature, links = 0, False, [MAX_LINKS]
    for index, line in enumerate(text.replace("\r\n", "\n").split("\n")):
        level, content = _quote_level(line)
        if index and level == depth:
            out.append("\n")
        while depth > level:
            out.append("</blockquote>")
            depth -= 1
        while depth < level:
            depth += 1
            out.append(f'<blockquote class="m-quote m-quote-{min(depth, _COLOURS)}">')
        if content == "-- " and not level and not in_signature:
            out.append('<div class="m-signature">')
            in_signature = True
        out.append(_linkify(content, links))
    out.append("</blockquote>" * depth)
    out.append("</div>" * (2 if in_signature else 1))
    return "".join(out)


def _quote_level(line: str) -> tuple[int, str]:
    match = _QUOTE.match(line)
    if match is None:
        return 0, line
    level = match.group().count(">")
    if level > MAX_QUOTE_DEPTH:
        return MAX_QUOTE_DEPTH, line[match.end() :]
    return level, line[match.end() :]


def _linkify(line: str, links: list[int]) -> str:
    out, position = [], 0
    if "://" in line or "@" in line or "www." in line.lower():
        for match in _LINK.finditer(line):
            if links[0] <= 0:
                break
            shown = _trimmed(match.group())
            href = _href(match, shown)
            if not href:
                continue
            links[0] -= 1
            out.append(escape(line[position : match.start()]))
            out.append(
                f'<a href="{escape(href)}" rel="noopener noreferrer nofollow" target="_blank">'
                f"{escape(shown)}</a>"
            )
            position = match.start() + len(shown)
    out.append(escape(line[position:]))
    return "".join(out)


def _href(match: re.Match[str], shown: str) -> str:
    if match.group("mail"):
        return "mailto:" + shown.replace("%", "%25")
    if match.group("www"):
        return "https://" + shown if "." in shown[4:] else ""
    return shown if len(shown.partition("://")[2]) > 1 else ""


def _trimmed(link: str) -> str:
    """Without the punctuation of the sentence around it; brackets stay when they are paired."""
    while link:
        last = link[-1]
        if last in _TRAILING or (last in _PAIRS and link.count(last) > link.count(_PAIRS[last])):
            link = link[:-1]
        else:
            break
    return link
