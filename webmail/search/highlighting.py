"""Where in a text the words of a question stand, found by the same folding as the search itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from webmail.mime.text import fold_for_search

# Marks that melt into the character before them when text is folded: ｶﾞ is ガ.
_MARKS = re.compile("[\u0300-\u036f\u3099\u309a\uff9e\uff9f]")


class Piece(NamedTuple):
    """A piece of the text, and whether it is what was looked for."""

    text: str
    is_hit: bool


def pieces(text: str, needles: Iterable[str]) -> Iterator[Piece]:
    """``text`` in pieces, the hits among them; joined they give ``text`` again."""
    folded, places = _folded(text)
    wanted = sorted({fold_for_search(needle).strip() for needle in needles} - {""}, key=len)[::-1]
    if not wanted:
        yield Piece(text, False)
        return
    done = 0
    for match in re.finditer("|".join(map(re.escape, wanted)), folded):
        start, end = places[match.start()], places[_whole(places, match.end())]
        if start > done:
            yield Piece(text[done:start], False)
            done = start
        if end > done:
            yield Piece(text[done:end], True)
            done = end
    if done < len(text):
        yield Piece(text[done:], False)


def _whole(places: list[int], end: int) -> int:
    """``end`` moved behind the character that it cuts: one character may fold to several."""
    while places[end] == places[end - 1]:
        end += 1
    return end


def _folded(text: str) -> tuple[str, list[int]]:
    """The folded text, and for every character of it the place in ``text`` that it comes from."""
    folded: list[str] = []
    places: list[int] = []
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and _MARKS.match(text[end]):
            end += 1
        piece = fold_for_search(text[start:end])
        folded.append(piece)
        places += [start] * len(piece)
        start = end
    return "".join(folded), [*places, len(text)]
