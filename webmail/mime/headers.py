"""Header fields to values: text, identifiers, dates (RFC 5322, RFC 2047).

Nothing that reads mail raises.
"""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from webmail.mime.addresses import Address, format_addresses, parse_addresses, parse_typed_addresses
from webmail.mime.encodedwords import decode_header
from webmail.mime.idn import ascii_domain

__all__ = [
    "Address",
    "decode_header",
    "format_addresses",
    "message_ids",
    "new_message_id",
    "parse_addresses",
    "parse_date",
    "parse_typed_addresses",
]

# Characters with brackets: one must fit a line of 998 octets (RFC 5322 §2.1.1) behind a field name.
MAX_MESSAGE_ID = 900
MAX_REFERENCES = 1000

_USABLE = re.compile(rf"[!-;=?-~]{{1,{MAX_MESSAGE_ID - 2}}}")
_MESSAGE_ID = re.compile(r"<([^<>]*)>")
_ZONE_NAMES = {
    "JST": 9,
    "KST": 9,
    "CST-8": 8,
    "MSK": 3,
    "EET": 2,
    "EEST": 3,
    "CET": 1,
    "CEST": 2,
    "MET": 1,
    "MEST": 2,
    "BST": 1,
    "WEST": 1,
}
_ZONE = re.compile(r"\s([A-Z]{3,4}(?:-8)?)\s*$")


def message_ids(value: str) -> list[str]:
    """The identifiers of a Message-ID, In-Reply-To or References field, angle brackets included.

    Space inside the brackets comes from broken folding and is removed; an identifier that was
    written without brackets gets them, so that it equals what others refer to. What could not be
    sent back in an answer (8-bit, overlong) is left out.
    """
    found = ["".join(inside.split()) for inside in _MESSAGE_ID.findall(value)]
    if not any(found):
        found = [word.strip("<>,;") for word in value.split() if "@" in word]
    unique = dict.fromkeys(f"<{inside}>" for inside in found if _USABLE.fullmatch(inside))
    return list(unique)[:MAX_REFERENCES]


def new_message_id(domain: str) -> str:
    """A fresh identifier with its angle brackets (RFC 5322 §3.6.4).

    Raises ValueError when the domain is no domain name. The host's own name stays out of it.
    """
    return f"<{secrets.token_hex(16)}@{ascii_domain(domain)}>"


def parse_date(value: str) -> datetime | None:
    """An aware datetime in the zone the sender wrote, or None for what is no date.

    ``-0000`` and a missing zone count as UTC (RFC 5322 §3.3). Years outside 1970 to 9998 are
    nonsense: they would overflow once converted to another zone.
    """
    value = value.strip()[:200]
    if not value:
        return None
    zone = _ZONE.search(value)
    offset = _ZONE_NAMES.get(zone.group(1)) if zone else None
    moment = _read_date(value)
    if moment is None:
        return None
    if offset is not None:
        moment = moment.replace(tzinfo=timezone(timedelta(hours=offset)))
    elif moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment if 1970 <= moment.year <= 9998 else None


def _read_date(value: str) -> datetime | None:
    try:
        return parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        pass
    try:
        return datetime.fromisoformat(value.replace("/", "-"))
    except (ValueError, OverflowError):
        return None
