import pytest
from hypothesis import given
from hypothesis import strategies as st

from webmail.mime.charsets import canonical, decode
from webmail.mime.japanese import decode_iso_2022_jp
from webmail.mime.text import fold_for_search


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("Shift_JIS", "cp932"),
        ("x-sjis", "cp932"),
        ("Windows-31J", "cp932"),
        ("gb2312", "gb18030"),
        ("ks_c_5601-1987", "cp949"),
        ("ISO-8859-1", "cp1252"),
        ("cp50221", "iso-2022-jp"),
        ("csISO2022JP", "iso-2022-jp"),
        ("UTF8", "utf-8"),
        ("us-ascii", ""),
        ("unknown-8bit", ""),
        ("", ""),
    ],
)
def test_labels_widen_to_what_senders_use(label, codec):
    assert canonical(label) == codec


@pytest.mark.parametrize("label", ["zlib", "hex", "rot13", "punycode", "unicode_escape", "bz2"])
def test_codecs_that_are_no_charsets_are_unknown(label):
    assert canonical(label) == ""


@pytest.mark.parametrize(
    "text", ["①㈱№髙﨑", "テスト", "ｶﾞｷﾞ", "表示～予定", "ＡＢＣ", "漢字かな交じり文。"]
)
def test_japanese_survives_in_iso_2022_jp_as_windows_writes_it(text):
    assert decode(_cp50221(text), "ISO-2022-JP").text == text


def _cp50221(text):
    """CP50221 by definition: cp932 positions shifted to 7 bits, kana in its own set."""
    out = b""
    for character in text:
        code = character.encode("cp932")
        if len(code) == 1:
            out += b"\x1b(I" + bytes([code[0] & 0x7F])
            continue
        lead, trail = code
        if lead >= 0xFA:  # IBM extensions move to the rows that NEC selected for them
            lead, trail = {"髙": (0xEE, 0xE0), "﨑": (0xED, 0x95)}[character]
        row = (lead - (0x81 if lead <= 0x9F else 0xC1)) * 2
        if trail >= 0x9F:
            row, cell = row + 1, trail - 0x7E
        else:
            cell = trail - (0x1F if trail <= 0x7E else 0x20)
        out += b"\x1b$B" + bytes([row + 0x21, cell])
    return out + b"\x1b(B"


def test_a_line_end_heals_a_missing_escape_back():
    assert decode(b'\x1b$B$"\r\nplain', "iso-2022-jp").text == "あ\r\nplain"


@given(st.lists(st.sampled_from([b"$", b"!", b"A", b"\x1b$B", b"\x1b(B", b"\r\n", b"\n", b" "])))
def test_the_fast_way_reads_what_the_slow_way_reads(pieces):
    data = b"".join(pieces)
    slow = decode_iso_2022_jp(b"\x1b(J\x1b(B" + data)  # JIS-Roman is left to the slow way
    assert decode_iso_2022_jp(data) == slow


def test_half_a_character_is_marked_as_lost():
    decoded = decode(b'\x1b$B$"$\x1b(B', "iso-2022-jp")
    assert decoded.text == "あ\ufffd"
    assert decoded.is_lossy


def test_supplementary_sets_are_read():
    assert decode(b"\x1b$(D0!\x1b(B", "iso-2022-jp-1").text == b"\x8f\xb0\xa1".decode("euc_jp")
    assert decode(b"\x1b$A<r\x1b(B", "iso-2022-jp-2").text == b"\xbc\xf2".decode("gb2312")


@pytest.mark.parametrize("codec", ["cp932", "euc_jp", "iso2022_jp", "utf-8"])
def test_undeclared_japanese_is_recognized(codec):
    text = "お世話になっております。添付の資料をご確認ください。"
    assert decode(text.encode(codec)).text == text


def test_undeclared_cyrillic_is_recognized():
    text = "Здравствуйте, высылаю вам документы на подпись."
    assert decode(text.encode("cp1251")).text == text
    assert decode(text.encode("koi8-r")).text == text


def test_a_wrong_label_gives_way_to_what_the_bytes_are():
    assert decode("日本語のメール".encode(), "iso-2022-jp").text == "日本語のメール"
    assert decode("日本語のメール".encode("cp932"), "utf-8").text == "日本語のメール"
    assert decode("déjà vu".encode(), "iso-8859-1").text == "déjà vu"


def test_the_wave_dash_is_unified_for_search_only():
    assert decode(b"\x81\x60", "shift_jis").text == "～"
    assert decode("〜".encode(), "utf-8").text == "〜"
    assert fold_for_search("10時〜12時") == fold_for_search("10時～12時")


def test_search_folds_width_case_and_kana():
    assert fold_for_search("ｶﾞｲﾄﾞ Ｂook") == fold_for_search("がいど book")
