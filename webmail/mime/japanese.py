"""Japanese charsets as mail uses them.

"ISO-2022-JP" in mail is seldom RFC 1468 alone: Windows and phones put NEC row 13 (①, ㈱), IBM
extension kanji (髙, 﨑) and half-width katakana into it, under the names CP50220, CP50221 and
CP50222. All of it is JIS X 0208 shifted into 7 bits, so a run between two escapes can be moved to
its Shift_JIS position and read with cp932, which knows those rows, as the WHATWG decoder does.
"""

from __future__ import annotations

import re

_ESCAPE = re.compile(rb"\x1b(?:\$\([\x40-\x5f]|\$[@AB]|\([\x40-\x5f])|\x0e|\x0f|\r?\n")
_PAIRS = re.compile(rb"(?:[\x21-\x7e]{2})+")
_EUC_RUN = re.compile(rb"(?:[\xa1-\xfe]{2})+|\x8f[\xa1-\xfe]{2}|\x8e[\xa1-\xdf]|[\x00-\x7f]+")
_KANA_OFFSET = 0xFF61 - 0x21

# What the strict codec reads otherwise or not at all; without it, the codec is forty times faster.
_BEYOND_RFC_1468 = re.compile(
    rb"\x1b\((?!B)|\x1b\$[^@B]|[\x0e\x0f]|\x1b\$[@B][^\x1b\n]*\n"  # the last: a missing escape back
)
# The six characters for which the strict table and cp932 differ.
_AS_CP932 = tuple(zip("〜‖−¢£¬", "～∥－￠￡￢", strict=True))

_ASCII = {b"\x1b(B", b"\x1b(J", b"\x1b(H"}
_JIS_X_0208 = {b"\x1b$@", b"\x1b$B", b"\x1b$(@", b"\x1b$(B"}
_KATAKANA = {b"\x1b(I"}
# Other 94x94 sets: the same bytes with the high bit set are a charset that Python knows.
_SHIFTED = {
    b"\x1b$(D": (b"\x8f", "euc_jp"),  # JIS X 0212
    b"\x1b$(O": (b"", "euc_jis_2004"),  # JIS X 0213 plane 1
    b"\x1b$(Q": (b"", "euc_jis_2004"),
    b"\x1b$(P": (b"\x8f", "euc_jis_2004"),  # JIS X 0213 plane 2
    b"\x1b$A": (b"", "gb2312"),
    b"\x1b$(C": (b"", "euc_kr"),
}


def has_escapes(data: bytes) -> bool:
    """True when undeclared text switches to Japanese by an escape sequence."""
    return b"\x1b$" in data or b"\x1b(I" in data


def decode_iso_2022_jp(data: bytes) -> tuple[str, bool]:
    """Text, and whether something was lost.

    A line end returns to ASCII (RFC 1468 demands it), which heals a missing escape back.
    """
    if not _BEYOND_RFC_1468.search(data):
        try:
            text = data.decode("iso2022_jp")
        except UnicodeDecodeError:
            pass
        else:
            for strict, microsoft in _AS_CP932:
                text = text.replace(strict, microsoft)
            return text, False
    pieces: list[str] = []
    designated, position, is_lossy = b"\x1b(B", 0, False
    shifted_out = False
    for match in _ESCAPE.finditer(data):
        run = data[position : match.start()]
        text, lost = _decode_run(run, b"\x1b(I" if shifted_out else designated)
        pieces.append(text)
        is_lossy |= lost
        position, token = match.end(), match.group()
        if token in (b"\x0e", b"\x0f"):
            shifted_out = token == b"\x0e"
        elif token.endswith(b"\n"):
            pieces.append(token.decode("ascii"))
            designated, shifted_out = b"\x1b(B", False
        else:
            designated, shifted_out = token, False
    text, lost = _decode_run(data[position:], b"\x1b(I" if shifted_out else designated)
    pieces.append(text)
    return "".join(pieces), is_lossy or lost


def _decode_run(run: bytes, designated: bytes) -> tuple[str, bool]:
    if not run or designated in _ASCII:
        text = run.decode("ascii", "replace")
        return text, "\ufffd" in text
    if designated in _KATAKANA:
        return "".join(
            chr(byte + _KANA_OFFSET) if 0x21 <= byte <= 0x5F else chr(byte & 0x7F) for byte in run
        ), False
    pieces, position = [], 0
    for match in _PAIRS.finditer(run):
        between = run[position : match.start()]
        pieces.append(between.decode("ascii", "replace"))
        pieces.append(_decode_pairs(match.group(), designated))
        position = match.end()
    # An odd byte at the end is half a character: part of a word cut in the middle.
    rest = run[position:]
    pieces.append("".join("\ufffd" if 0x21 <= byte <= 0x7E else chr(byte & 0x7F) for byte in rest))
    text = "".join(pieces)
    return text, "\ufffd" in text


def _decode_pairs(pairs: bytes, designated: bytes) -> str:
    if designated in _JIS_X_0208:
        return to_shift_jis(pairs).decode("cp932", "replace")
    if designated in _SHIFTED:
        lead, codec = _SHIFTED[designated]
        high = bytes(byte | 0x80 for byte in pairs)
        if lead:
            high = b"".join(lead + high[i : i + 2] for i in range(0, len(high), 2))
        return high.decode(codec, "replace")
    return "\ufffd" * (len(pairs) // 2)


def to_shift_jis(pairs: bytes) -> bytes:
    """JIS X 0208 rows and cells (each 0x21 to 0x7E) to the Shift_JIS positions of the same."""
    out = bytearray()
    for i in range(0, len(pairs) - 1, 2):
        row, cell = pairs[i] - 0x21, pairs[i + 1]
        lead = (row >> 1) + 0x81
        out.append(lead if lead <= 0x9F else lead + 0x40)
        if row & 1:
            out.append(cell + 0x7E)
        else:
            out.append(cell + (0x1F if cell < 0x60 else 0x20))
    return bytes(out)


def decode_euc_jp(data: bytes) -> tuple[str, bool]:
    """EUC-JP with the rows that only the Microsoft variant (CP51932) has."""
    pieces, position, is_lossy = [], 0, False
    for match in _EUC_RUN.finditer(data):
        if match.start() != position:
            pieces.append("\ufffd")
        run, position = match.group(), match.end()
        if run[0] >= 0xA1:
            pieces.append(to_shift_jis(bytes(b & 0x7F for b in run)).decode("cp932", "replace"))
        else:
            pieces.append(run.decode("euc_jp", "replace"))
    if position != len(data):
        pieces.append("\ufffd")
    text = "".join(pieces)
    is_lossy = "\ufffd" in text
    return text, is_lossy


def guess(sample: bytes) -> str:
    """cp932 or euc-jp when a strict reading shows Japanese with kana, else "".

    Kana decide: they are a third or more of written Japanese, and a wrong charset yields kanji and
    half-width katakana, hardly ever full-width kana.
    """
    best, best_share = "", 0.15
    for codec in ("cp932", "euc-jp"):
        share = _kana_share(sample, codec)
        if share > best_share:
            best, best_share = codec, share
    return best or ("cp932" if _is_kanji_only(sample) else "")


def _is_kanji_only(sample: bytes) -> bool:
    """Shift_JIS without kana, as in 日本: its usual lead bytes are controls in Latin charsets.

    Two such characters, and at least half of the text, keep "it\x92s" from becoming "it痴".
    """
    leads = len(re.findall(rb"[\x88-\x9f][\x40-\x7e\x80-\xfc]", sample))
    if leads < 2:
        return False
    text = _strict_start(sample, "cp932")
    foreign = sum(1 for character in text if "\u3000" <= character <= "\u9fff")
    return bool(text) and foreign * 2 >= len("".join(text.split()))


def _kana_share(sample: bytes, codec: str) -> float:
    foreign = [character for character in _strict_start(sample, codec) if character > "\x7f"]
    kana = sum(1 for character in foreign if "\u3041" <= character <= "\u30ff")
    return kana / len(foreign) if foreign else 0.0


def _strict_start(sample: bytes, codec: str) -> str:
    """The strict reading, or "": the sample may end inside a character."""
    for cut in (0, 1, 2):
        try:
            return sample[: len(sample) - cut].decode(codec)
        except UnicodeDecodeError:
            continue
    return ""
