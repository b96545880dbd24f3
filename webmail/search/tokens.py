"""Text → words of the index, the same for mail and for questions.

Japanese and Chinese do not separate words, so runs of their characters become pairs that overlap (bigrams): 東京都
becomes 東京, 京都, 都. Whoever looks for 京都 finds it whatever stands beside it; the pairs of a longer word stand
next to each other, which a phrase asks for. Everything else is a word as it stands and is found by its beginning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from operator import add

from webmail.mime.text import fold_for_search

#: Han, kana with the long vowel mark, Hangul: written without spaces, or inflected at the end.
_UNSPACED = (
    "\u3005-\u3007\u303b\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUNS = re.compile(rf"([{_UNSPACED}]+)|([^\W_{_UNSPACED}]+)")
LONGEST_WORD = 64  # characters; what is longer is an encoded something and nobody types it


@dataclass(frozen=True)
class Word:
    """A word asked for; ``is_prefix`` when every word that begins so will do."""

    text: str
    is_prefix: bool = False


def words(text: str, limit: int) -> list[str]:
    """At most ``limit`` words of ``text`` in their order."""
    found: list[str] = []
    for match in _RUNS.finditer(fold_for_search(text)):
        found += _cut(match)
        if len(found) >= limit:
            break
    return found[:limit]


def asked(text: str) -> list[list[Word]]:
    """The phrases that ``text`` asks for; every one must be found. Empty when it holds no word at all.

    Words typed without a space between them stand side by side in the mail as well.
    """
    phrases = (side_by_side(typed) for typed in fold_for_search(text).split())
    return [phrase for phrase in phrases if phrase]


def side_by_side(text: str) -> list[Word]:
    """One phrase of all words of ``text``, as they follow each other in a mail that says the same."""
    runs = list(_RUNS.finditer(fold_for_search(text)))
    phrase: list[Word] = []
    for match in runs:
        is_last = match is runs[-1]
        pairs = _cut(match)
        if match.lastindex == 2:
            phrase.append(Word(pairs[0], is_prefix=is_last))
        elif is_last:
            phrase += [Word(pair) for pair in pairs[:-1]] or [Word(pairs[0], is_prefix=True)]
        else:
            phrase += [Word(pair) for pair in pairs]
    return phrase


def _cut(match: re.Match[str]) -> list[str]:
    run: str = match[0]
    if match.lastindex == 2:
        return [run[:LONGEST_WORD]]
    return [*map(add, run, run[1:]), run[-1]]
