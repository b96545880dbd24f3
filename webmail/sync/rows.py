"""A received message → the values of its row: kept raw, parsed by the guarded parser, flags as the server has them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from webmail import parser, rawstore
from webmail.mime.headers import parse_date
from webmail.models import Message, Part
from webmail.protocols.types import MessageFlags

FLAG_FIELDS = ("is_seen", "is_answered", "is_flagged", "is_draft", "is_deleted", "keywords")
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_MESSAGE_ID = re.compile(rb"^message-id:\s*(<[!-;=?-~]{1,898}>)", re.IGNORECASE | re.MULTILINE)
_RECEIVED = re.compile(rb"^received:((?:.*)(?:\r?\n[ \t].*){0,20})", re.IGNORECASE | re.MULTILINE)
_LOOKED_AT = 64 * 1024


@dataclass(frozen=True)
class Content:
    """A message kept in the raw store with the columns that come from its content."""

    digest: str
    size: int
    fields: dict[str, Any]
    parts: list[dict[str, Any]]


def content_of(raw: bytes) -> Content:
    """Keep ``raw``, then parse it. What cannot be parsed is quarantined, never refused."""
    digest = rawstore.put(raw)
    fields = parser.parse(raw)
    if fields is None:
        return quarantined(raw, digest)
    fields = dict(fields, body_state=Message.Body.COMPLETE)
    if fields["sent_at"]:
        fields["sent_at"] = datetime.fromisoformat(fields["sent_at"])
    return Content(digest, len(raw), fields, fields.pop("parts"))


def quarantined(raw: bytes, digest: str) -> Content:
    """A message that could not be read: its bytes are safe, and its identifier, if it is easy to find."""
    found = _MESSAGE_ID.search(_head(raw))
    message_id = found[1].decode("ascii", "replace") if found else ""
    fields = {"message_id": message_id, "body_state": Message.Body.QUARANTINED}
    return Content(digest, len(raw), fields, [])


def flag_fields(flags: MessageFlags) -> dict[str, Any]:
    """The columns of the flags."""
    return {
        "is_seen": flags.is_seen,
        "is_answered": flags.is_answered,
        "is_flagged": flags.is_flagged,
        "is_draft": flags.is_draft,
        "is_deleted": flags.is_deleted,
        "keywords": sorted(flags.keywords),
    }


def parts_of(message: Message, content: Content) -> list[Part]:
    """Rows of the parts; a number that comes twice is taken once."""
    by_number = {part["number"]: part for part in reversed(content.parts)}
    return [Part(message=message, **part) for part in reversed(by_number.values())]


def arrived_at(raw: bytes, content: Content, now: datetime) -> datetime:
    """When a POP3 server took the message: its own Received field, which is the topmost; at the latest now.

    POP3 tells no such time (RFC 1939), and the time of the download would turn the first download's order around.
    """
    told = content.fields.get("sent_at")
    if found := _RECEIVED.search(_head(raw)):
        told = parse_date(found[1].decode("ascii", "replace").rpartition(";")[2].strip()) or told
    if told is None:
        return now
    try:
        moment: datetime = told.astimezone(UTC)
    except (OverflowError, ValueError):
        return now
    return min(moment, now)


def _head(raw: bytes) -> bytes:
    return _HEADER_END.split(raw[:_LOOKED_AT], maxsplit=1)[0]
