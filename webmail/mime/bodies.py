"""Which parts of a message are its text, and which are attachments (RFC 2046 §5.1, RFC 2387)."""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from webmail.mime import charsets, structure, transfer
from webmail.mime.encodedwords import clean, decode_header
from webmail.mime.flowed import unflow
from webmail.mime.linkifying import text_to_html
from webmail.mime.parameters import Value, file_name, parse_value
from webmail.mime.structure import Section
from webmail.mime.text import html_to_text

MAX_TEXT_BYTES = 8 * 1024 * 1024  # of one text part; the rest stays in the download
MAX_HTML = 4 * 1024 * 1024  # characters; above what the sanitizer takes, so that it can say so
MAX_TEXT = 2 * 1024 * 1024  # characters of all text together

_CID = re.compile(r"""cid:([^"'\s<>)]{1,998})""", re.IGNORECASE)
_META_CHARSET = re.compile(
    rb"""<meta[^>]{0,200}charset=["']?([A-Za-z0-9_.:-]{1,64})""", re.IGNORECASE
)
_SURROGATES = re.compile("[\ud800-\udfff]")
# Built in types only: the tables of the operating system differ from host to host.
_TYPES = mimetypes.MimeTypes()
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
# Parts that a mail client needs and a reader does not.
_MACHINERY = {
    "application/pgp-signature",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
    "application/applefile",
    "application/pgp-encrypted",
    "text/x-amp-html",
    "text/watch-html",
}
_EXTENSIONS = {
    "message/rfc822": ".eml",
    "message/global": ".eml",
    "text/calendar": ".ics",
    "message/delivery-status": ".txt",
    "message/disposition-notification": ".txt",
    "text/rfc822-headers": ".txt",
    "image/jpeg": ".jpg",
    "text/plain": ".txt",
}


@dataclass(slots=True)
class ParsedPart:
    """A leaf of the message.

    ``number`` is the IMAP section, ``size`` counts octets after decoding, ``content_id`` comes
    without angle brackets. Every attachment has a file name, made up where the sender gave none.
    """

    number: str
    content_type: str
    charset: str
    disposition: str
    filename: str
    content_id: str
    size: int
    is_attachment: bool


@dataclass(slots=True)
class Body:
    """What is shown: ``html`` is unsanitized and None when the sender wrote plain text only."""

    text: str
    html: str | None
    inline_parts: list[ParsedPart] = field(default_factory=list)
    parts: list[ParsedPart] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Choice:
    """Leaves to show. They differ where an alternative offers both; a leaf alone is in both."""

    plain: list[Section] = field(default_factory=list)
    rich: list[Section] = field(default_factory=list)

    def add(self, other: _Choice) -> None:
        self.plain += other.plain
        self.rich += other.rich


def encoding(section: Section) -> str:
    """The transfer encoding in lower case."""
    value = section.first("content-transfer-encoding").decode("ascii", "replace")
    return value.strip().strip('";').lower()


def select(raw: bytes, top: Section, fallback_charset: str) -> Body:
    """Chooses the body, decodes it and describes every leaf."""
    choice = _choose(top, is_first=True)
    defects: dict[str, None] = {}
    decoded: dict[str, str] = {}
    for section in [*choice.plain, *choice.rich]:
        if section.number not in decoded:
            decoded[section.number] = _text(raw, section, defects)
    html: str | None = None
    if any(section.content_type == "text/html" for section in choice.rich):
        pieces = [_as_html(section, decoded[section.number]) for section in choice.rich]
        html = "\n".join(pieces)[:MAX_HTML]
    text = "\n".join(_as_text(section, decoded[section.number]) for section in choice.plain)
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT]
        defects["text_truncated"] = None
    referred = {unquote(cid) for cid in _CID.findall(html or "")}
    parts = [
        _describe(raw, section, decoded.keys() | _unchosen(top), referred, fallback_charset)
        for section in top.leaves()
    ]
    inline = [part for part in parts if part.content_id and part.content_id in referred]
    _note_encodings(raw, top, defects)
    return Body(text, html, inline, parts, list(defects))


def _choose(section: Section, *, is_first: bool) -> _Choice:
    """``is_first``: no body was found before, so a named text may still be the body."""
    if not section.is_multipart:
        return _Choice([section], [section]) if _is_body(section, is_first) else _Choice()
    if section.content_type == "multipart/alternative":
        return _choose_alternative(section, is_first)
    if section.content_type == "multipart/related":
        return _choose(_root(section), is_first=is_first)
    if section.content_type == "multipart/signed":
        return _choose(section.children[0], is_first=is_first)
    choice = _Choice()
    for child in section.children:
        choice.add(_choose(child, is_first=is_first and not choice.plain))
    return choice


def _choose_alternative(section: Section, is_first: bool) -> _Choice:
    """The last HTML and the first plain text: the last one known is the best (RFC 2046 §5.1.4)."""
    choices = [_choose(child, is_first=is_first) for child in section.children]
    choices = [choice for choice in choices if choice.plain]
    if not choices:
        return _Choice()
    rich = next((one for one in reversed(choices) if _has_html(one.rich)), choices[-1])
    plain = next((one for one in choices if not _has_html(one.plain)), rich)
    return _Choice(plain.plain, rich.rich)


def _has_html(sections: list[Section]) -> bool:
    return any(section.content_type == "text/html" for section in sections)


def _root(section: Section) -> Section:
    """The root of a compound object: named by "start", else the first (RFC 2387 §3.2)."""
    start = section.type_value.parameters.get("start", "").strip("<> ")
    for child in section.children:
        if start and _content_id(child) == start:
            return child
    return section.children[0]


def _is_body(section: Section, is_first: bool) -> bool:
    if section.content_type not in ("text/plain", "text/html", "text/markdown"):
        return False
    disposition = _disposition(section)
    if disposition.main == "attachment":
        return False
    return is_first or not _given_name(section, disposition, "")


def _unchosen(section: Section, inside: bool = False) -> set[str]:
    """Texts inside an alternative: shown or not, they are never attachments."""
    inside = inside or section.content_type == "multipart/alternative"
    if section.is_multipart:
        return {one for child in section.children for one in _unchosen(child, inside)}
    if inside and _is_body(section, is_first=False):
        return {section.number}
    return set()


def _text(raw: bytes, section: Section, defects: dict[str, None]) -> str:
    end = min(section.end, section.start + MAX_TEXT_BYTES)
    if end < section.end:
        defects["text_truncated"] = None
    data, is_whole = transfer.decode(raw[section.start : end], encoding(section))
    if not is_whole and end == section.end:
        defects["bad_base64"] = None
    parameters = section.type_value.parameters
    label = parameters.get("charset", "")
    if section.content_type == "text/html" and not charsets.canonical(label):
        declared = _META_CHARSET.search(data[:2048])
        label = declared.group(1).decode("ascii") if declared else label
    if charsets.is_declared(label) and not charsets.canonical(label):
        defects["unknown_charset"] = None
    decoded = charsets.decode(data, label)
    if decoded.is_lossy:
        defects["undecodable_text"] = None
    text = decoded.text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    text = _SURROGATES.sub("\ufffd", _UNPRINTABLE.sub("", text.replace("\f", "\n")))
    if section.content_type == "text/plain" and parameters.get("format", "").lower() == "flowed":
        text = unflow(text, delete_space=parameters.get("delsp", "").lower() == "yes")
    return text


def _as_html(section: Section, text: str) -> str:
    return text if section.content_type == "text/html" else text_to_html(text)


def _as_text(section: Section, text: str) -> str:
    return html_to_text(text) if section.content_type == "text/html" else text


def _note_encodings(raw: bytes, top: Section, defects: dict[str, None]) -> None:
    """Foreign bytes in the base64 of an attachment: it may arrive damaged, and that is said."""
    for section in top.leaves():
        if encoding(section) == "base64" and transfer.has_foreign_bytes(
            raw[section.start : section.end]
        ):
            defects["bad_base64"] = None


def _disposition(section: Section, fallback_charset: str = "") -> Value:
    value = parse_value(section.first("content-disposition"), fallback_charset)
    if value.main not in ("", "inline"):
        value.main = "attachment"  # unknown ones count as attachment (RFC 2183 §2.8)
    return value


def _given_name(section: Section, disposition: Value, fallback_charset: str) -> str:
    content_type = parse_value(section.first("content-type"), fallback_charset)
    return file_name(
        disposition.parameters.get("filename", ""), content_type.parameters.get("name", "")
    )


def _content_id(section: Section) -> str:
    return decode_header(section.first("content-id")).strip("<> ")[:255]


def _describe(
    raw: bytes,
    section: Section,
    text_numbers: set[str],
    referred: set[str],
    fallback_charset: str,
) -> ParsedPart:
    disposition = _disposition(section, fallback_charset)
    name = _given_name(section, disposition, fallback_charset)
    content_id = _content_id(section)
    data = raw[section.start : section.end]
    size = transfer.decoded_size(data, encoding(section))
    if section.number in text_numbers:
        is_attachment = bool(name and disposition.main)
    elif section.content_type in _MACHINERY or content_id in referred:
        is_attachment = False
    else:
        is_attachment = bool(name or size or section.content_type != "text/plain")
    if is_attachment and not name:
        name = _made_up_name(raw, section)
    return ParsedPart(
        number=section.number,
        content_type=section.content_type,
        charset=clean(section.type_value.parameters.get("charset", ""))[:64].strip().lower(),
        disposition=disposition.main,
        filename=name,
        content_id=content_id,
        size=size,
        is_attachment=is_attachment,
    )


def _made_up_name(raw: bytes, section: Section) -> str:
    if section.content_type == "application/ms-tnef":
        return "winmail.dat"
    extension = _EXTENSIONS.get(section.content_type) or _TYPES.guess_extension(
        section.content_type
    )
    if section.maintype == "message" and encoding(section) not in ("base64", "quoted-printable"):
        subject = structure.subject(raw, section.start, section.end)
        name = file_name(decode_header(subject)[:80])
        if name and extension == ".eml":
            return name + extension
    return f"attachment-{section.number}{extension or '.bin'}"
