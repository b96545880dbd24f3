"""A parsed message as the plain values of its row: clipped to the columns, without what a database refuses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from webmail.mime.headers import Address
from webmail.mime.parsing import ParsedMessage, ParsedPart
from webmail.mime.text import html_to_text

MAXIMUM_ADDRESSES = 2000
MAXIMUM_PARTS = 1000
MAXIMUM_TEXT = 400_000  # characters


def clean(text: str | None, length: int | None = None) -> str:
    """``text`` without NUL (PostgreSQL refuses it) and lone surrogates (UTF-8 has none), clipped to ``length``."""
    safe = (text or "").replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    return safe if length is None else safe[:length]


def _addresses(values: Iterable[Address]) -> list[list[str]]:
    return [
        [clean(value.display_name, 500), clean(value.addr_spec, 500)]
        for value in list(values)[:MAXIMUM_ADDRESSES]
    ]


def _part(part: ParsedPart) -> dict[str, Any]:
    return {
        "number": clean(part.number, 64),
        "content_type": clean(part.content_type, 127),
        "charset": clean(part.charset, 64),
        "disposition": clean(part.disposition, 16),
        "filename": clean(part.filename, 255),
        "content_id": clean(part.content_id, 255),
        "size": part.size,
        "is_attachment": part.is_attachment,
    }


def message_fields(parsed: ParsedMessage) -> dict[str, Any]:
    """The columns of ``Message`` that come from the content, and ``parts`` for the rows of ``Part``."""
    authors = _addresses(parsed.from_)
    first = authors[0] if authors else ["", ""]
    return {
        "message_id": clean(parsed.message_id, 998),
        "in_reply_to": clean(parsed.in_reply_to, 998),
        "references": clean(" ".join(parsed.references)),
        "subject": clean(parsed.subject),
        "from_name": first[0][:320],
        "from_address": first[1][:320],
        "authors": authors,
        "sender": _addresses(
            [parsed.sender] if isinstance(parsed.sender, Address) else parsed.sender or []
        ),
        "reply_to": _addresses(parsed.reply_to),
        "to": _addresses(parsed.to),
        "cc": _addresses(parsed.cc),
        "bcc": _addresses(parsed.bcc),
        "sent_at": parsed.sent_at.isoformat() if parsed.sent_at else None,
        "preview": clean(parsed.preview, 255),
        "has_attachments": parsed.has_attachments,
        "parts": [_part(part) for part in parsed.parts[:MAXIMUM_PARTS]],
    }


def body_text(parsed: ParsedMessage) -> str:
    """What search finds in the body: its text, or the text of its HTML."""
    text = parsed.text if parsed.text.strip() else html_to_text(parsed.html or "")
    return clean(text, MAXIMUM_TEXT)
