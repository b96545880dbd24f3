"""Files as spreadsheets write them: encodings, separators, headers, and what is no such file."""

from __future__ import annotations

import pytest

from webmail.transfer import LARGEST, ReadError, decoded, table

TEXT = "owner,address,name\r\nharuka,haruka@example.jp,営業 青木\r\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp932"]
)
def test_text_is_read_in_every_encoding_that_spreadsheets_write(encoding):
    assert decoded(TEXT.encode(encoding)) == TEXT


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_columns_are_found_with_every_separator_and_in_any_order(separator):
    read = table(
        separator.join(["Name", "ADDRESS", "owner"])
        + "\n"
        + separator.join(["Work", "a@example.jp", "aoki"])
    )
    assert read.rows == [(2, {"name": "Work", "address": "a@example.jp", "owner": "aoki"})]


def test_rows_keep_the_numbers_that_the_spreadsheet_shows():
    read = table('\naddress,name\n\na@example.jp,"two\nlines"\n,\nb@example.jp,B\n')
    assert [number for number, _cells in read.rows] == [4, 6]


def test_an_unknown_column_is_named_and_left_out():
    read = table("address,colour\na@example.jp,red\n")
    assert read.unknown == ("colour",)
    assert read.columns == ("address",)


def test_a_row_of_another_length_is_counted_and_not_guessed():
    assert table("address,name\na@example.jp\nb@example.jp,B,x,\n").rows == [(2, 1), (3, 3)]


def test_an_apostrophe_against_formulas_is_taken_off_again_but_not_from_passwords():
    read = table("address,name,receive_password\na@example.jp,'=sum,'=secret\n")
    assert read.rows[0][1] == {
        "address": "a@example.jp",
        "name": "=sum",
        "receive_password": "'=secret",
    }


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"x" * (LARGEST + 1), "larger"),
        (b"PK\x03\x04 workbook", "workbook"),
        (b"\xff\x81\x00", "encoding"),
        (b"\x80\x81\xfd\xfe\xff", "encoding"),
    ],
)
def test_what_is_not_text_is_refused_with_a_remedy(content, word):
    with pytest.raises(ReadError, match=word):
        decoded(content)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Dear colleague,\nhello\n", "no known column"),
        ("owner,name\naoki,Work\n", "address"),
        ("address,address\na,b\n", "twice"),
        ("address,name\n", "no rows"),
        (",,\n,,\n", "empty"),
        ('address,name\na@example.jp,"open\n', "quotation mark"),
        ("address\n" + "a@example.jp\n" * 10_001, "10001 rows"),
    ],
)
def test_a_file_that_is_not_one_of_accounts_says_what_it_lacks(text, word):
    with pytest.raises(ReadError, match=word):
        table(text)
