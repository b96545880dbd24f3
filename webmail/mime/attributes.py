"""Which elements and attributes of a mail are shown, and which values they may have."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

from webmail.mime import css

MAX_DATA_IMAGE = 256 * 1024  # characters of a data: URL
MAX_STYLES = 512 * 1024  # characters of different style attributes that are read
MAX_URL = 8192
MAX_TEXT = 1000

_GLOBAL = frozenset({"style", "class", "id", "dir", "lang", "title", "align"})
_CELL = _GLOBAL | {
    "abbr",
    "axis",
    "bgcolor",
    "bordercolor",
    "colspan",
    "height",
    "nowrap",
    "rowspan",
    "scope",
    "valign",
    "width",
}
_ROW = _GLOBAL | {"bgcolor", "height", "valign"}
_PLAIN = re.findall(
    r"\w+",
    "abbr acronym address article aside b bdi bdo big blockquote caption center cite code dd del"
    " dfn div dl em figcaption figure footer h1 h2 h3 h4 h5 h6 header i ins kbd label main mark nav"
    " p pre q rb rp rt rtc ruby s samp section small span strike strong sub sup tt u var",
)

ALLOWED: dict[str, frozenset[str]] = {
    **dict.fromkeys(_PLAIN, _GLOBAL),
    "a": _GLOBAL | {"href"},
    "br": _GLOBAL | {"clear"},
    "col": _CELL | {"span"},
    "colgroup": _CELL | {"span"},
    "dt": _GLOBAL,
    "font": _GLOBAL | {"color", "face", "size"},
    "hr": _GLOBAL | {"color", "noshade", "size", "width"},
    "img": _GLOBAL | {"alt", "border", "height", "hspace", "src", "vspace", "width"},
    "li": _GLOBAL | {"type", "value"},
    "ol": _GLOBAL | {"start", "type"},
    "ul": _GLOBAL | {"type"},
    "table": _GLOBAL
    | {
        "bgcolor",
        "border",
        "bordercolor",
        "cellpadding",
        "cellspacing",
        "height",
        "rules",
        "width",
    },
    "tbody": _ROW,
    "td": _CELL,
    "tfoot": _ROW,
    "th": _CELL,
    "thead": _ROW,
    "tr": _ROW,
    "wbr": _GLOBAL,
}

_COLOUR = re.compile(r"#?[0-9a-fA-F]{3,8}|[a-zA-Z]{3,24}")
_LENGTH = re.compile(r"\d{1,5}(?:\.\d{1,4})?(?:%|px)?|\*")
_INTEGER = re.compile(r"-?\d{1,5}")
_WORD = re.compile(r"[a-zA-Z-]{1,20}|")
_PATTERNS = {
    **dict.fromkeys(("bgcolor", "bordercolor", "color"), _COLOUR),
    **dict.fromkeys(("width", "height"), _LENGTH),
    **dict.fromkeys(
        ("border", "cellpadding", "cellspacing", "hspace", "vspace", "start", "value"), _INTEGER
    ),
    **dict.fromkeys(("align", "valign", "clear", "rules", "scope", "nowrap", "noshade"), _WORD),
    **dict.fromkeys(("colspan", "rowspan", "span"), re.compile(r"\d{1,3}")),
    "size": re.compile(r"[+-]?\d{1,4}"),
    "type": re.compile(r"[1aAiI]|disc|circle|square|none"),
    "dir": re.compile(r"ltr|rtl|auto", re.IGNORECASE),
    "lang": re.compile(r"[A-Za-z0-9-]{1,35}"),
    "face": re.compile(r"[\w ,'\".-]{1,200}"),
}
_FREE_TEXT = frozenset({"alt", "title", "abbr", "axis"})

# Browsers drop these inside a URL before they read it.
_REMOVED_BY_BROWSERS = re.compile(r"[\t\r\n]")
# An authority right behind "//": without it, or with a backslash, browsers may stay on our host.
_WEB = re.compile(
    r"https?://[^\s/?#\\\x00-\x20\x7f]+(?:[/?#][^\s\\\x00-\x20\x7f]*)?", re.IGNORECASE
)
_WRITE_OR_CALL = re.compile(r"(?:mailto|tel):[^\s\\\x00-\x20\x7f<>]+", re.IGNORECASE)
_DATA_IMAGE = re.compile(
    r"data:image/(png|jpe?g|gif|webp|bmp|x-ms-bmp)(?:;charset=[a-z0-9-]+)?;base64,"
    r"([A-Za-z0-9+/=]+)",
    re.IGNORECASE,
)
# The first bytes of each raster type in base64: the label alone is a stranger's word.
_MAGIC = ("iVBORw0KGgo", "/9j/", "R0lGOD", "UklGR", "Qk")


class AttributeFilter:
    """Called by the sanitizer for every allowed attribute; None removes it. It must not raise.

    ``remote_image_url`` is None while remote images are blocked.
    """

    def __init__(
        self,
        part_url: Callable[[str], str | None],
        remote_image_url: Callable[[str], str | None] | None,
    ) -> None:
        self._part_url = part_url
        self._remote_image_url = remote_image_url
        self._styles: dict[str, str] = {}  # mail repeats the same few
        self._room = MAX_STYLES

    def __call__(self, tag: str, name: str, value: str) -> str | None:
        if name == "href":
            return link(value) if tag == "a" else None
        if name == "src":
            return self._source(value) if tag == "img" else None
        if name == "style":
            return self._style(value) or None
        if name == "class":
            return " ".join(filter(None, map(css.prefixed, value.split()[:50]))) or None
        if name == "id":
            return css.prefixed(value.strip()) or None
        if name in ("rel", "target"):  # set by us
            return value
        if name in _FREE_TEXT:
            return value[:MAX_TEXT]
        pattern = _PATTERNS.get(name)
        value = value.strip()
        return value if pattern is not None and pattern.fullmatch(value) else None

    def _style(self, value: str) -> str:
        if value not in self._styles:
            self._room -= len(value)
            self._styles[value] = css.clean_declarations(value) if self._room >= 0 else ""
        return self._styles[value]

    def _source(self, value: str) -> str | None:
        value = _REMOVED_BY_BROWSERS.sub("", value).strip()
        scheme = value[:5].lower()
        if scheme.startswith("cid:"):
            return self._part_url(unquote(value[4:]).strip("<> ")[:998])
        if scheme == "data:":
            return _data_image(value)
        if self._remote_image_url is not None and len(value) <= MAX_URL and _WEB.fullmatch(value):
            return self._remote_image_url(value)
        return None


def link(value: str) -> str | None:
    """An absolute web, mail or telephone address; everything else leads nowhere."""
    value = _REMOVED_BY_BROWSERS.sub("", value).strip()
    if len(value) > MAX_URL or not (_WEB.fullmatch(value) or _WRITE_OR_CALL.fullmatch(value)):
        return None
    return value


def _data_image(value: str) -> str | None:
    if len(value) > MAX_DATA_IMAGE:
        return None
    match = _DATA_IMAGE.fullmatch("".join(value.split()))
    if match is None or not match.group(2).startswith(_MAGIC):
        return None
    return match.group()
