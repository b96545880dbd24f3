"""Content transfer encodings (RFC 2045 §6), decoded as far as the bytes allow."""

from __future__ import annotations

import binascii
import re

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(byte for byte in range(256) if byte not in _BASE64)
_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} [^\r\n]*\r?\n", re.MULTILINE)
_MAX_JOINTS = 1000


def decode(data: bytes, encoding: str) -> tuple[bytes, bool]:
    """The content, and whether it was whole. Unknown encodings count as none (binary)."""
    if encoding == "base64":
        return _decode_base64(data)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data), True
    if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
        return _decode_uu(data)
    return data, True


def _decode_base64(data: bytes) -> tuple[bytes, bool]:
    """Skips foreign bytes, repairs missing padding, and reads on after padding in the middle.

    The last happens where a gateway glued two encoded texts together.
    """
    is_whole = not has_foreign_bytes(data)
    kept = data.translate(None, _NOT_BASE64)
    if kept.count(b"=") > _MAX_JOINTS:
        kept, is_whole = kept.replace(b"=", b""), False
    chunks = [chunk for chunk in re.split(rb"=+", kept) if chunk]
    out = []
    for chunk in chunks:
        excess = len(chunk) % 4 == 1  # a single character holds no whole byte
        is_whole = is_whole and not excess
        kept = chunk[:-1] if excess else chunk
        out.append(binascii.a2b_base64(kept + b"=" * (-len(kept) % 4)))
    return b"".join(out), is_whole and len(chunks) <= 1


def has_foreign_bytes(data: bytes) -> bool:
    """True when base64 text holds bytes that are neither its own nor white space."""
    return bool(data.translate(None, _BASE64 + b" \t\r\n"))


def _decode_uu(data: bytes) -> tuple[bytes, bool]:
    begin = _UU_BEGIN.search(data)
    if begin is None:
        return data, False
    out = []
    for raw_line in data[begin.end() :].split(b"\n"):
        line = raw_line.rstrip(b"\r")
        if line in (b"end", b"`", b""):
            break
        length = (line[0] - 32) & 63
        try:
            out.append(binascii.a2b_uu(line[: 1 + (length + 2) // 3 * 4]))
        except binascii.Error:
            return b"".join(out), False
    return b"".join(out), True


def decoded_size(data: bytes, encoding: str) -> int:
    """Octets after decoding, counted without decoding where the encoding is base64."""
    if encoding == "base64":
        kept = data.translate(None, _NOT_BASE64)
        return len(kept.rstrip(b"=")) * 3 // 4
    return len(decode(data, encoding)[0])
