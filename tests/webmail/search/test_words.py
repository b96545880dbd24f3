"""Cutting text into words, reading questions, marking hits: pure Python."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webmail.search import query, tokens
from webmail.search.highlighting import pieces


def cut(text: str) -> list[str]:
    return list(tokens.words(text, 100))


def asked(text: str) -> list[list[str]]:
    return [
        [word.text + ("*" if word.is_prefix else "") for word in phrase]
        for phrase in tokens.asked(text)
    ]


def test_japanese_is_cut_into_pairs_and_other_words_stay_whole() -> None:
    assert cut("東京都の会議 Meeting, tanaka@example.co.jp") == [
        "東京", "京都", "都の", "の会", "会議", "議", "meeting", "tanaka", "example", "co", "jp",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ガス", "ｶﾞｽ"),
        ("ガス", "がす"),
        ("ＡＢＣ", "abc"),
        ("1〜2", "1～2"),
        ("été", "ETE"),
        ("ёлка", "елка"),
        ("Straße", "STRASSE"),
    ],
)
def test_spellings_of_one_word_meet(one: str, other: str) -> None:
    assert cut(one) == cut(other)


def test_a_word_of_an_unspaced_script_is_asked_for_as_the_pairs_that_stand_side_by_side() -> None:
    assert asked("東京都") == [["東京", "京都"]]
    assert asked("都") == [["都*"]]
    assert asked("東京 Meet") == [["東京"], ["meet*"]]
    assert asked("東京2026") == [["東京", "京", "2026*"]]
    assert asked("!!!") == []


@given(st.text())
def test_whatever_stands_in_a_mail_is_found_by_typing_it(text: str) -> None:
    stored = list(tokens.words(text, 10_000))
    phrase = tokens.side_by_side(text)
    beginnings = [
        all(
            word.startswith(wanted.text) if wanted.is_prefix else word == wanted.text
            for word, wanted in zip(stored[start:], phrase, strict=False)
        )
        for start in range(len(stored) - len(phrase) + 1)
    ]
    assert any(beginnings) or not phrase


def test_a_question_is_read_with_operators_quotes_and_minus() -> None:
    found = query.read(
        'from:tanaka "annual report" -draft has:attachment larger:2M after:2026-04-01'
    )
    assert [(phrase.field, phrase.is_excluded) for phrase in found.phrases] == [
        ("author", False),
        ("", False),
        ("", True),
    ]
    assert [word.text for word in found.phrases[1].words] == ["annual", "report"]
    assert found.conditions == {"has_attachments": True, "size__gt": 2 * 1024 * 1024}
    assert found.after == datetime.date(2026, 4, 1)
    assert found.needles == ["tanaka", "annual report"]


@pytest.mark.parametrize(
    "text",
    [
        "from:佐藤 is:unread before:2026-05-01",
        "差出人:佐藤 状態:未読 以前:2026年5月1日",
        "de:佐藤 est:nonlu avant:2026/05/01",
        "от:佐藤 статус:непрочитано до:2026.05.01",
        "差出人：佐藤 状態：未読 以前：2026/5/1",
    ],
)
def test_operators_are_understood_in_every_language(text: str) -> None:
    found = query.read(text)
    assert [phrase.field for phrase in found.phrases] == ["author"]
    assert found.conditions == {"is_seen": False}
    assert found.before == datetime.date(2026, 5, 1)


def test_what_only_looks_like_an_operator_is_looked_for_as_it_stands() -> None:
    found = query.read("10:30 https://example.jp/a before:soon")
    assert [word.text for phrase in found.phrases for word in phrase.words] == [
        "10", "30", "https", "example", "jp", "a", "before", "soon",
    ]  # fmt: skip
    assert found.problems == ["before:soon"]


@given(st.text())
def test_no_question_raises(text: str) -> None:
    query.read(text)


def test_hits_are_marked_in_the_words_of_the_mail() -> None:
    marked = [piece.text for piece in pieces("ｶﾞｽ会社のガス代", ["がす"]) if piece.is_hit]
    assert marked == ["ｶﾞｽ", "ガス"]


@given(st.text(), st.lists(st.text(max_size=5), max_size=3))
def test_marking_changes_no_character(text: str, needles: list[str]) -> None:
    assert "".join(piece.text for piece in pieces(text, needles)) == text


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_days_that_not_every_time_zone_knows_are_looked_for_as_they_stand(day: str) -> None:
    asked = query.read(f"after:{day} before:{day}")
    assert (asked.after, asked.before) == (None, None)
    assert len(asked.problems) == 2


def test_characters_that_no_database_takes_are_left_out() -> None:
    assert query.read("in:in\x00box report\x00").folder == "in"
