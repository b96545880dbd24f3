"""Addresses in the words people use."""

from __future__ import annotations

import json
from collections.abc import Sequence

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext

from webmail.search.highlighting import pieces

register = template.Library()
_MARK, _UNMARK = SafeString("<mark>"), SafeString("</mark>")

Pair = Sequence[str]  # display name, addr-spec (RFC 5322 §3.4)


@register.filter
def name_of(pair: Pair) -> str:
    """The display name of an address, or the address where there is none."""
    return pair[0] or pair[1]


@register.filter
def full_address(pair: Pair) -> str:
    """The address as it is written in a header, for people: ``Name <address>``."""
    return f"{pair[0]} <{pair[1]}>" if pair[0] else pair[1]


@register.filter
def names(pairs: Sequence[Pair]) -> str:
    """The names of up to three addresses, then how many more."""
    shown = gettext(", ").join(name_of(pair) for pair in pairs[:3])
    more = len(pairs) - 3
    if more <= 0:
        return shown
    return ngettext("%(names)s and %(count)d more", "%(names)s and %(count)d more", more) % {
        "names": shown,
        "count": more,
    }


@register.filter
def highlighted(text: str, needles: Sequence[str]) -> SafeString:
    """``text`` with what was looked for marked; everything is escaped but the marks."""
    parts = pieces(str(text), needles)
    return format_html_join(
        "", "{}{}{}", ((_MARK if hit else "", part, _UNMARK if hit else "") for part, hit in parts)
    )


@register.simple_tag
def shortcuts() -> str:
    """The single-key commands of webmail as JSON for ``shortcuts.js``, after Gmail's convention."""
    commands = [
        ("/", "search", gettext("Search mail")),
        ("c", "compose", gettext("New message")),
        ("j", "next", gettext("Next message in the list")),
        ("k", "previous", gettext("Previous message in the list")),
        ("o", "open", gettext("Open the message")),
        ("u", "back", gettext("Back to the list")),
        ("x", "select", gettext("Select the message")),
        ("s", "star", gettext("Flag or remove the flag")),
        ("e", "archive", pgettext("verb", "Archive")),
        ("#", "delete", gettext("Delete")),
        ("!", "junk", gettext("Move to Junk")),
        ("Shift+I", "read", gettext("Mark as read")),
        ("Shift+U", "unread", gettext("Mark as unread")),
        ("r", "reply", gettext("Reply")),
        ("a", "reply-all", gettext("Reply to all")),
        ("f", "forward", gettext("Forward")),
        ("z", "undo", gettext("Undo")),
        ("g i", "go-inbox", gettext("Go to the inbox")),
        ("g t", "go-sent", gettext("Go to Sent")),
        ("g d", "go-drafts", gettext("Go to Drafts")),
        ("g o", "go-outbox", gettext("Go to the outbox")),
        ("g n", "receive", gettext("Receive now")),
    ]
    return json.dumps(
        [{"keys": keys, "command": command, "label": label} for keys, command, label in commands]
    )
