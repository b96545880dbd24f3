"""Style sheets of strangers, rebuilt from allowed tokens (tinycss2 reads, nothing is copied).

A declaration survives when its property is on the list and every token of its value is harmless:
identifiers, numbers, dimensions, percentages, colours, plain strings and a few functions. There is
no way to write a URL, a variable or an attribute value, so nothing can be loaded or probed.
Selectors get a scope in front and class names a prefix: a mail can only style itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import tinycss2
from tinycss2 import ast

MAX_SHEET = 256 * 1024  # characters of all style elements together
MAX_INLINE = 8 * 1024  # characters of one style attribute
MAX_RULES = 4000
MAX_FUNCTION_DEPTH = 4

SCOPE = "m-body"
PREFIX = "m-"

_SIDES = ("top", "right", "bottom", "left")
_PROPERTIES = frozenset(
    re.findall(
        r"[\w-]+",
        """
        azimuth background background-blend-mode background-clip background-color background-image
        background-origin background-position background-repeat background-size border
        border-collapse border-color border-radius border-spacing border-style border-width
        border-bottom-left-radius border-bottom-right-radius border-top-left-radius
        border-top-right-radius box-shadow box-sizing break-after break-before break-inside
        caption-side clear color column-count column-gap column-rule column-width columns
        direction display empty-cells float font font-family font-feature-settings font-kerning
        font-size font-size-adjust font-stretch font-style font-variant font-weight gap height
        hyphens letter-spacing line-break line-height list-style list-style-position
        list-style-type margin max-height max-width min-height min-width object-fit
        object-position opacity overflow overflow-wrap overflow-x overflow-y padding
        page-break-after page-break-before page-break-inside quotes row-gap ruby-align
        ruby-position tab-size table-layout text-align text-align-last text-decoration
        text-decoration-color text-decoration-line text-decoration-style text-emphasis
        text-indent text-justify text-orientation text-overflow text-shadow text-transform
        text-underline-position unicode-bidi vertical-align visibility white-space widows width
        word-break word-spacing word-wrap writing-mode zoom
        """,
    )
) | {
    f"{name}-{side}{suffix}"
    for side in _SIDES
    for name, suffix in (
        ("margin", ""),
        ("padding", ""),
        ("border", ""),
        ("border", "-color"),
        ("border", "-style"),
        ("border", "-width"),
    )
}
_FUNCTIONS = frozenset(
    re.findall(r"[\w-]+", "rgb rgba hsl hsla calc min max clamp linear-gradient")
)
_PSEUDO = frozenset(
    re.findall(
        r"[\w-]+",
        "first-child last-child only-child first-of-type last-of-type link hover active focus empty"
        " first-line first-letter",
    )
)
_MEDIA_WORDS = frozenset(re.findall(r"[\w-]+", "screen all print only and not"))
_MEDIA_FEATURES = frozenset(
    re.findall(
        r"[\w-]+",
        "width min-width max-width height min-height max-height device-width min-device-width"
        " max-device-width orientation resolution min-resolution max-resolution"
        " prefers-color-scheme",
    )
)

_IDENT = re.compile(r"-{0,2}[^\W\d][\w-]{0,99}")
_NUMBER = re.compile(r"[+-]?\d{0,9}(?:\.\d{1,9})?(?:[eE][+-]?\d{1,2})?")
_UNIT = re.compile(r"[a-zA-Z]{1,5}")
_HASH = re.compile(r"[0-9a-fA-F]{3,8}")
_STRING = re.compile(r"[\w \-.,()/+:#!?]{0,200}")
_CLASS = re.compile(r"-?[A-Za-z_][A-Za-z0-9_-]{0,99}")
_ELEMENT = re.compile(r"[a-z][a-z0-9]{0,15}")


class _RefusedError(Exception):
    """A token that is not allowed; kills the declaration or selector around it."""


def prefixed(name: str) -> str:
    """A class or id out of a mail, kept apart from those of our own screens; "" when unusable."""
    if not _CLASS.fullmatch(name):
        return ""
    return name if name.startswith(PREFIX) else PREFIX + name


def clean_declarations(text: str) -> str:
    """The allowed declarations of a ``style`` attribute, written anew."""
    if len(text) > MAX_INLINE:
        return ""
    return _declarations(tinycss2.parse_blocks_contents(text, skip_comments=True))


def clean_stylesheet(text: str) -> str:
    """The allowed rules of style elements, scoped; of at-rules only ``@media``, one level deep."""
    rules = tinycss2.parse_stylesheet(text[:MAX_SHEET], skip_comments=True, skip_whitespace=True)
    budget = [MAX_RULES]
    return "\n".join(filter(None, (_rule(rule, budget, is_nested=False) for rule in rules)))


def clean_media(query: str) -> str:
    """The query of a ``media`` attribute, or "" when it is not understood."""
    return _media_query(tinycss2.parse_component_value_list(query[:500]))


def _rule(rule: ast.Node, budget: list[int], *, is_nested: bool) -> str:
    if budget[0] <= 0:
        return ""
    budget[0] -= 1
    if rule.type == "qualified-rule":
        selectors = _selectors(rule.prelude)
        body = _declarations(tinycss2.parse_blocks_contents(rule.content, skip_comments=True))
        return f"{', '.join(selectors)} {{ {body} }}" if selectors and body else ""
    is_media = rule.type == "at-rule" and rule.lower_at_keyword == "media"
    if not is_media or is_nested or rule.content is None:
        return ""
    query = _media_query(rule.prelude)
    inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
    rules = [_rule(one, budget, is_nested=True) for one in inner] if query else []
    return media(query, "\n".join(filter(None, rules)))


def media(query: str, rules: str) -> str:
    """The rules under a cleaned query; empty when there are none."""
    return f"@media {query} {{\n{rules}\n}}" if query and rules else ""


def _declarations(nodes: Sequence[ast.Node]) -> str:
    kept = []
    for node in nodes:
        if node.type != "declaration" or node.lower_name not in _PROPERTIES:
            continue
        try:
            value = _value(node.value, 0).strip()
        except _RefusedError:
            continue
        if value:
            kept.append(f"{node.lower_name}: {value}{' !important' if node.important else ''}")
    return "; ".join(kept)


def _value(tokens: Sequence[ast.Node], depth: int) -> str:
    return "".join(_component(token, depth) for token in tokens)


def _component(token: ast.Node, depth: int) -> str:
    kind = token.type
    if kind == "whitespace":
        return " "
    if kind == "ident":
        return _checked(_IDENT, token.value)
    if kind in ("number", "percentage"):
        return _checked(_NUMBER, token.representation) + ("%" if kind == "percentage" else "")
    if kind == "dimension":
        return _checked(_NUMBER, token.representation) + _checked(_UNIT, token.unit)
    if kind == "hash":
        return "#" + _checked(_HASH, token.value)
    if kind == "string":
        return f"'{_checked(_STRING, token.value)}'"
    if kind == "literal" and token.value in ",/+-*":
        return str(token.value)
    if kind == "function" and token.lower_name in _FUNCTIONS and depth < MAX_FUNCTION_DEPTH:
        return f"{token.lower_name}({_value(token.arguments, depth + 1)})"
    if kind == "() block" and 0 < depth < MAX_FUNCTION_DEPTH:
        return f"({_value(token.content, depth + 1)})"
    raise _RefusedError


def _checked(pattern: re.Pattern[str], value: str) -> str:
    if not pattern.fullmatch(value):
        raise _RefusedError
    return value


def _selectors(tokens: Sequence[ast.Node]) -> list[str]:
    """Each selector of the list on its own, so that one unknown does not lose its neighbours."""
    kept = []
    for group in _split(tokens):
        try:
            kept.append(_selector(group))
        except _RefusedError:
            continue
    return [selector for selector in kept if selector]


def _split(tokens: Sequence[ast.Node]) -> list[list[ast.Node]]:
    groups: list[list[ast.Node]] = [[]]
    for token in tokens:
        if token.type == "literal" and token.value == ",":
            groups.append([])
        elif token.type != "comment":
            groups[-1].append(token)
    return groups


def _selector(tokens: Sequence[ast.Node]) -> str:
    out: list[str] = []
    marker = ""  # "." or ":" waiting for its name
    for token in tokens:
        if marker == "." and token.type == "ident" and prefixed(token.value):
            out.append("." + prefixed(token.value))
        elif marker == ":" and token.type == "ident" and token.lower_value in _PSEUDO:
            out.append(":" + token.lower_value)
        elif marker:
            raise _RefusedError
        elif token.type == "literal" and token.value in ".:":
            marker = token.value
            continue
        elif token.type == "literal" and token.value in "*>+~":
            out.append(str(token.value))
        elif token.type == "whitespace":
            out.append(" ")
        elif token.type == "hash" and prefixed(token.value):
            out.append("#" + prefixed(token.value))
        elif token.type == "ident":
            out.append(_checked(_ELEMENT, token.lower_value))
        else:
            raise _RefusedError
        marker = ""
    if marker:
        raise _RefusedError
    return _scoped("".join(out).strip())


def _scoped(selector: str) -> str:
    """``body`` and ``html`` mean the box that the mail stands in."""
    if not selector or selector[0] in ">+~" or selector[-1] in ">+~":
        return ""
    rest = re.sub(r"^(?:html\s*>?\s*)?(?:body|html)(?![\w-])", "", selector)
    if rest != selector:
        return f".{SCOPE}{rest}"
    return f".{SCOPE} {selector}"


def _media_query(tokens: Sequence[ast.Node]) -> str:
    groups = []
    for group in _split(tokens):
        try:
            groups.append("".join(_media_component(token) for token in group).strip())
        except _RefusedError:
            continue
    return ", ".join(filter(None, groups))


def _media_component(token: ast.Node) -> str:
    if token.type == "whitespace":
        return " "
    if token.type == "ident" and token.lower_value in _MEDIA_WORDS:
        return str(token.lower_value)
    if token.type == "() block":
        content = [one for one in token.content if one.type not in ("whitespace", "comment")]
        if not content or content[0].type != "ident":
            raise _RefusedError
        feature = content[0].lower_value
        if feature not in _MEDIA_FEATURES:
            raise _RefusedError
        if len(content) == 1:
            return f"({feature})"
        if len(content) == 3 and content[1].type == "literal" and content[1].value == ":":
            return f"({feature}: {_component(content[2], 0)})"
    raise _RefusedError
