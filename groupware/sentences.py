"""Sentences one after the other, as the language of the page does it."""

from __future__ import annotations

from typing import Any

#: After these no space follows: Japanese and Chinese full stops bring their own.
_FULL_WIDTH_ENDS = "。！？"


def joined(*sentences: Any) -> str:
    """The sentences that say something, with a space between them where the language has one."""
    text = ""
    for sentence in filter(None, map(str, sentences)):
        gap = "" if not text or text[-1] in _FULL_WIDTH_ENDS else " "
        text += gap + sentence
    return text
