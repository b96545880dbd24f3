from datetime import UTC, datetime

import pytest

from webmail.protocols.errors import ProtocolError
from webmail.protocols.imap_replies import (
    copied,
    decode_name,
    encode_name,
    expanded,
    internal_date,
    message_flags,
    received_at,
    searched,
    sequence_sets,
    status_items,
)
from webmail.protocols.types import MessageFlags


def test_sequence_sets_join_neighbours_and_stay_short() -> None:
    assert list(sequence_sets([5, 1, 2, 3, 9, 2])) == [b"1:3,5,9"]
    assert list(sequence_sets([])) == []
    sets = list(sequence_sets(range(1, 100_000, 2)))
    assert all(len(s) <= 4000 for s in sets)
    assert [u for s in sets for u in expanded(s)] == list(range(1, 100_000, 2))


def test_copyuid_which_does_not_add_up_is_not_believed() -> None:
    assert copied([b"9 3:5,8 20:23"]) == {3: 20, 4: 21, 5: 22, 8: 23}
    assert copied([b"9 3:5 20"]) == {}
    assert copied([b"9 1:4294967295 1:4294967295", b"", None, b"x y z"]) == {}


def test_search_replies_may_come_in_several_lines() -> None:
    assert searched([b"3 1", b"", None, b"2 (MODSEQ 17)"]) == [1, 2, 3]


@pytest.mark.parametrize(
    "name", ["INBOX", "a & b", "日本語/テスト", "会議\u3000資料", "a\u00a0b", "Éléments", "🎉", "&"]
)
def test_names_go_there_and_back(name: str) -> None:
    assert decode_name(encode_name(name)) == name


@pytest.mark.parametrize("raw", [b"&broken", b"&AAA-x", b"\xff\xfe", b"&2D0-", b"&AA0ACg-"])
def test_broken_names_are_readable_somehow(raw: bytes) -> None:
    name = decode_name(raw)
    assert name
    assert "\r" not in name
    assert "\n" not in name


def test_status_is_read_also_behind_a_literal_name() -> None:
    items = status_items([(b"{5}", b"a(b)c"), b" (MESSAGES 3 UNSEEN 1 X NIL)"])
    assert items == {"MESSAGES": 3, "UNSEEN": 1}
    with pytest.raises(ProtocolError):
        status_items([b"INBOX"])


def test_flags_are_told_apart_from_keywords() -> None:
    assert message_flags((b"\\SEEN", b"\\Recent", b"$Forwarded", 7)) == MessageFlags(
        is_seen=True, keywords=frozenset({"$Forwarded", "7"})
    )
    assert message_flags(None) == MessageFlags()


def test_internal_date_is_in_utc_and_english() -> None:
    moment = datetime(2024, 3, 5, 1, 2, 3, tzinfo=UTC)
    assert internal_date(moment) == b'"05-Mar-2024 01:02:03 +0000"'
    assert internal_date(moment.replace(tzinfo=None)) == b'"05-Mar-2024 01:02:03 +0000"'


def test_a_date_which_cannot_be_read_is_now() -> None:
    before = datetime.now(UTC)
    for raw in (b"Date: never\r\n\r\n", b"", b"Date: Mon, 99 Xxx 99999 99:99:99 +9999\r\n\r\n"):
        assert received_at(None, raw) >= before
