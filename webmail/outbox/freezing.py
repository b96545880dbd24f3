"""Draft ⇄ queued: the message is built once, and can be taken back until it leaves."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from groupware.leases import is_free
from webmail import rawstore
from webmail.mime.addresses import Address, parse_typed_addresses
from webmail.mime.building import AttachmentSource, Composition, build
from webmail.mime.headers import message_ids, new_message_id
from webmail.models import MailAccount, OutgoingMessage, WebmailPolicy

State = OutgoingMessage.State
_IDENTIFIER = re.compile(r"<[!-;=?-~]{1,898}>")
_UNSENT: dict[str, Any] = {
    "message_id": "",
    "digest": "",
    "envelope_from": "",
    "envelope_to": [],
    "send_after": None,
    "queued_at": None,
    "attempts": 0,
    "phase": "",
    "error_code": "",
    "error_text": "",
    "refused": {},
}


class ComposeError(Exception):
    """The message cannot be sent as it is. ``field`` names the place in the composer ("" for the whole)."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def queue(outgoing: OutgoingMessage, *, now: datetime | None = None) -> None:
    """Freeze a draft and let it leave after the seconds in which it can be undone.

    Queueing twice is queueing once. Raises ComposeError naming the field that prevents sending.
    """
    moment = now or timezone.now()
    if not MailAccount.objects.in_use().filter(pk=outgoing.account_id).exists() or not _sends(
        outgoing.account
    ):
        raise ComposeError("account", _("This mail account does not send. Choose another one."))
    composition = _composition(outgoing, moment)
    raw = _bytes(composition)
    policy = WebmailPolicy.current()
    if len(raw) > policy.maximum_message_megabytes * 1024 * 1024:
        message = _(
            "The message is larger than %(limit)d MB. Remove attachments or make them smaller."
        )
        raise ComposeError("", message % {"limit": policy.maximum_message_megabytes})
    recipients = [*composition.to, *composition.cc, *composition.bcc]
    frozen = {
        "state": State.QUEUED,
        "message_id": composition.message_id,
        "digest": rawstore.put(raw, durable=True),
        "envelope_from": outgoing.account.address,
        "envelope_to": list(
            {item.addr_spec.casefold(): item.addr_spec for item in recipients}.values()
        ),
        "queued_at": moment,
        "send_after": moment + timedelta(seconds=policy.undo_seconds),
    }
    # Only a draft of the version that was built: another window may have saved or sent meanwhile.
    same = OutgoingMessage.objects.filter(
        pk=outgoing.pk, state=State.DRAFT, version=outgoing.version
    )
    if not same.update(**{**_UNSENT, **frozen}) and OutgoingMessage.objects.filter(
        pk=outgoing.pk, state=State.DRAFT
    ):
        raise ComposeError(
            "", _("This draft was changed in another window. Look at it again before sending.")
        )
    outgoing.refresh_from_db()


def cancel(outgoing: OutgoingMessage, by: Any = None) -> bool:
    """Undo: make a waiting or refused message a draft again; False when it is on its way already.

    In a shared account the draft becomes that of ``by``, who took it back: drafts are their author's alone.
    """
    waiting = OutgoingMessage.objects.filter(
        is_free(), pk=outgoing.pk, state__in=[State.QUEUED, State.FAILED]
    )
    author = {"author": by} if by is not None else {}
    undone = bool(waiting.update(state=State.DRAFT, **_UNSENT, **author))
    outgoing.refresh_from_db()
    return undone


def discard(outgoing: OutgoingMessage) -> bool:
    """Throw away what has not left; False when it is on its way or gone."""
    states = Q(state__in=[State.DRAFT, State.QUEUED, State.FAILED, State.UNCLEAR])
    deleted, _rows = OutgoingMessage.objects.filter(is_free(), states, pk=outgoing.pk).delete()
    return bool(deleted)


def _sends(account: MailAccount) -> bool:
    return (
        account.outgoing_server_id is not None
        and account.send_authentication != account.SendAuthentication.OFF
    )


def _composition(outgoing: OutgoingMessage, moment: datetime) -> Composition:
    account = outgoing.account
    sender = Address(account.display_name, account.address)
    lists = {name: _recipients(name, getattr(outgoing, name)) for name in ("to", "cc", "bcc")}
    if not any(lists.values()):
        raise ComposeError("to", _("Enter at least one recipient."))
    answered = [item for item in message_ids(outgoing.in_reply_to) if _IDENTIFIER.fullmatch(item)]
    return Composition(
        from_=sender,
        to=lists["to"],
        cc=lists["cc"],
        bcc=lists["bcc"],
        subject=outgoing.subject,
        text=outgoing.text,
        attachments=[_attachment(item) for item in outgoing.attachments.all()],
        message_id=new_message_id(account.address.rpartition("@")[2]),
        in_reply_to=answered[0] if answered else "",
        references=[
            item for item in message_ids(outgoing.references) if _IDENTIFIER.fullmatch(item)
        ],
        date=timezone.localtime(moment),
    )


def _recipients(field: str, typed: str) -> list[Address]:
    found = parse_typed_addresses(typed)
    for address in found:
        local, _at, domain = address.addr_spec.rpartition("@")
        if not local or not domain:
            message = _("%(address)s is not a mail address. Correct or remove it.")
            raise ComposeError(
                field, message % {"address": address.addr_spec or address.display_name}
            )
    return found


def _attachment(item: Any) -> AttachmentSource:
    try:
        content = rawstore.read(item.digest)
    except rawstore.RawMissingError:
        message = _("%(file)s is no longer stored. Remove it and attach it again.")
        raise ComposeError("", message % {"file": item.filename}) from None
    return AttachmentSource(item.filename, item.content_type, content)


def _bytes(composition: Composition) -> bytes:
    try:
        return build(composition)
    except ValueError as error:
        field = str(error).partition(":")[0]
        if field in {
            "in_reply_to",
            "references",
        }:  # a stranger's broken identifier; threading is lost, mail is not
            return _bytes(replace(composition, in_reply_to="", references=[]))
        known = field if field in {"to", "cc", "bcc", "subject", "text"} else ""
        message = _(
            "This cannot be sent: it holds control characters or an address that is not valid."
        )
        raise ComposeError(known, message) from None
