"""What the component templates need from Python: icons, tints and initials of people, dates as people say them."""

from __future__ import annotations

import functools
import unicodedata
import zlib
from datetime import datetime, timedelta

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token, token_kwargs
from django.template.context import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext, pgettext

register = template.Library()

TINTS = 8


@register.simple_tag
def icon(name: str, style: str = "") -> SafeString:
    """One icon of the sprite, hidden from screen readers: the word beside it speaks. ``style`` adds classes."""
    return _icon(name, f"icon {style}".strip())


@functools.cache  # a list page shows hundreds of a few dozen icons; their address changes with a deployment only
def _icon(name: str, classes: str) -> SafeString:
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>',
        classes,
        static("groupware/icons.svg"),
        name,
    )


@register.filter
def tint(name: object) -> str:
    """The class of a quiet ground for this name; the same name has the same tint everywhere and always."""
    return f"tint-{zlib.crc32(str(name).encode()) % TINTS + 1}"


@register.filter
def initials(name: object) -> str:
    """One letter for a name in Chinese characters or kana, up to two for names written with spaces."""
    words = [word for word in str(name).split() if word[0].isalnum()]
    if not words:
        return "?"
    first = words[0][0]
    if len(words) == 1 or unicodedata.east_asian_width(first) in "WF":
        return first.upper()
    return (first + words[-1][0]).upper()


@register.simple_tag
def when(moment: datetime | None) -> SafeString | str:
    """A date as people say it, in their own zone: "10:42", "yesterday", "12 Nov", "12 Nov 2024"; exact on hover."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    return _time_element(local, _said(local, timezone.localtime()), "data-when")


@register.simple_tag
def since(moment: datetime | None) -> SafeString | str:
    """How long ago, "3 minutes ago"; kept current in the browser, exact on hover."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    if timezone.localtime() - local < timedelta(minutes=1):
        words = gettext("just now")
    else:
        words = gettext("%(duration)s ago") % {"duration": timesince(local, depth=1)}
    return _time_element(local, words, "data-since")


def _said(local: datetime, now: datetime) -> str:
    if local.date() == now.date():
        return date_format(local, "H:i")
    if local.date() == now.date() - timedelta(days=1):
        return gettext("yesterday")
    if local.year == now.year:
        # Translators: how a day of this year is written in a list, in Django's date format letters.
        return date_format(local, pgettext("date format", "j M"))
    # Translators: how a day of another year is written in a list, in Django's date format letters.
    return date_format(local, pgettext("date format", "j M Y"))


def _time_element(local: datetime, words: str, attribute: str) -> SafeString:
    # Translators: an exact moment with its time zone, in Django's date format letters.
    exact = date_format(local, pgettext("date format", "j F Y, H:i:s T"))
    return format_html(
        '<time datetime="{}" title="{}" {}>{}</time>',
        local.isoformat(timespec="seconds"),
        exact,
        SafeString(attribute),
        words,
    )


class _WrapNode(template.Node):
    def __init__(
        self, name: FilterExpression, values: dict[str, FilterExpression], content: NodeList
    ) -> None:
        self.name, self.values, self.nodelist = name, values, content

    def render(self, context: Context) -> str:
        inner = {key: value.resolve(context) for key, value in self.values.items()}
        inner["content"] = self.nodelist.render(context)
        inner.setdefault("csrf_token", context.get("csrf_token"))
        # The engine that renders the page, as the include tag does it.
        assert context.template is not None
        component = context.template.engine.get_template(self.name.resolve(context))
        return component.render(context.new(inner))


@register.tag
def wrap(parser: Parser, token: Token) -> _WrapNode:
    """A component around a piece of template, which it finds as ``content``; like ``include … only`` otherwise.

    ``{% wrap "components/dialog.html" id="move" title=_("Move to") %} … {% endwrap %}``
    """
    bits = token.split_contents()[1:]
    if not bits:
        raise template.TemplateSyntaxError("wrap needs the name of a component template.")
    name = parser.compile_filter(bits.pop(0))
    values = token_kwargs(bits, parser)
    if bits:
        raise template.TemplateSyntaxError(f"wrap takes name=value only, not {bits[0]!r}.")
    content = parser.parse(("endwrap",))
    parser.delete_first_token()
    return _WrapNode(name, values, content)
