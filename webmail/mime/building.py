"""A composed message to bytes ready for SMTP (RFC 5322, RFC 2045 to 2047, RFC 2231).

Lines end in CRLF, none is longer than 998 octets, everything is 7 bit, so that no server on the way
has a reason to rewrite the message. Headers are folded here and not by the standard library: the
folder of Python 3.11 loses quotes around commas in names (CVE-2025-1795) and lets line breaks pass
(CVE-2024-6923). Bcc never reaches the bytes; the recipients belong to the envelope.
"""

from __future__ import annotations

import binascii
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

from webmail.mime.addresses import MAX_ADDR_SPEC, Address
from webmail.mime.encodedwords import encode_words
from webmail.mime.headers import new_message_id
from webmail.mime.idn import ascii_domain
from webmail.mime.parameters import (
    fallback_name_parameter,
    file_name,
    file_name_parameters,
)

LINE = 76  # octets wanted in a header line (RFC 5322 §2.1.1 asks for 78)
MAX_LINE = 998
MAX_REFERENCES = 20

_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_LOCAL = re.compile(r'"(?:[ !#-\[\]-~]|\\[ -~])+"|[A-Za-z0-9!#$%&\'*+/=?^_`{|}~.-]+')
_ID = re.compile(r"<[!-;=?-~]{1,898}>")
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_PRINTABLE = re.compile(r"[ -~]*")


@dataclass(slots=True)
class AttachmentSource:
    """A file to send. With ``content_id`` (no brackets) it is an image that the HTML shows."""

    filename: str
    content_type: str
    content: bytes
    content_id: str = ""


@dataclass(slots=True)
class Composition:
    """What a person wrote. Identifiers carry their angle brackets; ``date`` must be aware.

    An empty ``message_id`` is replaced by a fresh one, a missing ``date`` by the present time.
    """

    from_: Address
    to: list[Address] = field(default_factory=list)
    cc: list[Address] = field(default_factory=list)
    bcc: list[Address] = field(default_factory=list)
    reply_to: list[Address] = field(default_factory=list)
    subject: str = ""
    text: str = ""
    html: str | None = None
    attachments: list[AttachmentSource] = field(default_factory=list)
    message_id: str = ""
    in_reply_to: str = ""
    references: list[str] = field(default_factory=list)
    date: datetime | None = None


def build(composition: Composition) -> bytes:
    """The message without Bcc. Raises ValueError naming the field that cannot be sent.

    Refused are CR, LF, NUL and other controls in header values, addresses that are none, local
    parts outside ASCII (few servers offer SMTPUTF8) and identifiers that are not ``<left@right>``.
    """
    _check(composition)
    fields = [
        ("From", _address_list("from", [composition.from_])),
        ("Reply-To", _address_list("reply_to", composition.reply_to)),
        ("To", _address_list("to", composition.to)),
        ("Cc", _address_list("cc", composition.cc)),
        ("Subject", _text_tokens(composition.subject.strip())),
        ("Date", [format_datetime(composition.date or datetime.now(UTC))]),
        ("Message-ID", [composition.message_id or new_message_id(composition.from_.domain)]),
        ("In-Reply-To", [composition.in_reply_to] if composition.in_reply_to else []),
        ("References", trimmed_references(composition.references)),
        ("MIME-Version", ["1.0"]),
    ]
    if not (composition.to or composition.cc):
        fields.append(("To", ["undisclosed-recipients:;"]))
    head = b"".join(_field(name, tokens) for name, tokens in fields if tokens)
    return head + _entity(composition)


def trimmed_references(references: list[str]) -> list[str]:
    """The first and the latest identifiers: the root keeps a thread together, the end its order."""
    unique = list(dict.fromkeys(references))
    if len(unique) <= MAX_REFERENCES:
        return unique
    return [unique[0], *unique[-(MAX_REFERENCES - 1) :]]


def _check(composition: Composition) -> None:
    if _CONTROL.search(composition.subject):
        raise ValueError("subject: control characters are not allowed")
    for name, identifiers in (
        ("message_id", [composition.message_id]),
        ("in_reply_to", [composition.in_reply_to]),
        ("references", composition.references),
    ):
        if not all(_ID.fullmatch(one) for one in identifiers if one):
            raise ValueError(f"{name}: not a message identifier")
    if composition.date is not None and composition.date.tzinfo is None:
        raise ValueError("date: a time zone is missing")
    for name, addresses in (("bcc", composition.bcc), ("from", [composition.from_])):
        for address in addresses:
            _addr_spec(name, address)
    for attachment in composition.attachments:
        if _CONTROL.search(attachment.filename) or _CONTROL.search(attachment.content_type):
            raise ValueError("attachments: control characters are not allowed in a file name")
        if attachment.content_id and not _ID.fullmatch(f"<{attachment.content_id}>"):
            raise ValueError("attachments: not a content identifier")


# Header fields


def _field(name: str, tokens: Iterable[str]) -> bytes:
    """Folds before a token that would make the line too long; tokens are joined by one space."""
    lines, line = [], f"{name}:"
    for token in tokens:
        if len(line) + 1 + len(token) > LINE and line != f"{name}:":
            lines.append(line)
            line = ""
        line += " " + token
        if len(line) > MAX_LINE:
            raise ValueError(f"{name.lower().replace('-', '_')}: a word is too long")
    lines.append(line)
    return "\r\n".join(lines).encode("ascii") + b"\r\n"


def _text_tokens(text: str) -> list[str]:
    """Unstructured text as words to fold between; exactly the text again once decoded."""
    words = text.split(" ")
    is_plain = (
        _PRINTABLE.fullmatch(text)
        and "=?" not in text
        and all(words)
        and all(len(word) <= 200 for word in words)
    )
    return words if is_plain else encode_words(text)


def _address_list(name: str, addresses: list[Address]) -> list[str]:
    tokens: list[str] = []
    for index, address in enumerate(addresses):
        comma = "," if index + 1 < len(addresses) else ""
        addr_spec = _addr_spec(name, address)
        phrase = _phrase(name, address.display_name.strip())
        tokens += [*phrase, f"<{addr_spec}>{comma}"] if phrase else [addr_spec + comma]
    return tokens


def _phrase(name: str, text: str) -> list[str]:
    if _CONTROL.search(text):
        raise ValueError(f"{name}: control characters are not allowed in a name")
    if len(text) <= 200 and "=?" not in text:
        if _ATOMS.fullmatch(text):
            return text.split(" ")
        if _PRINTABLE.fullmatch(text) and text:
            return ['"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"']
    return encode_words(text)


def _addr_spec(name: str, address: Address) -> str:
    local, at, domain = address.addr_spec.rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or len(address.addr_spec) > MAX_ADDR_SPEC:
        raise ValueError(f"{name}: not a mail address: {address.addr_spec[:100]!r}")
    try:
        return f"{local}@{ascii_domain(domain)}"
    except ValueError as error:
        raise ValueError(f"{name}: not a mail address: {address.addr_spec[:100]!r}") from error


# Body parts


def _entity(composition: Composition) -> bytes:
    """Header and body of the outermost part: text, then related images, then attachments."""
    entity = _text_part(composition.text, "plain")
    if composition.html is not None:
        rich = _text_part(composition.html, "html")
        inline = [_file_part(one) for one in composition.attachments if one.content_id]
        if inline:
            rich = _multipart("related", [rich, *inline], '; type="text/html"')
        entity = _multipart("alternative", [entity, rich])
    files = [
        _file_part(one)
        for one in composition.attachments
        if composition.html is None or not one.content_id
    ]
    return _multipart("mixed", [entity, *files]) if files else entity


def _multipart(subtype: str, parts: list[bytes], parameters: str = "") -> bytes:
    boundary = f"=_{secrets.token_hex(16)}"  # "=_" cannot occur in quoted-printable or base64
    delimiter = f"--{boundary}\r\n".encode("ascii")
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"{parameters}\r\n\r\n'
    end = f"--{boundary}--\r\n".encode("ascii")
    return head.encode("ascii") + b"".join(delimiter + part + b"\r\n" for part in parts) + end


def _text_part(text: str, subtype: str) -> bytes:
    text = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()
    if not text.endswith("\n"):
        text += "\n"
    data = text.encode("utf-8")
    charset = "us-ascii" if text.isascii() else "utf-8"
    if _fits_7bit(data):
        encoding, content = "7bit", data.replace(b"\n", b"\r\n")
    elif sum(byte > 0x7F for byte in data) * 6 <= len(data):
        encoding = "quoted-printable"
        content = _quoted_printable(data)
    else:
        encoding, content = "base64", _base64(data.replace(b"\n", b"\r\n"))
    head = (
        f"Content-Type: text/{subtype}; charset={charset}\r\n"
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    return head.encode("ascii") + content


def _fits_7bit(data: bytes) -> bool:
    """Plain ASCII that no server touches: short lines, no controls, no "From " to be quoted."""
    return (
        data.isascii()
        and not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]|^From |[ \t]$", data, re.MULTILINE)
        and all(len(line) <= MAX_LINE for line in data.split(b"\n"))
    )


def _quoted_printable(data: bytes) -> bytes:
    """Also hides "From " at the start of a line, which mailbox files turn into ">From "."""
    encoded = re.sub(rb"^From ", b"=46rom=\n ", binascii.b2a_qp(data, istext=True), flags=re.M)
    return encoded.replace(b"\n", b"\r\n")


def _base64(data: bytes) -> bytes:
    """Lines of 76 characters (RFC 2045 §6.8)."""
    return b"".join(
        binascii.b2a_base64(data[i : i + 57], newline=False) + b"\r\n"
        for i in range(0, len(data), 57)
    )


def _file_part(attachment: AttachmentSource) -> bytes:
    name = file_name(attachment.filename) or "attachment"
    content_type, encoding, content = _file_content(attachment)
    disposition = "inline" if attachment.content_id else "attachment"
    head = _field("Content-Type", [f"{content_type};", *fallback_name_parameter(name)])
    head += f"Content-Transfer-Encoding: {encoding}\r\n".encode("ascii")
    head += _field("Content-Disposition", [f"{disposition};", *file_name_parameters(name)])
    if attachment.content_id:
        head += f"Content-ID: <{attachment.content_id}>\r\n".encode("ascii")
    return head + b"\r\n" + content


def _file_content(attachment: AttachmentSource) -> tuple[str, str, bytes]:
    """An embedded message may not be encoded (RFC 2046 §5.2.1): one in need of it goes as file."""
    content_type = attachment.content_type.strip().lower().partition(";")[0].strip()
    if not _TYPE.fullmatch(content_type) or content_type.startswith("multipart/"):
        content_type = "application/octet-stream"
    if content_type.startswith("message/"):
        data = attachment.content.replace(b"\r\n", b"\n")
        if _fits_7bit(re.sub(rb"[ \t]+$|^From ", b"", data, flags=re.MULTILINE)):
            return content_type, "7bit", data.replace(b"\n", b"\r\n")
        content_type = "application/octet-stream"
    return content_type, "base64", _base64(attachment.content)
