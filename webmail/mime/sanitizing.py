"""HTML of strangers to HTML for a browser: the one door (there is no other way to show mail HTML).

1. Bounds: size and number of tags, before anything is parsed.
2. ``markup`` cuts the text into tags; only known elements are written on, balanced, to a bounded
   depth, without comments and raw text. Style elements are collected, remote images taken out.
   Without this step nested tags cost the HTML5 parser time to the square, and thirty kilobytes of
   unclosed ``<p><font>`` become fifty megabytes.
3. ``nh3``, an HTML5 parser with allow-lists of elements, attributes and URL schemes, writes the
   result. It alone is trusted: step 2 may err without harm.
4. Each attribute value passes ``attributes``; each style passes ``css``.

Nothing touches the result any more: no search marks, no templates inside. Styling hooks are the
classes ``m-body`` (the box), ``m-page`` (the body element) and ``img:not([src])`` (blocked image).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape

import nh3

from webmail.mime import css
from webmail.mime.attributes import ALLOWED, AttributeFilter
from webmail.mime.balancing import Balancer, TooDeepError
from webmail.mime.linkifying import text_to_html
from webmail.mime.markup import VOID, Token, tokens

__all__ = ["VERSION", "SanitizedHtml", "sanitize", "text_to_html"]

VERSION = 1  # part of every cache key; raise it with any change of the result

MAX_HTML = 2 * 1024 * 1024  # characters
MAX_TAGS = 50_000  # start tags
MAX_HIDDEN = 256  # nested elements that are dropped
MAX_TRACKER = 5  # pixels; Nextcloud Mail draws the line there as well

# Elements that vanish with all they hold.
_DROPPED = frozenset(
    re.findall(
        r"\w+",
        "script style title template noscript iframe object embed applet svg math textarea select"
        " xmp noembed noframes plaintext audio video canvas frameset datalist dialog portal",
    )
)
_REMOTE = re.compile(r"\s*(?:https?:|//|\\\\)", re.IGNORECASE)
_TINY = re.compile(r"\s*0*([0-9]{1,4})(?:\.\d*)?\s*(?:px)?\s*", re.IGNORECASE)
_TINY_STYLE = re.compile(
    r"(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0*)?\s*(?:;|$)"
    rf"|(?:max-)?(?:width|height)\s*:\s*0*[0-{MAX_TRACKER}](?:\.\d*)?(?:px)?\s*(?:!|;|$))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SanitizedHtml:
    """``html`` is complete and final; empty when ``too_large``: show the text instead.

    ``remote_images`` counts images with a remote source, ``trackers`` those of them which are tiny
    or hidden; trackers are never loaded, not even where remote images are allowed.
    """

    html: str
    remote_images: int = 0
    trackers: int = 0
    too_large: bool = False


def sanitize(
    html: str,
    *,
    part_url: Callable[[str], str | None],
    allow_remote_images: bool = False,
    remote_image_url: Callable[[str], str | None] | None = None,
) -> SanitizedHtml:
    """Safe HTML for a frame of its own.

    ``part_url`` maps a Content-ID to the address of our part, or None. ``remote_image_url`` maps
    an allowed remote image to the address that the browser shall load, such as a proxy's.
    """
    if len(html) > MAX_HTML:
        return SanitizedHtml("", too_large=True)
    reader = _Reader(allow_remote_images)
    try:
        for token in tokens(html):
            reader.take(token)
    except TooDeepError:
        return SanitizedHtml("", too_large=True)
    keep = AttributeFilter(
        part_url, remote_image_url or _unchanged if allow_remote_images else None
    )
    cleaned = nh3.clean(
        reader.balancer.result(),
        tags=set(ALLOWED),
        clean_content_tags=set(_DROPPED),
        attributes={tag: set(names) for tag, names in ALLOWED.items() if names},
        attribute_filter=keep,
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        strip_comments=True,
    )
    sheet = reader.stylesheet()
    head = f"<style>\n{sheet}\n</style>\n" if sheet else ""
    return SanitizedHtml(
        f'{head}<div class="{css.SCOPE}">{cleaned}</div>', reader.remote_images, reader.trackers
    )


def _unchanged(url: str) -> str | None:
    return url


@dataclass(slots=True)
class _Reader:
    """Step 2: passes on what is known; collects style elements and counts remote images."""

    allow_remote_images: bool
    balancer: Balancer = field(default_factory=Balancer)
    hidden: list[str] = field(default_factory=list)
    sheets: list[tuple[str, str]] = field(default_factory=list)  # media query, rules
    media: str = ""
    tags: int = 0
    remote_images: int = 0
    trackers: int = 0

    def take(self, token: Token) -> None:
        if token.kind == "start":
            self.tags += 1
            if self.tags > MAX_TAGS:
                raise TooDeepError
        if token.kind == "raw":
            if token.name == "style" and not self.hidden[:-1]:
                self.sheets.append((self.media, token.text))
        elif token.name in _DROPPED:
            self._hide(token)
        elif self.hidden:
            return
        elif token.kind == "text":
            self.balancer.text(token.text.replace("<", "&lt;").replace("\x00", ""))
        elif token.kind == "start":
            self._start(token.name, token.attributes)
        else:
            self.balancer.end("div" if token.name == "body" else token.name)

    def _hide(self, token: Token) -> None:
        if token.kind == "end":
            if token.name in self.hidden:
                del self.hidden[self.hidden.index(token.name) :]
        elif token.name not in VOID and len(self.hidden) < MAX_HIDDEN:
            self.hidden.append(token.name)
            self.media = dict(token.attributes).get("media", "")

    def _start(self, name: str, attributes: list[tuple[str, str]]) -> None:
        if name == "body":
            name, attributes = "div", _body_attributes(attributes)
        if name not in ALLOWED:
            return
        if name == "img":
            attributes = self._image(attributes)
        allowed = ALLOWED[name]
        written = "".join(
            f' {key}="{_quoted(value)}"' for key, value in attributes if key in allowed
        )
        self.balancer.start(name, f"<{name}{written}>")

    def _image(self, attributes: list[tuple[str, str]]) -> list[tuple[str, str]]:
        values = dict(attributes)
        if not _REMOTE.match(unescape(values.get("src", ""))):
            return attributes
        self.remote_images += 1
        is_tracker = _is_tracker(values)
        self.trackers += is_tracker
        if self.allow_remote_images and not is_tracker:
            return attributes
        return [(key, value) for key, value in attributes if key != "src"]

    def stylesheet(self) -> str:
        cleaned = []
        room = css.MAX_SHEET
        for query, text in self.sheets:
            rules = css.clean_stylesheet(text[:room])
            room -= len(text[:room])
            if query.strip():
                rules = css.media(css.clean_media(unescape(query)), rules)
            cleaned.append(rules)
        return "\n".join(filter(None, cleaned))


def _quoted(value: str) -> str:
    return value.replace('"', "&quot;").replace("<", "&lt;").replace("\x00", "")


def _is_tracker(values: dict[str, str]) -> bool:
    for name in ("width", "height"):
        size = _TINY.fullmatch(values.get(name, ""))
        if size is not None and int(size.group(1)) <= MAX_TRACKER:
            return True
    return "hidden" in values or bool(_TINY_STYLE.search(unescape(values.get("style", ""))))


def _body_attributes(attributes: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The colours and style of the body element for the box that takes its place."""
    values = dict(attributes)
    colours = [
        f"{name}:{values[key]}"
        for key, name in (("bgcolor", "background-color"), ("text", "color"))
        if values.get(key)
    ]
    style = ";".join([*colours, values.get("style", "")]).strip(";")
    classes = ("m-page " + values.get("class", "")).strip()
    kept = [(key, value) for key, value in attributes if key in ("dir", "lang", "id")]
    return [*kept, ("class", classes), ("style", style)]
