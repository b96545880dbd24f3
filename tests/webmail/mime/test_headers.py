from datetime import UTC, datetime, timedelta

import pytest

from webmail.mime.headers import (
    Address,
    decode_header,
    message_ids,
    new_message_id,
    parse_addresses,
    parse_date,
    parse_typed_addresses,
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('"Doe, John" <j@example.com>', [("Doe, John", "j@example.com")]),
        ("j@example.com (John Doe)", [("John Doe", "j@example.com")]),
        ("=?utf-8?Q?Doe,_John?= <j@example.com>", [("Doe, John", "j@example.com")]),
        ("<@relay.example,@two.example:u@example.com>", [("", "u@example.com")]),
        ("'j@example.com' <j@example.com>", [("", "j@example.com")]),
        ('"a b"@example.com', [("", '"a b"@example.com')]),
        ("user @ example.com", [("", "user@example.com")]),
        ("a@example.com; b@example.com", [("", "a@example.com"), ("", "b@example.com")]),
        ("A <a@example.com> B <b@example.com>", [("A", "a@example.com"), ("B", "b@example.com")]),
        ("undisclosed-recipients:;", []),
        ("root", [("root", "")]),
        ("mailto:a@example.com", [("", "a@example.com")]),
        ('"Quote \\" and \\\\" <q@example.com>', [('Quote " and \\', "q@example.com")]),
        ("(nested (comment)) a@example.com", [("nested (comment)", "a@example.com")]),
        ("", []),
    ],
)
def test_an_address_list_is_read_however_it_is_written(written, expected):
    assert [(one.display_name, one.addr_spec) for one in parse_addresses(written)] == expected


def test_typed_addresses_may_come_from_a_japanese_keyboard():
    typed = "山田\u3000太郎 <ｙａｍａ＠ｅｘａｍｐｌｅ．ｊｐ>、b＠example.com；c@example.com"
    assert parse_typed_addresses(typed) == [
        Address("山田 太郎", "yama@example.jp"),
        Address("", "b@example.com"),
        Address("", "c@example.com"),
    ]


@pytest.mark.parametrize(
    "address",
    [
        Address("", "a@example.com"),
        Address("John Doe", "j@example.com"),
        Address("Doe, John", "j@example.com"),
        Address('He said "no" \\ yes', "j@example.com"),
        Address("山田 太郎 (営業)", "y@example.jp"),
        Address("a@b", "c@example.com"),
    ],
)
def test_a_formatted_address_reads_back_as_itself(address):
    assert parse_addresses(address.format()) == [address]


def test_identifiers_are_normalized_and_unusable_ones_left_out():
    assert message_ids("<a@ b.example>\t<c@d> <a@b.example>") == ["<a@b.example>", "<c@d>"]
    assert message_ids("bare@example.com") == ["<bare@example.com>"]
    assert message_ids("<日本@example.com> <> <" + "x" * 2000 + "@y>") == []


def test_a_fresh_identifier_is_unique_and_names_the_domain_in_ascii():
    one, two = new_message_id("日本語.example"), new_message_id("日本語.example")
    assert one != two
    assert one.endswith("@xn--wgv71a119e.example>")
    with pytest.raises(ValueError, match="domain"):
        new_message_id("exa mple>\r\nX: y")


@pytest.mark.parametrize(
    ("written", "hours"),
    [
        ("Wed, 20 Nov 2024 10:00:00 +0900", 9),
        ("Wed, 20 Nov 2024 10:00:00 JST", 9),
        ("20 Nov 2024 10:00:00 -0500 (EST)", -5),
        ("Wed, 20 Nov 2024 10:00:00 -0000", 0),
        ("2024-11-20T10:00:00+09:00", 9),
        ("2024/11/20 10:00:00", 0),
    ],
)
def test_a_date_keeps_the_zone_of_the_sender(written, hours):
    moment = parse_date(written)
    assert moment is not None
    assert moment.replace(tzinfo=None) == datetime(2024, 11, 20, 10)
    assert moment.utcoffset() == timedelta(hours=hours)
    assert moment.astimezone(UTC).year == 2024


@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        "0",
        "yesterday",
        "Foo, 99 Bar 12345 99:99:99",
        "Mon, 1 Jan 1601 00:00:00 +0000",
        "Wed, 20 Nov 2024 10:00:00 +9999",
        "x" * 100_000,
    ],
)
def test_a_nonsense_date_is_no_date(nonsense):
    assert parse_date(nonsense) is None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("=?utf-8?B?5pel?= =?utf-8?B?5pys?=", "日本"),
        ("=?UTF-8*ja?B?5pel?=", "日"),
        ("=?utf-8?B?5pe?= =?utf-8?B?l?=", "日"),
        ("a =?utf-8?q?b_c?= d", "a b c d"),
        ("=?utf-8?q?Ready=3F?=", "Ready?"),
        ("=?no-such?q?x?=", "x"),
        ("=?utf-8?B?!!?=", "=?utf-8?B?!!?="),
        ("folded\r\n\tline", "folded line"),
        ("=?utf-8?q?evil=0D=0AX-Header:_1=00?=", "evilX-Header: 1"),
        ("\u202ereversed", "reversed"),
    ],
)
def test_header_text_is_decoded_and_cleaned(written, expected):
    assert decode_header(written) == expected


def test_raw_bytes_use_the_charset_of_the_body():
    assert decode_header("Привет".encode("koi8-r"), "koi8-r") == "Привет"
    assert decode_header("日本".encode("cp932")) == "日本"
    assert decode_header("it\u2019s R\u00e9mi".encode("cp1252")) == "it\u2019s R\u00e9mi"


def test_raw_japanese_that_names_its_charset_is_read_whatever_the_body_is_in():
    raw = "旧式の件名".encode("iso-2022-jp")
    assert decode_header(raw, "euc-jp") == decode_header(raw.decode("ascii"), "utf-8")
    assert decode_header(raw, "euc-jp") == "旧式の件名"


@pytest.mark.parametrize(
    "hostile", ['"', "(", "<", "=?a?q?", "=?a?b?", '"<', "@:", '\\"', ";;", '("', "a b "]
)
def test_repeated_openers_are_read_in_one_pass(hostile):
    value = hostile * (250_000 // len(hostile))
    assert isinstance(decode_header(value), str)
    assert len(parse_addresses(value)) <= 5000
