"""Bytes to message: reading never raises and never hangs, whatever a stranger sent.

``defects`` carries stable codes of what was wrong and had to be guessed:
bad_base64, bad_content_type, bad_date, bad_from, bad_message_id, boundary_conflict,
boundary_missing, boundary_never_found, closing_boundary_missing, encoded_multipart,
garbage_in_header, header_too_large, nested_too_deep, no_date, no_from, no_message_id,
text_truncated, too_many_parts, undecodable_text, unknown_charset.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from webmail.mime import bodies, structure, transfer
from webmail.mime.bodies import Body, ParsedPart
from webmail.mime.encodedwords import decode_header, to_text, unfold
from webmail.mime.headers import Address, message_ids, parse_addresses, parse_date
from webmail.mime.text import html_to_text, preview

__all__ = ["Body", "ParsedMessage", "ParsedPart", "body", "parse", "part_content"]

MAX_SUBJECT = 4000  # characters


@dataclass(slots=True)
class ParsedMessage:
    """What the database and the screens know of a message.

    ``from_`` and ``sender`` are lists, because broken mail has several or none. Identifiers carry
    their angle brackets. ``text`` is never empty when ``html`` has text: it is derived then.
    ``sent_at`` is aware and in the zone the sender wrote. ``parts`` are the leaves in order.
    """

    subject: str = ""
    from_: list[Address] = field(default_factory=list)
    sender: list[Address] = field(default_factory=list)
    to: list[Address] = field(default_factory=list)
    cc: list[Address] = field(default_factory=list)
    bcc: list[Address] = field(default_factory=list)
    reply_to: list[Address] = field(default_factory=list)
    message_id: str = ""
    in_reply_to: str = ""
    references: list[str] = field(default_factory=list)
    sent_at: datetime | None = None
    text: str = ""
    html: str | None = None
    parts: list[ParsedPart] = field(default_factory=list)
    preview: str = ""
    has_attachments: bool = False
    defects: list[str] = field(default_factory=list)


def parse(raw: bytes) -> ParsedMessage:
    """Reads a whole message; see the bounds in ``structure`` and ``bodies``."""
    top, defects = structure.read(raw)
    charset = _body_charset(top)
    content = bodies.select(raw, top, charset)
    message = ParsedMessage(
        subject=decode_header(top.first("subject")[: MAX_SUBJECT * 4], charset)[:MAX_SUBJECT],
        from_=_addresses(top, "from", charset),
        sender=_addresses(top, "sender", charset),
        to=_addresses(top, "to", charset),
        cc=_addresses(top, "cc", charset),
        bcc=_addresses(top, "bcc", charset),
        reply_to=_addresses(top, "reply-to", charset),
        sent_at=parse_date(decode_header(top.first("date"))),
        text=content.text if content.text or content.html is None else html_to_text(content.html),
        html=content.html,
        parts=content.parts,
        has_attachments=any(part.is_attachment for part in content.parts),
        defects=[*defects, *content.defects],
    )
    _set_identifiers(message, top)
    message.preview = preview(message.text)
    message.defects += _header_defects(message, top)
    return message


def part_content(raw: bytes, number: str) -> tuple[ParsedPart, bytes]:
    """A leaf by its section number and its decoded content. Raises LookupError for no such part."""
    top, _ = structure.read(raw)
    content = bodies.select(raw, top, _body_charset(top))
    for section, part in zip(top.leaves(), content.parts, strict=True):
        if section.number == number:
            data = raw[section.start : section.end]
            return part, transfer.decode(data, bodies.encoding(section))[0]
    raise LookupError(f"the message has no part {number[: structure.MAX_NUMBER]!r}")


def attachments(raw: bytes) -> Iterator[tuple[ParsedPart, bytes]]:
    """Every attachment with its decoded content; the message is read once for all of them."""
    top, _ = structure.read(raw)
    content = bodies.select(raw, top, _body_charset(top))
    for section, part in zip(top.leaves(), content.parts, strict=True):
        if part.is_attachment:
            data = raw[section.start : section.end]
            yield part, transfer.decode(data, bodies.encoding(section))[0]


def body(raw: bytes) -> Body:
    """What is to be shown of a message: text, HTML and the parts that belong to them."""
    top, _ = structure.read(raw)
    return bodies.select(raw, top, _body_charset(top))


def _body_charset(top: structure.Section) -> str:
    """The charset of the first text part: what raw 8-bit headers are probably written in."""
    for section in top.leaves():
        charset = section.type_value.parameters.get("charset", "")
        if charset and section.maintype == "text":
            return charset[:64]
    return ""


def _addresses(top: structure.Section, name: str, charset: str) -> list[Address]:
    # Senders that repeat a field mean all of them (RFC 5322 §3.6 forbids it, mail has it).
    values = [value for key, value in top.fields if key == name]
    found = [one for value in values[:50] for one in parse_addresses(value, charset)]
    return list(dict.fromkeys(found))


def _set_identifiers(message: ParsedMessage, top: structure.Section) -> None:
    def identifiers(name: str) -> list[str]:
        return message_ids(decode_header(unfold(to_text(top.first(name)))))

    message.message_id = next(iter(identifiers("message-id")), "")
    message.in_reply_to = next(iter(identifiers("in-reply-to")), "")
    message.references = identifiers("references")


def _header_defects(message: ParsedMessage, top: structure.Section) -> list[str]:
    found = []
    for name, is_usable in (
        ("message-id", bool(message.message_id)),
        ("date", message.sent_at is not None),
        ("from", any(one.addr_spec for one in message.from_)),
    ):
        if not is_usable:
            state = "bad" if top.first(name) else "no"
            found.append(f"{state}_{name.replace('-', '_')}")
    return found
