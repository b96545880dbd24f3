"""Text out of HTML, previews, and the folding that search needs."""

from __future__ import annotations

import re
import unicodedata
from html import unescape

from webmail.mime.markup import tokens

MAX_INPUT = 2 * 1024 * 1024  # characters of HTML that are read
MAX_QUOTE_DEPTH = 20

_HIDDEN = frozenset(
    re.findall(r"\w+", "script style title head svg math template object select textarea")
)
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote body center dd div dl dt fieldset figure footer form h1"
        " h2 header h3 h4 h5 h6 html li main nav ol p pre section table tbody tfoot thead tr ul",
    )
)
_PARAGRAPHS = frozenset(re.findall(r"\w+", "blockquote h1 h2 h3 h4 h5 h6 ol p pre table ul"))
_SPACES = re.compile(r"[ \t\r\n\f]+")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
# Zero width characters and the fillers of newsletter preheaders.
_INVISIBLE = re.compile("[\u00ad\u034f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\u2800]")
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)


class _Writer:
    """Collects lines; white space collapses as in a browser, except inside ``pre``."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.quotes = 0
        self.preserved = 0

    def write(self, text: str) -> None:
        if self.preserved:
            first, *rest = text.split("\n")
            self.line.append(first)
            for line in rest:
                self.break_line()
                self.line.append(line)
            return
        text = _SPACES.sub(" ", text)
        if text.startswith(" ") and (not self.line or self.line[-1].endswith(" ")):
            text = text[1:]
        if text:
            self.line.append(text)

    def break_line(self) -> None:
        prefix = ">" * min(self.quotes, MAX_QUOTE_DEPTH)
        content = "".join(self.line)
        content = content if self.preserved else content.strip(" ")
        self.lines.append(f"{prefix} {content}" if prefix and content else prefix + content)
        self.line = []

    def end_block(self, *, is_paragraph: bool) -> None:
        if self.line:
            self.break_line()
        if is_paragraph and self.lines:
            if not self.lines[-1].strip("> "):
                self.lines.pop()  # an empty line of a deeper quote becomes one of this depth
            self.break_line()

    def result(self) -> str:
        if self.line:
            self.break_line()
        text = "\n".join(line.rstrip() for line in self.lines)
        return re.sub(r"\n{3,}", "\n\n", text).strip("\n")


def html_to_text(html: str) -> str:
    """What a reader without HTML sees: lines, list marks, quote marks, link targets left out."""
    writer = _Writer()
    hidden: list[str] = []
    for token in tokens(html[:MAX_INPUT]):
        if token.kind == "text" and not hidden:
            writer.write(_CONTROLS.sub("", unescape(token.text)))
        elif token.kind == "start":
            is_nested = bool(hidden) and hidden[0] == token.name
            if is_nested or (not hidden and _is_hidden(token.name, token.attributes)):
                hidden.append(token.name)
            elif not hidden:
                _start(writer, token.name, token.attributes)
        elif token.kind == "end":
            if hidden:
                # "head" is often left open: the body ends it.
                if token.name == hidden[0]:
                    hidden.pop()
            else:
                _end(writer, token.name)
        if hidden == ["head"] and token.kind == "start" and token.name == "body":
            hidden = []
    return writer.result()


def _is_hidden(name: str, attributes: list[tuple[str, str]]) -> bool:
    if name in _HIDDEN:
        return True
    # Only containers whose end is written reliably may hide their content.
    return name in ("div", "span", "p", "td") and any(
        key == "style" and _HIDDEN_STYLE.search(value) for key, value in attributes
    )


def _start(writer: _Writer, name: str, attributes: list[tuple[str, str]]) -> None:
    if name == "br":
        writer.break_line()
    elif name == "hr":
        writer.end_block(is_paragraph=False)
        writer.write("-" * 20)
        writer.break_line()
    elif name in ("td", "th"):
        writer.write(" ")
    elif name == "img":
        writer.write(_CONTROLS.sub("", unescape(dict(attributes).get("alt", "")))[:200])
    elif name in _BLOCKS:
        writer.end_block(is_paragraph=name in _PARAGRAPHS)
        writer.quotes += name == "blockquote"
        writer.preserved += name == "pre"
        if name == "li":
            writer.write("- ")


def _end(writer: _Writer, name: str) -> None:
    if name in _BLOCKS:
        writer.end_block(is_paragraph=False)
        if name == "blockquote":
            writer.quotes = max(0, writer.quotes - 1)
        if name == "pre":
            writer.preserved = max(0, writer.preserved - 1)
        if name in _PARAGRAPHS:
            writer.end_block(is_paragraph=True)


_ATTRIBUTION = re.compile(r".{0,200}(?:wrote|écrit|пишет|написал|のメール|schrieb).{0,20}[:：]\s*$")
_RULE = re.compile(r"^[\s\-_=*~#>|+.]{3,}$")


def preview(text: str, limit: int = 200) -> str:
    """One line for the list: the sender's own words without quotes, rules and signature."""
    words: list[str] = []
    length = 0
    for raw_line in text[:20_000].split("\n"):
        if raw_line == "-- " and words:
            break
        line = _INVISIBLE.sub("", raw_line).strip()
        if not line or line.startswith((">", "＞")) or _RULE.match(line) or _is_lead(line):
            continue
        words.append(line)
        length += len(line) + 1
        if length > limit:
            break
    shown = " ".join(" ".join(words).split())
    if not shown:
        shown = " ".join(_INVISIBLE.sub("", text[:2000]).split())
    return shown if len(shown) <= limit else shown[: limit - 1].rstrip() + "…"


def _is_lead(line: str) -> bool:
    return bool(_ATTRIBUTION.fullmatch(line[-230:]))


_UNIFIED = str.maketrans(
    {"\u301c": "~", "\u2016": "∥", "\u2212": "-", "\u2015": "—", "\u2014": "—"}
    | {chr(kana): chr(kana - 0x60) for kana in range(0x30A1, 0x30F7)}  # katakana to hiragana
    # People type "ete" and mean été; Russian writes ё as е.
    | {
        chr(letter): unicodedata.normalize("NFD", chr(letter))[0]
        for letter in (*range(0xE0, 0x250), *range(0x1E00, 0x1F00))
    }
    | {"\u0451": "\u0435"}
)


def fold_for_search(text: str) -> str:
    """Text by which equal words meet: width, case, kana kind, Latin accents and the doubled code points.

    NFKC turns U+FF5E into "~" but leaves the wave dash U+301C, though both come from one Shift_JIS
    character (as do ‖∥, −－, —―). Search only: what is displayed keeps its characters.
    """
    return unicodedata.normalize("NFKC", text).casefold().translate(_UNIFIED)
