"""Encoded words (RFC 2047) and raw 8-bit header text, both ways."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass

from webmail.mime import charsets

_START = re.compile(r"=\?([^?\s=]{1,64})\?([bBqQ])\?")
_BASE64_TEXT = re.compile(r"[A-Za-z0-9+/=\s_-]*")
_FOLD = re.compile(r"\r?\n[ \t]|\r\n?|\n")
# Controls that no header may carry on; tab becomes a space. Overrides (U+202D, U+202E) turn the
# text of a stranger around on our screens.
_REMOVED = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u202d\u202e]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_NO_REMAINDER = -1


@dataclass(frozen=True, slots=True)
class _Word:
    start: int
    end: int
    charset: str
    is_base64: bool
    text: str


def clean(text: str) -> str:
    """Text fit for the database and a screen: no NUL or other control, no lone surrogate."""
    return _SURROGATES.sub("\ufffd", _REMOVED.sub("", text.replace("\t", " ")))


def decode_header(raw: str | bytes, fallback_charset: str = "") -> str:
    """Readable text of an unstructured field: unfolded, decoded, without controls.

    Encoded words are taken wherever they stand, also inside quotes and without space around them,
    because senders put them there. Raw 8-bit text is read as UTF-8, else ``fallback_charset`` (the
    charset of the body), else by detection.
    """
    return clean(decode_words(unfold(to_text(raw, fallback_charset)))).strip()


def unfold(text: str) -> str:
    """One line (RFC 5322 §2.2.3): a line break with its white space becomes one space."""
    return _FOLD.sub(" ", text)


def to_text(raw: str | bytes, fallback_charset: str = "") -> str:
    """Header bytes as text, before encoded words are decoded."""
    if isinstance(raw, str):
        if not _SURROGATES.search(raw) and "\x1b$" not in raw:
            return raw
        raw = raw.encode("utf-8", "surrogateescape" if _only_escapes(raw) else "replace")
    if raw.isascii() and b"\x1b" not in raw:
        return raw.decode("ascii")
    if b"\x1b$" in raw:  # it says itself which family it is of, whatever the body is in
        is_family = fallback_charset.lower().startswith("iso-2022")
        return charsets.decode(raw, fallback_charset if is_family else "", detect=False).text
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    return charsets.decode(raw, fallback_charset, detect=False).text


def _only_escapes(text: str) -> bool:
    return all("\udc80" <= one <= "\udcff" for one in _SURROGATES.findall(text))


def decode_words(text: str) -> str:
    """Replaces encoded words; white space between two neighbours vanishes (RFC 2047 §6.2)."""
    if "=?" not in text:
        return text
    pieces: list[str] = []
    run: list[_Word] = []
    position = 0
    for word in _words(text):
        between = text[position : word.start]
        if run and between.strip():
            pieces.append(_decode_run(run))
            run = []
        if not run:
            pieces.append(between)
        run.append(word)
        position = word.end
    if run:
        pieces.append(_decode_run(run))
    pieces.append(text[position:])
    return "".join(pieces)


def word_end(text: str, start: int) -> int:
    """Where the encoded word that begins at ``start`` ends, or ``start`` when there is none."""
    match = _START.match(text, start)
    word = _word_at(text, match) if match else None
    return word.end if word else start


def _words(text: str) -> list[_Word]:
    words: list[_Word] = []
    position = 0
    while (match := _START.search(text, position)) is not None:
        word = _word_at(text, match)
        if word is None:
            if text.find("?=", match.end()) == _NO_REMAINDER:
                break  # no word can end any more: looking on would be quadratic
            position = match.end()
            continue
        words.append(word)
        position = word.end
    return words


def _word_at(text: str, match: re.Match[str]) -> _Word | None:
    start = match.end()
    is_base64 = match.group(2) in "bB"
    if is_base64:
        body = _BASE64_TEXT.match(text, start)
        end = body.end() if body else start
        if not text.startswith("?=", end):
            return None
    else:
        end = text.find("?=", start)
        # "=?utf-8?Q?=41?=" holds "?=" right at its start.
        if end == _NO_REMAINDER:
            return None
    charset = match.group(1).partition("*")[0]  # RFC 2231 §5: a language may follow
    return _Word(match.start(), end + 2, charset, is_base64, text[start:end])


def _decode_run(run: list[_Word]) -> str:
    """Neighbours of one charset: alone when each is whole, joined when a character was cut."""
    pieces: list[str] = []
    group: list[_Word] = []
    for word in run:
        if group and group[0].charset.lower() != word.charset.lower():
            pieces.append(_decode_group(group))
            group = []
        group.append(word)
    pieces.append(_decode_group(group))
    return "".join(pieces)


def _decode_group(group: list[_Word]) -> str:
    label = group[0].charset
    chunks = _word_bytes(group)
    alone = [charsets.decode(chunk, label, detect=False) for chunk in chunks]
    if not any(one.is_lossy for one in alone) and len({one.charset for one in alone}) == 1:
        return "".join(one.text for one in alone)
    joined = charsets.decode(b"".join(chunks), label, detect=False)
    return joined.text


def _word_bytes(group: list[_Word]) -> list[bytes]:
    """Decodes each word; base64 cut at no multiple of four is joined with its follower first."""
    chunks: list[bytes] = []
    pending = ""
    for word in group:
        if not word.is_base64:
            if pending:
                chunks.append(_from_base64(pending))
                pending = ""
            chunks.append(_from_q(word.text))
            continue
        pending += "".join(word.text.split())
        if len(pending) % 4 == 0 or pending.endswith("="):
            chunks.append(_from_base64(pending))
            pending = ""
    if pending:
        chunks.append(_from_base64(pending))
    return chunks


def _from_base64(text: str) -> bytes:
    text = text.replace("-", "+").replace("_", "/").rstrip("=").replace("=", "")
    if len(text) % 4 == 1:
        text = text[:-1]
    try:
        return binascii.a2b_base64(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return b""


def _from_q(text: str) -> bytes:
    return binascii.a2b_qp(text.encode("utf-8", "replace"), header=True)


def encode_words(text: str) -> list[str]:
    """The text as encoded words of at most 75 characters, UTF-8, none cutting a character.

    B for text that is mostly not ASCII, Q for the rest (RFC 2047 §4).
    """
    data = text.encode("utf-8")
    is_q = sum(byte < 0x80 for byte in data) * 3 > len(data) * 2
    words, current, length = [], bytearray(), 0
    for character in text:
        encoded = character.encode("utf-8")
        cost = len(_q(encoded)) if is_q else len(encoded)
        if current and length + cost > (60 if is_q else 45):
            words.append(_word(bytes(current), is_q))
            current, length = bytearray(), 0
        current += encoded
        length += cost
    if current:
        words.append(_word(bytes(current), is_q))
    return words


def _word(data: bytes, is_q: bool) -> str:
    if is_q:
        return f"=?utf-8?q?{_q(data)}?="
    return f"=?utf-8?b?{binascii.b2a_base64(data, newline=False).decode('ascii')}?="


def _q(data: bytes) -> str:
    # The set allowed in a phrase (RFC 2047 §5 rule 3), which is allowed everywhere else too.
    return "".join(
        chr(byte)
        if (byte < 0x80 and chr(byte).isalnum()) or byte in b"!*+-/"
        else "_"
        if byte == 0x20
        else f"={byte:02X}"
        for byte in data
    )
