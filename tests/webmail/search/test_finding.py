"""Finding mail in the index of the database in use, through the permissions of the person who asks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import webmail as make
from webmail import rawstore
from webmail.models import MailAccount, Message
from webmail.search import finding, indexing, query
from webmail.search import index as search_index

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> MailAccount:
    return make.account_with_folders()


def receive(account: MailAccount, subject: str, text: str = "-", **values) -> Message:
    raw = make.raw_message(subject, text, **values.pop("mail", {}))
    return make.received(make.inbox(account), raw, **values)


def found(account: MailAccount, text: str) -> list[str]:
    while indexing.index_batch():
        pass
    return [row.subject for row in finding.search(account.owner, query.read(text)).rows]


def test_words_of_subject_body_people_and_file_names_are_found(account: MailAccount) -> None:
    receive(
        account,
        "四半期の報告",
        "東京都の会議の資料です。",
        mail={
            "From_": "佐藤 <sato@example.test>",
            "Cc": "Marie Dupont <marie@example.fr>",
            "attachments": [("見積書.pdf", "application/pdf", b"%PDF")],
        },
    )
    receive(account, "Other", "nothing of it", mail={"From_": "other@example.test"})
    for words in (
        "四半期",
        "京都",
        "会議の資料",
        "佐藤",
        "sato",
        "dupont",
        "marie@example.fr",
        "見積書",
    ):
        assert found(account, words) == ["四半期の報告"], words


def test_kana_width_and_accents_do_not_matter(account: MailAccount) -> None:
    receive(account, "ｶﾞｽ料金のお知らせ", "été à la mer")
    for words in ("ガス", "がす", "ete", "ÉTÉ"):
        assert found(account, words) == ["ｶﾞｽ料金のお知らせ"], words


def test_characters_that_stand_apart_are_not_one_word(account: MailAccount) -> None:
    receive(account, "Apart", "京の都")
    receive(account, "Together", "京都")
    assert found(account, "京都") == ["Together"]
    assert found(account, "都") == ["Together", "Apart"]


def test_a_phrase_does_not_reach_from_the_subject_into_the_body(account: MailAccount) -> None:
    receive(account, "annual", "report")
    assert found(account, '"annual report"') == []
    assert found(account, "annual report") == ["annual"]


def test_the_newest_come_first_and_pages_go_on_where_the_last_ended(account: MailAccount) -> None:
    for number in range(finding.PAGE + 7):
        receive(account, f"Report {number}", received_at=make.NOON + timedelta(minutes=number % 9))
    while indexing.index_batch(20):
        pass
    expected = list(
        Message.objects.order_by("-received_at", "-pk").values_list("subject", flat=True)
    )
    for words in ("report", "larger:1"):
        first = finding.search(account.owner, query.read(words))
        second = finding.search(account.owner, query.read(words), first.older)
        assert [row.subject for row in [*first.rows, *second.rows]] == expected, words
        assert second.older == ""


def test_operators_narrow(account: MailAccount) -> None:
    receive(account, "Old minutes", received_at=make.NOON - timedelta(days=40), is_seen=True)
    receive(account, "New minutes", mail={"To": "sales@example.test"})
    sent = account.mailboxes.get(role="sent")
    make.received(sent, make.raw_message("Sent minutes"), is_seen=True)
    assert found(account, "minutes is:unread") == ["New minutes"]
    assert found(account, "minutes to:sales") == ["New minutes"]
    assert found(account, "minutes before:2026-10-31") == ["Old minutes"]
    assert found(account, "after:2026-11-01 -sent minutes") == ["New minutes"]
    assert found(account, "minutes in:sent") == ["Sent minutes"]
    assert found(account, "subject:new") == ["New minutes"]
    assert found(account, "from:minutes") == []


def test_nobody_finds_mail_of_others(account: MailAccount) -> None:
    receive(account, "Secret plan")
    other = make.account_with_folders()
    receive(other, "Another plan")
    assert found(account, "plan") == ["Secret plan"]
    assert found(other, "plan") == ["Another plan"]
    assert found(other, f"a{account.pk}") == []


def test_what_was_deleted_is_not_found(account: MailAccount) -> None:
    gone = receive(account, "Plan A")
    receive(account, "Plan B")
    assert found(account, "plan") == ["Plan B", "Plan A"]
    gone.delete()
    assert found(account, "plan") == ["Plan B"]
    indexing.forget_gone()
    assert found(account, "plan") == ["Plan B"]


def test_indexing_twice_finds_once(account: MailAccount) -> None:
    receive(account, "Plan")
    assert indexing.index_batch() == 1
    assert indexing.index_batch() == 0
    assert found(account, "plan") == ["Plan"]


def test_starting_over_finds_everything_again(account: MailAccount) -> None:
    receive(account, "Plan")
    assert found(account, "plan") == ["Plan"]
    indexing.start_over()
    assert finding.search(account.owner, query.read("plan")).rows == []
    assert indexing.waiting() == 1
    assert found(account, "plan") == ["Plan"]


def test_a_message_without_its_bytes_is_found_by_its_subject(account: MailAccount) -> None:
    message = receive(account, "Plan", "body words")
    rawstore._storage().delete(rawstore._path(message.digest))
    assert found(account, "plan") == ["Plan"]


def test_a_very_long_mail_full_of_one_word_does_not_stop_the_index(account: MailAccount) -> None:
    receive(account, "Long", "word " * 40_000 + "end")
    receive(account, "Short", "word")
    assert found(account, "word") == ["Short", "Long"]


@pytest.mark.parametrize(
    "text", ["'", '"', "a'b", "\\", "* OR (", "a:b:c", "\x00", "-", "😀", "NEAR"]
)
def test_nothing_typed_breaks_the_query(account: MailAccount, text: str) -> None:
    receive(account, "a'b NEAR c")
    found(account, text)
    found(account, f'subject:"{text}" x')


def test_a_cursor_made_up_is_refused(account: MailAccount) -> None:
    for cursor in ("x", "-1", "9" * 30, "²"):
        with pytest.raises(finding.BadCursorError):
            finding.search(account.owner, query.read("word"), cursor)
        with pytest.raises(finding.BadCursorError):
            finding.search(account.owner, query.read("is:unread"), cursor)


def test_the_number_of_queries_does_not_grow_with_the_hits(account: MailAccount) -> None:
    counts = []
    for _round in range(2):
        for number in range(10):
            receive(account, f"Report {number}")
        while indexing.index_batch():
            pass
        with CaptureQueriesContext(
            connection,
        ) as queries:
            rows = finding.search(account.owner, query.read("report")).rows
            for row in rows:
                str(row.account), row.mailbox.label
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_keys_keep_the_order_of_the_list() -> None:
    early = search_index.key_of(make.NOON, 999)
    late = search_index.key_of(make.NOON + timedelta(seconds=1), 1)
    assert early < late
    assert search_index.number_of(late) == 1
