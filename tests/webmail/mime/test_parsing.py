import pytest

from tests.webmail.mime.reading import NAMES, raw, read
from webmail.mime.parsing import parse, part_content

# name of the corpus file: what it must show (subject, text, HTML, file names, defects)
SUBJECTS = {
    "iso_2022_jp_plain": "会議のお知らせ",
    "iso_2022_jp_with_nec_row_13": "①㈱",
    "iso_2022_jp_with_half_width_kana": "ｶﾞｲ",
    "iso_2022_jp_raw_in_subject": "生のエスケープ",
    "shift_jis_with_machine_dependent_characters": "①㈱髙﨑",
    "shift_jis_raw_subject_undeclared": "テストの件名",
    "encoded_word_cut_inside_a_character": "件名が文字の途中で切れる",
    "encoded_word_cut_inside_an_iso_2022_jp_run": "切断された件名",
    "encoded_words_without_white_space": "Re:件名(1)",
    "raw_utf_8_headers": "生の件名",
    "header_field_without_colon_is_skipped": "still read",
    "mbox_from_line_in_front": "mbox",
    "nul_and_controls_everywhere": "nul bell",
}
TEXTS = {
    "plain_ascii": "Hello there\n",
    "iso_2022_jp_plain": "日本語のメールです。\n",
    "iso_2022_jp_with_nec_row_13": "①㈱髙\n",
    "iso_2022_jp_with_half_width_kana": "ﾃｽﾄ ok\n",
    "cp50221_label_unknown_to_python": "①ｱ\n",
    "cp50222_shift_out_kana": "ｱｲ abc\n",
    "iso_2022_jp_missing_escape_back": "日本\nnext line\n",
    "iso_2022_jp_undeclared": "日本語のメールです。\n",
    "iso_2022_jp_label_on_utf_8": "日本語のメールです。\n",
    "shift_jis_with_machine_dependent_characters": "①㈱髙﨑~\n",
    "shift_jis_raw_subject_undeclared": "こんにちは、テストです。\n",
    "euc_jp_undeclared": "これはテストのメールです。\n",
    "euc_jp_with_nec_row_13": "①あ\n",
    "wave_dash_keeps_its_character": "10時〜12時 10時～12時\n",
    "gb2312_label_on_gbk_text": "镕基\n",
    "ks_c_5601_label_on_cp949_text": "똠방각하\n",
    "latin_1_label_on_cp1252_text": "“quoted” € 5\n",
    "latin_1_label_on_utf_8": "déjà vu\n",
    "cyrillic_undeclared": "Здравствуйте, это письмо без указания кодировки.\n",
    "utf_8_with_broken_bytes": "これは日本語の文章です\ufffd。続きます。\n",
    "utf_16_part": "日本語",
    "charset_in_html_meta_only": "表計算ソフト",
    "body_without_blank_line": "The body starts here\nand goes on\n",
    "no_headers_at_all": "just a body\n",
    "format_flowed": "A line that flows on.\n> quoted too\n\nFixed\n-- \nsig\n",
    "format_flowed_delsp_japanese": "長い行は空白なしでつながります。\n",
    "base64_padding_in_the_middle": "hello world",
    "transfer_encoding_unknown": "left as it is\n",
    "boundary_never_found": "shown as text\n",
    "content_type_nonsense": "text anyway\n",
    "content_type_text_only": "text anyway\n",
    "closing_boundary_missing": "text",
    "line_feeds_only": "one",
    "signed_message": "signed text",
    "delivery_report": "Not delivered.",
    "alternative_html_and_text": "plain text",
    "alternative_with_empty_text": "only rich",
    "mixed_text_and_footer": "letter\nlist footer <x>",
    "html_only": "First—line\n\nSecond & last",
    "calendar_alone": "",
    "empty": "",
}
ATTACHMENTS = {
    "plain_ascii": [],
    "attachment_alone": [("1", "only.pdf")],
    "alternative_html_and_text": [],
    "alternative_with_calendar": [("2", "attachment-2.ics")],
    "calendar_alone": [("1", "attachment-1.ics")],
    "winmail_dat": [("2", "winmail.dat")],
    "signed_message": [],
    "delivery_report": [("2", "attachment-2.txt"), ("3", "attachment-3.txt")],
    "message_attached": [("2", "inner message.eml")],
    "digest_of_messages": [("1", "first.eml"), ("2", "second.eml")],
    "related_inside_alternative_inside_mixed": [("1.2.3", "lost.png"), ("2", "report.pdf")],
    "boundary_is_prefix_of_another": [("2", "p.pdf")],
    "closing_boundary_missing": [("2", "cut.pdf")],
    "line_feeds_only": [("2", "a.pdf")],
    "boundary_given_twice": [],
    "file_name_rfc_2231_in_sections": [("2", "請求書 2024.pdf")],
    "file_name_rfc_2231_in_shift_jis": [("2", "表.pdf")],
    "file_name_rfc_2047_quoted": [("2", "見積書.pdf")],
    "file_name_rfc_2047_unquoted": [("2", "見積書.pdf")],
    "file_name_rfc_2047_folded_and_doubled_equals": [("2", "見積書.pdf")],
    "file_name_raw_shift_jis": [("2", "申請書の表.pdf")],
    "file_name_decomposed": [("2", "が.pdf")],
    "file_name_with_path_and_direction_override": [
        ("2", "_.._etc_pass_wd"),
        ("3", "invoicefdp.exe"),
        ("4", "plan.doc"),
    ],
    "uuencoded_part": [("2", "u.txt")],
    "nul_and_controls_everywhere": [("1", "f.pdf")],
}
DEFECTS = {
    "plain_ascii": [],
    "empty": ["no_message_id", "no_date", "no_from"],
    "missing_message_id_and_nonsense_date": ["no_message_id", "bad_date"],
    "unknown_charset_label": ["unknown_charset"],
    "utf_8_with_broken_bytes": ["undecodable_text"],
    "base64_broken": ["bad_base64"],
    "boundary_missing": ["boundary_missing"],
    "boundary_never_found": ["boundary_never_found"],
    "boundary_given_twice": ["boundary_conflict", "boundary_missing"],
    "closing_boundary_missing": ["closing_boundary_missing"],
    "content_type_text_only": ["bad_content_type"],
    "nested_sixty_deep": ["closing_boundary_missing", "nested_too_deep"],
    "six_hundred_parts": ["too_many_parts"],
}


@pytest.mark.parametrize(("name", "expected"), SUBJECTS.items())
def test_the_subject_is_readable(name, expected):
    assert read(name).subject == expected


@pytest.mark.parametrize(("name", "expected"), TEXTS.items())
def test_the_text_is_readable(name, expected):
    assert read(name).text == expected


@pytest.mark.parametrize(("name", "expected"), ATTACHMENTS.items())
def test_the_attachments_are_listed_by_section_number_and_name(name, expected):
    message = read(name)
    found = [(part.number, part.filename) for part in message.parts if part.is_attachment]
    assert found == expected
    assert message.has_attachments == bool(expected)


@pytest.mark.parametrize(("name", "expected"), DEFECTS.items())
def test_what_is_wrong_is_said(name, expected):
    assert read(name).defects == expected


@pytest.mark.parametrize("name", NAMES)
def test_no_string_of_any_message_holds_nul_or_a_lone_surrogate(name):
    message = read(name)
    shown = [message.subject, message.text, message.html or "", message.preview]
    shown += [message.message_id, message.in_reply_to, *message.references]
    for part in message.parts:
        shown += [part.number, part.content_type, part.charset, part.filename, part.content_id]
    for one in [*message.from_, *message.to, *message.cc]:
        shown += [one.display_name, one.addr_spec]
    for text in shown:
        assert "\x00" not in text
        text.encode("utf-8")  # fails on a lone surrogate


@pytest.mark.parametrize("name", NAMES)
def test_values_fit_the_columns_of_the_database(name):
    message = read(name)
    assert len(message.preview) <= 255
    assert len(message.message_id) <= 998
    numbers = [part.number for part in message.parts]
    assert len(numbers) == len(set(numbers))
    for part in message.parts:
        assert len(part.number) <= 64
        assert len(part.content_type) <= 127
        assert len(part.charset) <= 64
        assert len(part.disposition) <= 16
        assert len(part.filename) <= 255
        assert len(part.content_id) <= 255


def test_addresses_survive_what_senders_do_to_them():
    message = read("broken_addresses")
    assert [one.addr_spec for one in message.to] == [
        "bar@example.com",
        "a..b.@docomo.example",
        "u@example.com",
        "last@example.com",
    ]
    assert message.from_[0].addr_spec == "broken@example.com"
    assert [one.format() for one in read("group_and_undisclosed_recipients").cc] == [
        "b@example.com",
        '"C, D" <cd@example.com>',
        "e@example.com",
    ]
    assert read("encoded_word_in_quotes").cc[0].display_name == "山田, 太郎"
    assert read("comma_in_q_encoded_name").cc[0].display_name == "Doe, Jöhn"


def test_identifiers_survive_broken_folding():
    message = read("references_with_broken_folding")
    assert message.message_id == "<bare@example.com>"
    assert message.in_reply_to == "<parent@example.com>"
    assert message.references == ["<root@example.com>", "<parent@example.com>"]


def test_a_part_is_fetched_by_its_section_number():
    part, content = part_content(raw("related_inside_alternative_inside_mixed"), "2")
    assert (part.filename, content, part.size) == ("report.pdf", b"hello", 5)
    part, content = part_content(raw("related_inside_alternative_inside_mixed"), "1.2.2")
    assert (part.content_id, content) == ("logo@x", b"\x89PNG\r\n\x1a\n")
    part, content = part_content(raw("attachment_alone"), "1")
    assert content == b"hello"
    part, content = part_content(raw("uuencoded_part"), "2")
    assert content == b"hello"
    part, content = part_content(raw("base64_broken"), "2")
    assert content.startswith(b"hello")


def test_an_attached_message_is_handed_out_whole():
    part, content = part_content(raw("message_attached"), "2")
    assert part.content_type == "message/rfc822"
    assert parse(content).subject == "inner message"
    assert parse(content).text == "inner text"


@pytest.mark.parametrize("number", ["", "0", "3", "1.1.1", "x", "1" * 500, "2.1"])
def test_a_part_that_does_not_exist_is_a_lookup_error(number):
    with pytest.raises(LookupError):
        part_content(raw("message_attached"), number)


def test_an_inline_image_is_no_attachment_when_the_html_shows_it():
    message = read("related_inside_alternative_inside_mixed")
    inline = {part.filename: part.is_attachment for part in message.parts if part.content_id}
    assert inline == {"logo.png": False, "lost.png": True}


def test_a_text_beside_html_is_escaped_into_it():
    assert "list footer &lt;x&gt;" in (read("mixed_text_and_footer").html or "")


def test_a_doubled_boundary_shows_everything_as_text():
    assert "virus.exe" in read("boundary_given_twice").text
