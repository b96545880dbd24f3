"""Reading what IMAP servers say: LIST, STATUS, SEARCH, FETCH, COPYUID, mailbox names.

Pure functions over what imaplib collected: a reply is a line, or, where it holds literals,
tuples of (text up to the literal, literal) followed by the rest of the line.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from imapclient import imap_utf7
from imapclient.response_parser import parse_fetch_response

from webmail.protocols.errors import ProtocolError
from webmail.protocols.types import FetchedFlags, MessageFlags

Reply = bytes | tuple[bytes, bytes]
Record = dict[bytes, Any]

_LIST = re.compile(
    rb"\((?P<flags>[^)]*)\) +(?P<delimiter>\"(?:\\.|[^\"\\])*\"|NIL) +(?P<name>.*)", re.DOTALL
)
_STATUS_ITEMS = re.compile(rb"\(([^()]*)\)[^()]*$")
_NUMBER = re.compile(rb"\d+")
_UNREADABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SYSTEM_FLAGS = {
    "\\seen": "is_seen",
    "\\answered": "is_answered",
    "\\flagged": "is_flagged",
    "\\draft": "is_draft",
    "\\deleted": "is_deleted",
}
_COMMAND_OCTETS = 4000


def decode_name(raw: bytes) -> str:
    """A mailbox name from modified UTF-7 (RFC 3501 section 5.1.3).

    A name which is not modified UTF-7 is read as UTF-8, and failing that octet by octet:
    the mailbox is there and must not make the whole list unreadable.
    """
    if raw.isascii():
        try:
            name = imap_utf7.decode(raw)
        except UnicodeError:
            return raw.decode("ascii")
        # Not isprintable(): it takes the ideographic space of Japanese names for unprintable.
        return raw.decode("ascii") if _UNREADABLE.search(name) else name
    try:
        return raw.decode("utf-8")
    except UnicodeError:
        return raw.decode("latin-1")


def encode_name(name: str) -> bytes:
    """The name as it goes over the wire, before quoting."""
    return bytes(imap_utf7.encode(name))


def quoted(text: bytes) -> bytes:
    """A quoted string; the caller has refused CR, LF and NUL."""
    return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _unquoted(text: bytes) -> bytes:
    if len(text) >= 2 and text[:1] == text[-1:] == b'"':
        return re.sub(rb"\\(.)", rb"\1", text[1:-1], flags=re.DOTALL)
    return text


def listed(replies: Iterable[Reply | None]) -> Iterator[tuple[frozenset[str], str, bytes]]:
    """(flags in lower case, delimiter, raw name) of each LIST reply which can be read."""
    for reply in replies:
        text, literal = reply if isinstance(reply, tuple) else (reply, None)
        found = _LIST.match(text or b"")
        if not found:
            continue
        flags = frozenset(found["flags"].decode("latin-1").lower().split())
        delimiter = found["delimiter"]
        name = literal if literal is not None else _unquoted(found["name"].strip())
        if not name or (literal is None and name.upper() == b"NIL"):
            continue
        shown = "" if delimiter == b"NIL" else _unquoted(delimiter).decode("latin-1")
        yield flags, shown, name


def status_items(replies: Sequence[Reply | None]) -> dict[str, int]:
    """STATUS as name -> number. Raises `ProtocolError` when there are no items."""
    last = next((r for r in reversed(replies) if r), b"")
    found = _STATUS_ITEMS.search(last if isinstance(last, bytes) else b"")
    if not found:
        raise ProtocolError("The server's STATUS reply cannot be read")
    words = found.group(1).decode("latin-1").upper().split()
    pairs = zip(words[::2], words[1::2], strict=False)
    return {name: int(value) for name, value in pairs if value.isdecimal()}


def number(replies: Sequence[Reply | None] | None) -> int | None:
    """The first number of the newest of these replies."""
    for reply in reversed(replies or ()):
        found = _NUMBER.search(reply) if isinstance(reply, bytes) else None
        if found:
            return int(found.group())
    return None


def searched(replies: Iterable[Reply | None]) -> list[int]:
    """The numbers of all SEARCH replies, ascending; a server may send several."""
    uids: set[int] = set()
    for reply in replies:
        if isinstance(reply, bytes):
            # RFC 7162 section 3.1.5 puts "(MODSEQ n)" behind the numbers.
            uids.update(int(word) for word in reply.partition(b"(")[0].split() if word.isdigit())
    return sorted(uids)


def fetched(replies: Iterable[Reply | None]) -> Iterator[tuple[int, Record]]:
    """(UID, items) of each FETCH reply.

    Replies are read one by one and only with their UID: servers announce flag changes of
    other messages by sequence number in between, and numbers shift when one is expunged.
    """
    group: list[bytes | tuple[bytes, bytes]] = []
    for reply in replies:
        if reply is None:
            continue
        group.append(reply)
        if isinstance(reply, tuple):
            continue
        parsed = parse_fetch_response(group, False, False)
        group = []
        for record in parsed.values():
            uid = record.get(b"UID")
            if isinstance(uid, int):
                yield uid, dict(record)


def message_flags(value: object) -> MessageFlags:
    """FLAGS of a FETCH reply; \\Recent is dropped, it says nothing about the message."""
    words = value if isinstance(value, tuple) else ()
    system: dict[str, bool] = {}
    keywords: set[str] = set()
    for word in words:
        flag = word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word)
        name = _SYSTEM_FLAGS.get(flag.lower())
        if name:
            system[name] = True
        elif flag.lower() != "\\recent":
            keywords.add(flag)
    return MessageFlags(**system, keywords=frozenset(keywords))


def fetched_flags(uid: int, record: Record) -> FetchedFlags | None:
    """None for a reply which does not speak of flags."""
    if b"FLAGS" not in record:
        return None
    mod_seq = record.get(b"MODSEQ")
    if isinstance(mod_seq, tuple):
        mod_seq = mod_seq[0] if mod_seq else None
    return FetchedFlags(
        uid, message_flags(record[b"FLAGS"]), mod_seq if isinstance(mod_seq, int) else None
    )


def body(record: Record) -> bytes | None:
    """The text of the message, None when the server no longer has it."""
    for name, value in record.items():
        if name.startswith(b"BODY[]") and value is not None:
            return value if isinstance(value, bytes) else str(value).encode()
    return None


def received_at(value: object, raw: bytes) -> datetime:
    """INTERNALDATE in UTC; without one the message's Date, and failing that now."""
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        try:
            return aware.astimezone(UTC)
        except (OverflowError, ValueError):
            pass
    header = re.split(rb"\r?\n\r?\n", raw[:65536], maxsplit=1)[0]
    found = re.search(rb"^date:(.*)$", header, re.IGNORECASE | re.MULTILINE)
    try:
        sent = parsedate_to_datetime(found.group(1).decode("latin-1").strip() if found else "")
        aware = sent if sent.tzinfo else sent.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError, TypeError):
        return datetime.now(UTC)


def internal_date(moment: datetime) -> bytes:
    """A date-time of RFC 9051 section 9, in UTC; month names never follow the locale."""
    utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    month = months[utc.month - 1]
    return f'"{utc.day:02}-{month}-{utc.year:04} {utc:%H:%M:%S} +0000"'.encode("ascii")


def sequence_sets(uids: Iterable[int]) -> Iterator[bytes]:
    """UIDs as sequence sets, each short enough for a command line (RFC 7162 section 4)."""
    text = ""
    ranges = _ranges(sorted(set(uids)))
    for first, last in ranges:
        piece = str(first) if first == last else f"{first}:{last}"
        if text and len(text) + len(piece) + 1 > _COMMAND_OCTETS:
            yield text.encode("ascii")
            text = ""
        text = f"{text},{piece}" if text else piece
    if text:
        yield text.encode("ascii")


def _ranges(uids: Sequence[int]) -> Iterator[tuple[int, int]]:
    start = previous = 0
    for uid in uids:
        if start and uid == previous + 1:
            previous = uid
            continue
        if start:
            yield start, previous
        start = previous = uid
    if start:
        yield start, previous


def expanded(text: bytes) -> list[int]:
    """The UIDs of a uid-set such as "3:5,9" (RFC 4315 section 3). Bounded against "1:*"."""
    uids: list[int] = []
    for piece in text.split(b","):
        first, _, last = piece.partition(b":")
        if not first.isdigit() or (last and not last.isdigit()):
            return []
        start, end = sorted((int(first), int(last or first)))
        if end - start > 1_000_000:
            return []
        uids.extend(range(start, end + 1))
    return uids


def copied(replies: Iterable[Reply | None]) -> dict[int, int]:
    """COPYUID as old UID -> new UID (RFC 4315 section 3)."""
    new_of_old: dict[int, int] = {}
    for reply in replies:
        words = reply.split() if isinstance(reply, bytes) else []
        if len(words) == 3:
            old, new = expanded(words[1]), expanded(words[2])
            if len(old) == len(new):
                new_of_old.update(zip(old, new, strict=True))
    return new_of_old
