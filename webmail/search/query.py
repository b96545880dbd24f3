"""What a person typed → what to look for.

Words beside each other must all be found. "In quotes" they stand side by side. A minus takes away. Operators
(``from:``, ``差出人:`` …) are understood in all four languages whatever the language of the page, for people paste
them to each other. What is not understood is looked for as it stands and said so in ``problems``: nothing is dropped.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field

from webmail.search import tokens
from webmail.search.tokens import Word

LONGEST = 500  # characters of a question
MOST_PHRASES = 20

FIELDS = {
    "from": "author", "差出人": "author", "de": "author", "от": "author",
    "to": "recipients", "宛先": "recipients", "à": "recipients", "кому": "recipients",
    "subject": "subject", "件名": "subject", "objet": "subject", "тема": "subject",
}  # fmt: skip
_HAS = {"has", "添付", "contient", "есть"}
_IS = {"is", "状態", "est", "статус"}
_BEFORE = {"before", "以前", "avant", "до"}
_AFTER = {"after", "以降", "après", "после"}
_LARGER = {"larger", "サイズ", "taille", "больше"}
_IN = {"in", "フォルダー", "dossier", "папка"}
_FILES = {"attachment", "attachments", "あり", "pièce", "pièces", "вложение", "вложения"}
_STATES = {
    "unread": ("is_seen", False), "未読": ("is_seen", False), "nonlu": ("is_seen", False),
    "непрочитано": ("is_seen", False),
    "read": ("is_seen", True), "既読": ("is_seen", True), "lu": ("is_seen", True),
    "прочитано": ("is_seen", True),
    "flagged": ("is_flagged", True), "フラグ": ("is_flagged", True),
    "marqué": ("is_flagged", True), "отмечено": ("is_flagged", True),
}  # fmt: skip
_UNITS = {"": 1, "k": 1024, "kb": 1024, "m": 1024**2, "mb": 1024**2, "g": 1024**3, "gb": 1024**3}
_TERM = re.compile(r'(-?)(?:([^\s":：]+)[:：])?(?:"([^"]*)"?|(\S+))')
_SIZE = re.compile(r"(\d{1,12})([kmg]?b?)", re.IGNORECASE)
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")


@dataclass(frozen=True)
class Phrase:
    """Words side by side in one field, or anywhere when ``field`` is empty."""

    words: tuple[Word, ...]
    field: str = ""
    is_excluded: bool = False


@dataclass
class Query:
    """Phrases, conditions on the row, and what could not be understood."""

    text: str
    phrases: list[Phrase] = field(default_factory=list)
    conditions: dict[str, object] = field(default_factory=dict)  # Django lookups of Message
    before: datetime.date | None = None
    after: datetime.date | None = None
    folder: str = ""
    needles: list[str] = field(default_factory=list)  # what to mark in a hit
    problems: list[str] = field(default_factory=list)  # operators whose value says nothing

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was asked for."""
        return not (self.phrases or self.conditions or self.before or self.after or self.folder)


def read(text: str) -> Query:
    """Read a question; never raises. Only the first LONGEST characters count."""
    query = Query(text[:LONGEST].replace("\x00", " ").strip())
    for match in _TERM.finditer(query.text):
        minus, operator, quoted, bare = match.groups()
        value = quoted if quoted is not None else bare or ""
        name = (operator or "").casefold()
        if not operator or not _operate(query, name, value, bool(minus)):
            whole = f"{operator}:{value}" if operator else value
            _look_for(query, whole, "", bool(minus), is_phrase=quoted is not None)
    return query


def _operate(query: Query, name: str, value: str, is_excluded: bool) -> bool:
    """Apply an operator; False when it is none, so that ``10:30`` or ``http://…`` is looked for as it stands."""
    if name in FIELDS:
        _look_for(query, value, FIELDS[name], is_excluded, is_phrase=True)
    elif name in _HAS and value.casefold() in _FILES:
        query.conditions["has_attachments"] = not is_excluded
    elif name in _IS and value.casefold() in _STATES:
        column, wanted = _STATES[value.casefold()]
        query.conditions[column] = wanted != is_excluded
    elif name in _IN and value:
        query.folder = value
    elif name in _LARGER and (size := _SIZE.fullmatch(value)):
        query.conditions["size__gt"] = int(size[1]) * _UNITS[size[2].casefold()]
    elif name in _BEFORE | _AFTER and (day := _day(value)):
        setattr(query, "before" if name in _BEFORE else "after", day)
    else:
        if name in _HAS | _IS | _LARGER | _BEFORE | _AFTER | _IN:
            query.problems.append(f"{name}:{value}")
        return False
    return True


def _look_for(query: Query, value: str, place: str, is_excluded: bool, *, is_phrase: bool) -> None:
    asked = [tokens.side_by_side(value)] if is_phrase else tokens.asked(value)
    asked = [phrase for phrase in asked if phrase]
    for phrase in asked[: max(0, MOST_PHRASES - len(query.phrases))]:
        query.phrases.append(Phrase(tuple(phrase), place, is_excluded))
    if asked and not is_excluded:
        query.needles += [value] if is_phrase else value.split()


def _day(value: str) -> datetime.date | None:
    match = _DATE.fullmatch(value)
    try:
        day = datetime.date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None
    # The first and the last year cannot be told in every time zone.
    return day if day and datetime.MINYEAR < day.year < datetime.MAXYEAR else None
