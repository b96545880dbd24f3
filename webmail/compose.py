"""Writing a message: begin it, answer one, save what was typed, keep its files.

A draft is an ``OutgoingMessage`` from the first keystroke. Every save names the version it started from; a window that
is behind does not overwrite what another one saved, it is told so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from django.db import transaction
from django.db.models import F, Sum
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from webmail import rawstore
from webmail.mime import parsing, quoting
from webmail.models import MailAccount, Message, OutgoingAttachment, OutgoingMessage, WebmailPolicy

#: Base64 makes three octets into four and adds a line break every 76 (RFC 2045 §6.8).
BASE64_GROWTH = 1.37


class Fields(TypedDict, total=False):
    """What the composer saves; ``account`` is the row to send from."""

    account: MailAccount
    to: str
    cc: str
    bcc: str
    subject: str
    text: str


@dataclass(frozen=True)
class Saved:
    """The answer to a save: the version now in force, and whether it is somebody else's."""

    version: int
    is_conflict: bool


class AttachmentTooLargeError(Exception):
    """A file does not fit into the message; ``limit`` is in megabytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The message would be larger than {limit} MB.")
        self.limit = limit


class NotADraftError(Exception):
    """The message is already on its way and can no longer be changed."""


def _untouched(user, **values) -> OutgoingMessage | None:
    """A draft that was begun in the same way and never typed into: taken again instead of piling up."""
    drafts = OutgoingMessage.objects.visible_to(user).drafts()
    return drafts.filter(author=user, version=0, attachments=None, **values).first()


def new(user, account: MailAccount, to: str = "", subject: str = "") -> OutgoingMessage:
    """Begin an empty message from ``account``."""
    values = {"account": account, "kind": OutgoingMessage.Kind.NEW, "to": to, "subject": subject}
    return _untouched(user, **values) or OutgoingMessage.objects.create(author=user, **values)


def _attribution(message: Message) -> str:
    """The line above a quotation: when it was written and by whom."""
    moment = timezone.localtime(message.sent_at or message.received_at)
    return _("On %(date)s, %(person)s wrote:") % {
        "date": formats.date_format(moment, "DATETIME_FORMAT"),
        "person": message.from_name or message.from_address,
    }


def _own_addresses(user) -> list[str]:
    return list(MailAccount.objects.visible_to(user).values_list("address", flat=True))


def _raw(message: Message) -> bytes:
    """The original's bytes; nothing is quoted when they are gone or broke the parser, and answering still works."""
    if message.body_state == Message.Body.QUARANTINED:
        return b""
    try:
        return rawstore.read(message.digest)
    except rawstore.RawMissingError:
        return b""


def _typed(addresses: list) -> str:
    return ", ".join(address.format() for address in addresses)


def start_reply(message: Message, user, to_all: bool) -> OutgoingMessage:
    """Begin an answer to ``message``: recipients without our own addresses, the text quoted below."""
    parsed = parsing.parse(_raw(message))
    to, cc = quoting.reply_recipients(parsed, _own_addresses(user), to_all)
    values = {
        "account": message.account,
        "kind": OutgoingMessage.Kind.REPLY,
        "original": message,
        "to": _typed(to),
        "cc": _typed(cc),
    }
    return _untouched(user, **values) or OutgoingMessage.objects.create(
        author=user,
        subject=quoting.reply_subject(message.subject),
        text="\n\n" + quoting.quote_text(parsed.text, _attribution(message)),
        in_reply_to=message.message_id,
        references=" ".join(quoting.reply_references(parsed)),
        **values,
    )


def _forwarded(message: Message, parsed: parsing.ParsedMessage) -> str:
    """The original under a heading with the header fields that people look for."""
    moment = timezone.localtime(message.sent_at or message.received_at)
    fields = [
        (_("From"), _typed(parsed.from_)),
        (pgettext("date", "Sent"), formats.date_format(moment, "DATETIME_FORMAT")),
        (_("To"), _typed(parsed.to)),
        (_("Cc"), _typed(parsed.cc)),
        (_("Subject"), message.subject),
    ]
    heading = _("---------- Forwarded message ----------")
    return quoting.forward_text(parsed.text, heading=heading, fields=fields)


def start_forward(message: Message, user) -> OutgoingMessage:
    """Begin to hand ``message`` on, with its attachments."""
    values = {"account": message.account, "kind": OutgoingMessage.Kind.FORWARD, "original": message}
    raw = _raw(message)
    parsed = parsing.parse(raw)
    # Files are kept before the transaction: hundreds of them would hold everybody else's writing up.
    files = [
        (part, len(content), rawstore.put(content)) for part, content in parsing.attachments(raw)
    ]
    with transaction.atomic():
        outgoing = OutgoingMessage.objects.create(
            author=user,
            subject=quoting.forward_subject(message.subject),
            text="\n\n" + _forwarded(message, parsed),
            references=" ".join(quoting.reply_references(parsed)),
            **values,
        )
        OutgoingAttachment.objects.bulk_create(
            OutgoingAttachment(
                outgoing=outgoing,
                filename=_plain_name(part.filename),
                content_type=part.content_type[:127],
                size=size,
                digest=digest,
            )
            for part, size, digest in files
        )
    return outgoing


def save_draft(outgoing: OutgoingMessage, version: int, fields: Fields) -> Saved:
    """Save what was typed when ``version`` is still the one in force; raise NotADraftError once it was queued.

    A save that comes again because its answer was lost finds its own words and is no conflict.
    """
    changed = OutgoingMessage.objects.filter(
        pk=outgoing.pk, state=OutgoingMessage.State.DRAFT, version=version
    ).update(**fields, version=F("version") + 1, updated_at=timezone.now())
    outgoing.refresh_from_db()
    if outgoing.state != OutgoingMessage.State.DRAFT:
        raise NotADraftError
    is_same = all(getattr(outgoing, name) == value for name, value in fields.items())
    return Saved(outgoing.version, is_conflict=not changed and not is_same)


def size_of(outgoing: OutgoingMessage) -> int:
    """About how many octets the message will have on the wire."""
    files = outgoing.attachments.aggregate(total=Sum("size"))["total"] or 0
    return int(files * BASE64_GROWTH) + len(outgoing.text.encode())


def limit() -> int:
    """How many octets a message may have."""
    return WebmailPolicy.current().maximum_message_megabytes * 1024 * 1024


def attach(outgoing: OutgoingMessage, file) -> OutgoingAttachment:
    """Keep an uploaded file with the draft.

    Raises AttachmentTooLargeError when the message would grow beyond the policy, NotADraftError once it was queued.
    """
    if size_of(outgoing) + int(file.size * BASE64_GROWTH) > limit():
        raise AttachmentTooLargeError(WebmailPolicy.current().maximum_message_megabytes)
    content_type = file.content_type or "application/octet-stream"
    with transaction.atomic():
        _touch(outgoing)
        return _keep(outgoing, file.name, content_type, file.read())


def remove_attachment(attachment: OutgoingAttachment) -> None:
    """Take a file out of the draft; raise NotADraftError once it was queued."""
    with transaction.atomic():
        _touch(attachment.outgoing)
        attachment.delete()


def _touch(outgoing: OutgoingMessage) -> None:
    """Make sure that it is a draft still, and keep a queue from freezing it in between (the row is written)."""
    touched = OutgoingMessage.objects.filter(pk=outgoing.pk, state=OutgoingMessage.State.DRAFT)
    if not touched.update(updated_at=timezone.now()):
        raise NotADraftError


def _keep(
    outgoing: OutgoingMessage, filename: str, content_type: str, content: bytes
) -> OutgoingAttachment:
    return outgoing.attachments.create(
        filename=_plain_name(filename),
        content_type=content_type[:127],
        size=len(content),
        digest=rawstore.put(content),
    )


def _plain_name(filename: str) -> str:
    """A file name without control characters, which must not reach a header (RFC 2183)."""
    return "".join(c for c in filename if c.isprintable())[:255] or _("attachment")
