"""Folders: those of the server with their roles, and the local ones of a POP3 account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from groupware.leases import Lease
from webmail.models import MailAccount, Mailbox, Message, RemoteOperation
from webmail.protocols.errors import InvalidArgumentError, MailboxMissingError
from webmail.protocols.types import MailboxInfo
from webmail.sync.store import fence

if TYPE_CHECKING:
    from webmail.protocols.imap import ImapSession

Role = Mailbox.Role
LOCAL = {
    Role.INBOX: "INBOX",
    Role.DRAFTS: "Drafts",
    Role.SENT: "Sent",
    Role.ARCHIVE: "Archive",
    Role.JUNK: "Junk",
    Role.TRASH: "Trash",
}
# The order in which folders are received: what people look at first. All mail comes last, most of it is known by then.
_ORDER = {
    Role.INBOX: 0,
    Role.SENT: 1,
    Role.DRAFTS: 2,
    Role.NONE: 3,
    Role.ARCHIVE: 4,
    Role.TRASH: 5,
    Role.JUNK: 6,
    Role.ALL: 7,
}
_SAMPLE = 25
_LONGEST_NAME = 500


def refresh(session: ImapSession, account: MailAccount, lease: Lease) -> list[Mailbox]:
    """Make the folders here equal to the server's; return those that can be received, the inbox first.

    A folder that broke last time comes after the others, so that it cannot keep them waiting.
    """
    listed = {_name(info): info for info in session.list_mailboxes() if _can_be_kept(info)}
    here = {
        mailbox.name: mailbox for mailbox in Mailbox.objects.filter(account=account, is_local=False)
    }
    awaited = _awaited(account)
    gone = [
        mailbox
        for name, mailbox in here.items()
        if name not in listed and mailbox.pk not in awaited
    ]
    renamed = _renamed(
        session, gone, [name for name in listed if name not in here and listed[name].is_selectable]
    )
    vanished = [
        mailbox for mailbox in gone if mailbox.name not in renamed and _is_missing(session, mailbox)
    ]
    here |= {renamed[mailbox.name]: mailbox for mailbox in gone if mailbox.name in renamed}
    wanted = {name: _columns(name, info) for name, info in listed.items()}
    different = [name for name in wanted if name not in here or not _has(here[name], wanted[name])]
    if vanished or different:
        with transaction.atomic():
            fence(lease)
            for mailbox in vanished:
                mailbox.delete()
            for name in different:
                _save(account, here.get(name), wanted[name])
    mailboxes = Mailbox.objects.filter(account=account, is_selectable=True, is_local=False)
    return sorted(
        mailboxes, key=lambda item: (bool(item.error_code), _ORDER[Role(item.role)], item.name)
    )


def local_mailboxes(account: MailAccount) -> dict[str, Mailbox]:
    """The folders of a POP3 account by role; made when they are missing."""
    here = {
        mailbox.role: mailbox for mailbox in Mailbox.objects.filter(account=account, is_local=True)
    }
    for role, name in LOCAL.items():
        if role not in here:
            values = {"role": role, "is_local": True, "lowest_fetched_uid": 1}
            here[role], _made = Mailbox.objects.get_or_create(
                account=account, name=name, defaults=values
            )
    return here


def _awaited(account: MailAccount) -> set[int | None]:
    """Folders that a waiting change is still to make on the server."""
    waiting = RemoteOperation.objects.filter(account=account, state=RemoteOperation.State.WAITING)
    return {pk for pair in waiting.values_list("mailbox_id", "target_id") for pk in pair}


def _name(info: MailboxInfo) -> str:
    # RFC 9051 §5.1: INBOX is one name however it is spelled.
    return "INBOX" if info.name.upper() == "INBOX" else info.name


def _can_be_kept(info: MailboxInfo) -> bool:
    """Whether the row takes the name. One folder with a name beyond all bounds must not cost the others."""
    is_short = len(info.name) <= _LONGEST_NAME and len(info.delimiter) <= 1
    return is_short and "\x00" not in info.name


def _columns(name: str, info: MailboxInfo) -> dict[str, Any]:
    role = info.role if info.role in Role.values else Role.NONE
    return {
        "name": name,
        "role": Role.INBOX if name == "INBOX" else role,
        "delimiter": info.delimiter or "",
        "is_selectable": info.is_selectable,
    }


def _has(mailbox: Mailbox, columns: dict[str, Any]) -> bool:
    return all(getattr(mailbox, name) == value for name, value in columns.items())


def _save(account: MailAccount, mailbox: Mailbox | None, columns: dict[str, Any]) -> None:
    if mailbox is None:
        Mailbox.objects.create(account=account, **columns)
    else:
        Mailbox.objects.filter(pk=mailbox.pk).update(**columns)


def _is_missing(session: ImapSession, mailbox: Mailbox) -> bool:
    """Ask for the folder by name: a list that is not complete must not cost a folder."""
    if not mailbox.is_selectable:
        return True
    try:
        session.status(mailbox.name)
    except (MailboxMissingError, InvalidArgumentError):
        return True
    return False


def _renamed(session: ImapSession, gone: list[Mailbox], new: list[str]) -> dict[str, str]:
    """Old name → new name for folders that were renamed on the server, so that their mail is not fetched again.

    Believed only when UIDVALIDITY is the same and the newest known messages have the same sizes there: servers that
    make UIDVALIDITY from the clock give the same one to folders made in the same second.
    """
    found: dict[str, str] = {}
    if not gone or not new:
        return found
    for name in new:
        status = session.status(name)
        for mailbox in gone:
            if mailbox.name in found or status.uid_validity != mailbox.uid_validity:
                continue
            if status.uid_next >= mailbox.uid_next and _has_same_messages(session, mailbox, name):
                found[mailbox.name] = name
                break
    return found


def _has_same_messages(session: ImapSession, mailbox: Mailbox, name: str) -> bool:
    sample = Message.objects.filter(
        mailbox=mailbox, uid_validity=mailbox.uid_validity, uid__isnull=False
    )
    newest = sample.order_by("-uid").values_list("uid", "size")[:_SAMPLE]
    sizes = {uid: size for uid, size in newest if uid}
    if not sizes:
        return False
    session.select(name, readonly=True)
    return session.fetch_sizes(sorted(sizes)) == sizes
