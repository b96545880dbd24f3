"""Bytes of unknown honesty to text.

Labels follow the WHATWG Encoding Standard where it widens a label to the superset which senders
really use (shift_jis is cp932, gb2312 is gb18030, ks_c_5601 is cp949, iso-8859-1 is cp1252).
ISO-2022-JP is read by ``iso2022jp``, because no codec of Python knows what Japanese mail holds.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from encodings.aliases import aliases

from webmail.mime import japanese

DETECTION_SAMPLE = 20_000  # bytes; more does not change the answer, only the time

_NOT_TEXT = {
    "base64_codec",
    "bz2_codec",
    "hex_codec",
    "quopri_codec",
    "rot_13",
    "uu_codec",
    "zlib_codec",
    "mbcs",
    "oem",
    "punycode",
    "idna",
    "raw_unicode_escape",
    "unicode_escape",
    "undefined",
}

_ISO_2022_JP = "iso-2022-jp"
_EUC_JP = "euc-jp"
_LATIN = "cp1252"

_WIDENED = {
    _ISO_2022_JP: (
        "iso2022jp iso2022jp1 iso2022jp2 iso2022jp3 iso2022jp2004 iso2022jpext iso2022jpms"
        " csiso2022jp csiso2022jp2 cp50220 cp50221 cp50222 jis jis7 xiso2022jp iso2022jpesc"
    ),
    "cp932": (
        "shiftjis sjis xsjis mskanji cp932 windows31j cswindows31j ms932 windows932 csshiftjis"
        " cp943 cp943c ibm943 xmscp932 shiftjis2004 shiftjisx0213"
    ),
    _EUC_JP: "eucjp xeucjp ujis cseucpkdfmtjapanese eucjpms eucjpwin cp51932 cp20932 xeuc",
    "gb18030": (
        "gb2312 gb231280 gbk xgbk cp936 ms936 windows936 csgb2312 chinese csiso58gb231280"
        " euccn gb18030 isoir58 eucgb2312cn"
    ),
    "cp949": (
        "ksc5601 ksc56011987 ksc56011989 ksx1001 euckr korean cp949 uhc windows949 cseuckr"
        " csksc56011987 isoir149"
    ),
    "cp950": "big5 cp950 big5eten xxbig5 cnbig5 csbig5 windows950",
    _LATIN: (
        "iso88591 latin1 l1 cp819 ibm819 isoir100 csisolatin1 windows1252 cp1252 ansi iso8859"
        " isolatin1 88591 xansi"
    ),
    "cp1254": "iso88599 latin5 l5 windows1254 cp1254 csisolatin5 isoir148",
    "cp874": "iso885911 tis620 windows874 cp874 tis6202529",
    "utf-8": "utf8 utf 8 unicode11utf8 unicode20utf8 xunicode20utf8 utf8mb4 u8 cp65001",
    "utf-7": "utf7 unicode11utf7 csunicode11utf7 xunicode20utf7 u7",
    "iso8859-8": "iso88598 iso88598i iso88598e logical visual hebrew",
    "iso8859-6": "iso88596 iso88596i iso88596e arabic",
    "koi8-u": "koi8u koi8ru",
    "koi8-r": "koi8r koi8 koi cskoi8r",
    "mac-roman": "macintosh macroman mac xmacroman",
    "mac-cyrillic": "xmaccyrillic maccyrillic xmacukrainian",
    "cp1250": "windows1250 cp1250 win1250",
    "cp1251": "windows1251 cp1251 win1251",
}

# Labels by which a sender says that it does not know.
_UNDECLARED = frozenset(
    re.findall(
        r"\S+",
        "usascii ascii ansix3.41968 us csascii iso646us 7bit 8bit binary none unknown unknown8bit"
        " xunknown default defaultcharset xuserdefined charset utf null iso",
    )
)


def _key(label: str) -> str:
    return re.sub(r"[^a-z0-9.]", "", label.lower())


def _table() -> dict[str, str]:
    known = {
        _key(alias): codec.replace("_", "-")
        for alias, codec in [*aliases.items(), *((name, name) for name in aliases.values())]
        if codec not in _NOT_TEXT
    }
    for codec, labels in _WIDENED.items():
        known.update(dict.fromkeys(labels.split(), codec))
    for label in _UNDECLARED:
        known.pop(label, None)
    return known


# A closed table: asking the codec registry for a stranger's label would remember each of them for
# ever and would hand out codecs such as zlib and punycode.
_CODECS = _table()


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text with the charset that produced it; ``is_lossy`` when U+FFFD stands for lost bytes."""

    text: str
    charset: str
    is_lossy: bool = False


def canonical(label: str) -> str:
    """The codec for a charset label, or "" when the label is unknown or says nothing."""
    return _CODECS.get(_key(label[:64]), "")


def is_declared(label: str) -> bool:
    """True when the sender names a charset, known or not; "unknown-8bit" names none."""
    return bool(label.strip()) and _key(label[:64]) not in _UNDECLARED


def decode(data: bytes, label: str = "", *, detect: bool = True) -> Decoded:
    """Decodes by the declared label, then UTF-8, then detection, then replacement.

    ``detect=False`` leaves out the statistical detection, which is slow and unsure on the few
    bytes of a header field.
    """
    codec = canonical(label)
    if codec == _ISO_2022_JP or (not codec and japanese.has_escapes(data)):
        decoded = _decode_iso_2022_jp(data)
        if decoded is not None:
            return decoded
    elif codec and codec != _LATIN:
        text = _strictly(data, codec)
        if text is not None:
            return Decoded(text, codec)
    text = _strictly(data, "utf-8")
    if text is not None:
        # UTF-8 labelled latin-1 lands here as well: real latin text is never valid UTF-8 by chance.
        return Decoded(text, "utf-8" if not text.isascii() else codec or "us-ascii")
    if codec == _LATIN:
        return Decoded(_decode_latin(data), codec)
    return _without_help(data, codec, detect)


def _decode_iso_2022_jp(data: bytes) -> Decoded | None:
    """None when 8-bit bytes show that the label lies; UTF-8 and Shift_JIS come under it."""
    if not data.isascii():
        return None
    text, is_lossy = japanese.decode_iso_2022_jp(data)
    return Decoded(text, _ISO_2022_JP, is_lossy)


def _strictly(data: bytes, codec: str) -> str | None:
    if codec == _LATIN:
        return _decode_latin(data)
    if codec == _ISO_2022_JP:
        return None
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError, LookupError):
        pass
    if codec == _EUC_JP:
        text, is_lossy = japanese.decode_euc_jp(data)
        return None if is_lossy else text
    if codec == "cp950":
        return _strictly(data, "big5hkscs")
    return None


def _decode_latin(data: bytes) -> str:
    """cp1252 as browsers read it: the five unassigned bytes are not an error."""
    return data.decode("latin-1").translate(_LATIN_CONTROLS)


_LATIN_CONTROLS = {
    byte: bytes([byte]).decode("cp1252", "ignore") or "\ufffd" for byte in range(0x80, 0xA0)
}


def _without_help(data: bytes, codec: str, detect: bool) -> Decoded:
    """The label was absent, unknown or wrong, and the bytes are not UTF-8."""
    if codec and codec != _ISO_2022_JP:
        text = data.decode(codec, "replace")
        if _mostly_readable(text):
            return Decoded(text, codec, True)
    sample = data[:DETECTION_SAMPLE]
    found = japanese.guess(sample) or _nearly_utf8(data) or (_detected(sample) if detect else "")
    if found:
        strict = _strictly(data, found)
        if strict is not None:
            return Decoded(strict, found)
        return Decoded(data.decode(found, "replace"), found, True)
    if codec and codec != _ISO_2022_JP:
        return Decoded(data.decode(codec, "replace"), codec, True)
    if codec == _ISO_2022_JP:
        text, _ = japanese.decode_iso_2022_jp(data)
        return Decoded(text, codec, True)
    return Decoded(_decode_latin(data), _LATIN, True)


def _mostly_readable(text: str) -> bool:
    """A few damaged characters in an honest label are damage; many are a wrong label."""
    foreign = sum(1 for character in text if character > "\x7f")
    return text.count("\ufffd") * 10 <= foreign


def _nearly_utf8(data: bytes) -> str:
    text = data.decode("utf-8", "replace")
    return "utf-8" if _mostly_readable(text) else ""


_DETECTABLE = [
    "cp932",
    "euc_jp",
    "gb18030",
    "cp950",
    "cp949",
    "cp1251",
    "koi8_r",
    "cp1250",
    "cp1252",
    "cp1253",
    "cp1255",
    "cp1256",
]


def _detected(sample: bytes) -> str:
    # Imported late: it costs more than all the rest of this package and is seldom needed.
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=_DETECTABLE, enable_fallback=False).best()
    return codecs.lookup(best.encoding).name if best is not None else ""
