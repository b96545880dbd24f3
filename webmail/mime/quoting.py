"""Replies and forwards: subjects, recipients, quoted text, thread identifiers (RFC 5322 §3.6)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from webmail.mime.addresses import Address
from webmail.mime.building import trimmed_references
from webmail.mime.parsing import ParsedMessage

# What mail programs in many languages put before a subject, replies first, then forwards. Single
# letters (Italian "R:", "I:") are left alone: they begin honest subjects as well.
_PREFIX_WORDS = (
    "re|res|ref|rif|ré|réf|aw|antw|antwort|antwoord|sv|svar|vs|odp|odpowiedz|ynt|vá|vál|válasz"
    "|ats|atb|ad|eb|απ|σχετ|отв|ответ|відп|hdr|bls|返信|返事|回复|回覆|答复|回答|답장|회신"
    "|fw|fwd|wg|tr|rv|enc|doorst|vb|vl|vid|fs|ilt|i̇lt|pd|továbbítás|továbbitás|tov|προώθ|"
    "пересл|пер|fwd|転送|转发|轉寄|전달"
)
_PREFIX = re.compile(
    rf"\s*(?:{_PREFIX_WORDS})\s*(?:\[\d{{1,3}}\]|\(\d{{1,3}}\)|[\^*]\d{{1,3}}|\d{{1,2}})?"
    r"\s?[:：]\s*",
    re.IGNORECASE,
)
_TAG = re.compile(r"\s*\[[^\[\]]{1,60}\]\s*")


def reply_subject(subject: str) -> str:
    """``Re:`` once, in front of the subject without all the prefixes it collected."""
    return f"Re: {base_subject(subject)}".strip()


def forward_subject(subject: str) -> str:
    """``Fwd:`` once, in front of the subject without all the prefixes it collected."""
    return f"Fwd: {base_subject(subject)}".strip()


def base_subject(subject: str) -> str:
    """The subject without reply and forward prefixes; the tag of a mailing list stays in front.

    Full-width prefixes (Ｒｅ：) count as well. A subject made of prefixes alone becomes empty.
    """
    rest = _without_prefixes(subject)
    tag = _TAG.match(rest)
    if tag is not None:
        after = _without_prefixes(rest[tag.end() :])
        if after != rest[tag.end() :]:
            rest = f"{tag.group().strip()} {after}"
    return rest.strip()


def _without_prefixes(text: str) -> str:
    while True:
        start = _half_width(text[:40])
        match = _PREFIX.match(start)
        if match is None:
            return text
        text = text[match.end() :]


def _half_width(text: str) -> str:
    """Character by character, so that positions stay those of the original."""
    return "".join(
        folded if len(folded := unicodedata.normalize("NFKC", one)) == 1 else one for one in text
    )


def quote_text(text: str, attribution: str, *, mark: str = "> ") -> str:
    """The attribution, then the text with its lines marked; older quotes get no extra space."""
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    bare = mark.rstrip(" ")
    quoted = [
        (bare if not line or (bare and line.startswith(bare)) else mark) + line for line in lines
    ]
    return "\n".join([attribution, *quoted]) if attribution else "\n".join(quoted)


def forward_text(text: str, *, heading: str, fields: Sequence[tuple[str, str]]) -> str:
    """The forwarded text under a heading and its header block; labels come translated.

    Fields without a value are left out; the block ends with an empty line.
    """
    block = [f"{label}: {' '.join(value.split())}" for label, value in fields if value.strip()]
    return "\n".join([heading, *block, "", text.replace("\r\n", "\n")])


def reply_references(parsed: ParsedMessage) -> list[str]:
    """The References of an answer: those of the parent and its Message-ID (RFC 5322 §3.6.4).

    A parent without References but with one In-Reply-To lends that; the list is capped.
    """
    references = list(parsed.references)
    if not references and parsed.in_reply_to:
        references = [parsed.in_reply_to]
    if parsed.message_id:
        references = [one for one in references if one != parsed.message_id]
        references.append(parsed.message_id)
    return trimmed_references(references)


def reply_recipients(
    parsed: ParsedMessage, own_addresses: Iterable[str], to_all: bool
) -> tuple[list[Address], list[Address]]:
    """To and Cc of an answer.

    Reply-To wins over From. An answer to one's own message goes to the people it went to. For all:
    the author first, then the others of To, then Cc, in their order, nobody twice, oneself never
    (except when nobody else is left).
    """
    own = {_key(address) for address in own_addresses}
    author = _usable(parsed.reply_to) or _usable(parsed.from_) or _usable(parsed.sender)
    is_own = bool(parsed.from_) and all(_key(one.addr_spec) in own for one in parsed.from_)
    if is_own and _usable(parsed.to):
        author = _usable(parsed.to)
    seen = set(own)
    to = _without(author, seen)
    if not to:
        to = author[:1]
        seen.update(_key(one.addr_spec) for one in to)
    if not to_all:
        return to, []
    to += _without(_usable(parsed.to), seen)
    return to, _without(_usable(parsed.cc), seen)


def _usable(addresses: list[Address]) -> list[Address]:
    return [one for one in addresses if "@" in one.addr_spec]


def _without(addresses: list[Address], seen: set[str]) -> list[Address]:
    """Those not seen yet, which they are from now on."""
    kept = []
    for address in addresses:
        key = _key(address.addr_spec)
        if key not in seen:
            seen.add(key)
            kept.append(address)
    return kept


def _key(addr_spec: str) -> str:
    # Local parts are case-sensitive by the letter of RFC 5321 and by no server that people use.
    return addr_spec.strip().casefold()
