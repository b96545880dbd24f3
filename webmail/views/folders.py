"""The folder pane: every account of a person with its folders, drafts and outbox."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from webmail.models import MailAccount, Mailbox, OutgoingMessage

ROLE_ORDER = (
    Mailbox.Role.INBOX,
    Mailbox.Role.DRAFTS,
    Mailbox.Role.SENT,
    Mailbox.Role.ARCHIVE,
    Mailbox.Role.JUNK,
    Mailbox.Role.TRASH,
    Mailbox.Role.ALL,
    Mailbox.Role.NONE,
)
ICONS = {
    Mailbox.Role.INBOX: "inbox",
    Mailbox.Role.DRAFTS: "file-text",
    Mailbox.Role.SENT: "send",
    Mailbox.Role.ARCHIVE: "archive",
    Mailbox.Role.JUNK: "shield-alert",
    Mailbox.Role.TRASH: "trash-2",
    Mailbox.Role.ALL: "mail",
    Mailbox.Role.NONE: "folder",
}
#: Folders whose unread figure says nothing that anybody must act on.
UNCOUNTED = {Mailbox.Role.DRAFTS, Mailbox.Role.SENT, Mailbox.Role.TRASH, Mailbox.Role.ALL}


@dataclass(frozen=True)
class FolderRow:
    """One line of the pane. ``depth`` counts the folders above it; ``count`` is the figure to show, 0 for none."""

    mailbox: Mailbox
    depth: int
    icon: str
    count: int
    is_current: bool


@dataclass(frozen=True)
class AccountFolders:
    """One account with its lines."""

    account: MailAccount
    rows: list[FolderRow]
    needs_attention: bool


def _order(mailbox: Mailbox) -> tuple[int, str]:
    return ROLE_ORDER.index(Mailbox.Role(mailbox.role)), mailbox.name.casefold()


def _row(mailbox: Mailbox, current: Mailbox | None) -> FolderRow:
    depth = 0
    if not mailbox.role and mailbox.delimiter:
        depth = mailbox.name.count(mailbox.delimiter)
        if mailbox.name.upper().startswith(f"INBOX{mailbox.delimiter}"):
            depth -= 1  # servers that keep every folder below INBOX: that level says nothing
    return FolderRow(
        mailbox=mailbox,
        depth=min(depth, 4),
        icon=ICONS[Mailbox.Role(mailbox.role)],
        count=0 if mailbox.role in UNCOUNTED else mailbox.unseen,
        is_current=current is not None and mailbox.pk == current.pk,
    )


def rows_of(mailboxes: Iterable[Mailbox], current: Mailbox | None = None) -> list[FolderRow]:
    """The lines of one account, folders with a role first."""
    return [_row(mailbox, current) for mailbox in sorted(mailboxes, key=_order)]


def needs_attention(account: MailAccount) -> bool:
    """Whether a person must act before this account works again."""
    waiting = {MailAccount.Health.OWNER_REQUIRED, MailAccount.Health.ADMINISTRATOR_REQUIRED}
    return account.receive_health in waiting or account.send_health in waiting


def pane(user, current: Mailbox | None = None, section: str = "") -> dict[str, object]:
    """Context of ``webmail/_folders.html``. ``section`` is drafts or outbox when that is what is shown."""
    accounts = MailAccount.objects.visible_to(user).select_related("incoming_server")
    by_account: dict[int, list[Mailbox]] = {}
    for mailbox in Mailbox.objects.visible_to(user):
        by_account.setdefault(mailbox.account_id, []).append(mailbox)
    outgoing = OutgoingMessage.objects.visible_to(user)
    return {
        "accounts": [
            AccountFolders(
                account, rows_of(by_account.get(account.pk, []), current), needs_attention(account)
            )
            for account in accounts
        ],
        "section": section,
        "drafts_count": outgoing.drafts().exclude(version=0).count(),
        "outbox_count": outgoing.in_outbox().count(),
    }


def first_mailbox(user) -> Mailbox | None:
    """The folder that opens when nobody said which: the inbox of the first account."""
    mailboxes = Mailbox.objects.visible_to(user).select_related("account")
    order = ("account__created_at", "account__pk", "pk")
    return (
        mailboxes.with_role("inbox").order_by(*order).first() or mailboxes.order_by(*order).first()
    )
