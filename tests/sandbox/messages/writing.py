"""Puts messages together byte by byte, so that they may be as odd as real ones."""

from __future__ import annotations

import base64
import hashlib
import quopri
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from tests.sandbox.messages.letter import Letter

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
_WORD_CHARACTERS = 12


def encoded(text: str, charset: str = "utf-8") -> str:
    """Header text as encoded words (RFC 2047), whole characters in each."""
    if text.isascii():
        return text
    pieces = [text[i : i + _WORD_CHARACTERS] for i in range(0, len(text), _WORD_CHARACTERS)]
    words = (base64.b64encode(piece.encode(charset)).decode() for piece in pieces)
    return "\r\n ".join(f"=?{charset.upper()}?B?{word}?=" for word in words)


def address(name: str, addr_spec: str, charset: str = "utf-8") -> str:
    return f"{encoded(name, charset)} <{addr_spec}>" if name else addr_spec


def part(
    content_type: str, body: bytes, transfer: str = "base64", headers: Sequence[str] = ()
) -> bytes:
    """One MIME part with its headers; `transfer` is base64, quoted-printable, 7bit or 8bit."""
    if transfer == "base64":
        body = base64.encodebytes(body)
    elif transfer == "quoted-printable":
        body = quopri.encodestring(body)
    lines = [f"Content-Type: {content_type}", f"Content-Transfer-Encoding: {transfer}", *headers]
    return "\n".join(lines).encode("latin-1") + b"\n\n" + body


def text(body: str, charset: str = "utf-8", transfer: str = "", subtype: str = "plain") -> bytes:
    """A text part. ISO-2022-JP is 7bit by nature, the rest quoted-printable unless told."""
    transfer = transfer or ("7bit" if charset == "iso-2022-jp" else "quoted-printable")
    # Real mailers put the extended characters of Windows into ISO-2022-JP as well.
    codec = "iso2022_jp_ext" if charset == "iso-2022-jp" else charset
    return part(f'text/{subtype}; charset="{charset}"', body.encode(codec), transfer)


def attachment(name_parameters: str, content_type: str, content: bytes) -> bytes:
    """`name_parameters` is what follows `attachment;`, already coded one way or another."""
    return part(
        content_type, content, headers=[f"Content-Disposition: attachment;\n {name_parameters}"]
    )


def rfc2231(name: str, charset: str = "utf-8") -> str:
    coded = "".join(f"%{octet:02X}" for octet in name.encode(charset))
    return f"filename*={charset}''{coded}"


def multipart(subtype: str, *parts: bytes) -> bytes:
    boundary = "=_" + hashlib.sha256(b"".join(parts)).hexdigest()[:24]
    body = b"".join(b"--" + boundary.encode() + b"\n" + piece + b"\n" for piece in parts)
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"'.encode()
    return head + b"\n\n" + body + b"--" + boundary.encode() + b"--\n"


@dataclass(frozen=True)
class Envelope:
    """The headers of a letter. `hours` is how long ago it arrived; `number` makes its identity."""

    sender: str
    to: str
    subject: str
    hours: float
    number: str
    cc: str = ""
    answers: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    @property
    def message_id(self) -> str:
        return identity(self.number)

    def headers(self) -> bytes:
        lines = [
            f"From: {self.sender}",
            f"To: {self.to}",
            *([f"Cc: {self.cc}"] if self.cc else []),
            f"Subject: {self.subject}",
            f"Date: {format_datetime(self.arrived)}",
            f"Message-ID: {self.message_id}",
            "MIME-Version: 1.0",
            *self.extra,
        ]
        if self.answers:
            known = [identity(number) for number in self.answers]
            lines += [f"In-Reply-To: {known[-1]}", f"References: {' '.join(known)}"]
        return "\n".join(lines).encode("latin-1") + b"\n"

    @property
    def arrived(self) -> datetime:
        return NOW - timedelta(hours=self.hours)


def identity(number: str) -> str:
    return f"<{number}@letters.example>"


def letter(
    mailbox: str,
    envelope: Envelope,
    content: bytes,
    folder: str = "INBOX",
    flags: tuple[str, ...] = (),
) -> Letter:
    """Headers and content with the line ends of the wire."""
    raw = (envelope.headers() + content).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return Letter(mailbox, folder, raw, envelope.arrived, flags)


def picture(red: int, green: int, blue: int, width: int = 120, height: int = 40) -> bytes:
    """A PNG in one colour."""
    row = b"\0" + bytes((red, green, blue)) * width
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(row * height)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def document(title: str) -> bytes:
    """A PDF of one page with one line of ASCII."""
    drawing = f"BT /F1 24 Tf 72 720 Td ({title}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table
    return out + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        start,
    )
