"""The folder pane: every account of a person with its folders, drafts and outbox."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext

from webmail.models import MailAccount, Mailbox, OutgoingMessage
from webmail.models.account import readable_accounts, writable_accounts
from webmail.models.mailbox import MailboxQuerySet

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
DEEPEST = 4  # levels of indentation
#: Folders whose unread figure says nothing that anybody must act on.
UNCOUNTED = {Mailbox.Role.DRAFTS, Mailbox.Role.SENT, Mailbox.Role.TRASH, Mailbox.Role.ALL}


@dataclass(frozen=True)
class FolderRow:
    """One line of the pane. ``depth`` counts the folders above it; ``count`` is the figure to show, 0 for none."""

    mailbox: Mailbox
    label: str
    depth: int
    icon: str
    count: int
    is_current: bool


@dataclass(frozen=True)
class AccountFolders:
    """One account with its lines. ``is_read_only``: a shared one whose mail may only be read."""

    account: MailAccount
    rows: list[FolderRow]
    needs_attention: bool
    is_read_only: bool = False


def _order(mailbox: Mailbox) -> tuple[int, str]:
    return ROLE_ORDER.index(Mailbox.Role(mailbox.role)), mailbox.name.casefold()


def _namespace(mailboxes: Sequence[Mailbox]) -> str:
    """``INBOX.`` on servers that keep every folder below it (RFC 2342): a level that says nothing. Empty elsewhere."""
    others = [mailbox for mailbox in mailboxes if mailbox.role != Mailbox.Role.INBOX]
    if not others or not others[0].delimiter:
        return ""
    prefix = f"INBOX{others[0].delimiter}"
    return prefix if all(mailbox.name.startswith(prefix) for mailbox in others) else ""


def _parent(mailbox: Mailbox, names: dict[str, Mailbox], namespace: str) -> Mailbox | None:
    """The nearest folder above that is listed as well."""
    name = mailbox.name
    while mailbox.delimiter and mailbox.delimiter in name:
        name = name.rpartition(mailbox.delimiter)[0]
        if name in names and f"{name}{mailbox.delimiter}" != namespace:
            return names[name]
    return None


def _label(mailbox: Mailbox, parent: Mailbox | None, namespace: str) -> str:
    """The word of its role, or what its name adds to the folder above."""
    if mailbox.role == Mailbox.Role.DRAFTS:
        return gettext("Drafts on the server")
    if mailbox.role:
        return mailbox.label
    above = f"{parent.name}{mailbox.delimiter}" if parent else namespace
    return mailbox.name.removeprefix(above)


def rows_of(mailboxes: Iterable[Mailbox], current: Mailbox | None = None) -> list[FolderRow]:
    """The lines of one account: folders with a role first, each followed by the folders below it."""
    listed = sorted(mailboxes, key=_order)
    namespace = _namespace(listed)
    names = {mailbox.name: mailbox for mailbox in listed}
    below: dict[int | None, list[Mailbox]] = {}
    for mailbox in listed:
        parent = _parent(mailbox, names, namespace)
        below.setdefault(parent.pk if parent else None, []).append(mailbox)
    rows: list[FolderRow] = []

    def add(parent: Mailbox | None, depth: int) -> None:
        for mailbox in below.get(parent.pk if parent else None, []):
            rows.append(
                FolderRow(
                    mailbox=mailbox,
                    label=_label(mailbox, parent, namespace),
                    depth=min(depth, DEEPEST),
                    icon=ICONS[Mailbox.Role(mailbox.role)],
                    count=0 if mailbox.role in UNCOUNTED else mailbox.unseen,
                    is_current=current is not None and mailbox.pk == current.pk,
                )
            )
            add(mailbox, depth + 1)

    add(None, 0)
    return rows


def needs_attention(account: MailAccount) -> bool:
    """Whether a person must act before this account works again."""
    waiting = {MailAccount.Health.OWNER_REQUIRED, MailAccount.Health.ADMINISTRATOR_REQUIRED}
    return account.receive_health in waiting or account.send_health in waiting


def pane(user, current: Mailbox | None = None, section: str = "") -> dict[str, object]:
    """Context of ``webmail/_folders.html``. ``section`` is drafts or outbox when that is what is shown."""
    accounts = MailAccount.objects.filter(pk__in=readable_accounts(user)).personal_first()
    accounts = accounts.select_related("incoming_server")
    open_to_writing = MailAccount.objects.filter(pk__in=writable_accounts(user))
    writable = set(open_to_writing.values_list("pk", flat=True))
    by_account: dict[int, list[Mailbox]] = {}
    for mailbox in Mailbox.objects.visible_to(user):
        by_account.setdefault(mailbox.account_id, []).append(mailbox)
    outgoing = OutgoingMessage.objects.visible_to(user)
    return {
        "accounts": [
            AccountFolders(
                account,
                rows_of(by_account.get(account.pk, []), current),
                needs_attention(account),
                is_read_only=account.pk not in writable,
            )
            for account in accounts
        ],
        "may_write": bool(writable),
        "section": section,
        "drafts_count": outgoing.drafts().exclude(version=0).count(),
        "outbox_count": outgoing.in_outbox().count(),
    }


def figures(mailboxes: MailboxQuerySet) -> dict[UUID, int]:
    """The figure that each of ``mailboxes`` shows, by public id; folders that never show one are left out."""
    return dict(mailboxes.exclude(role__in=UNCOUNTED).values_list("public_id", "unseen"))


def first_mailbox(user) -> Mailbox | None:
    """The folder that opens when nobody said which: the inbox of the first account."""
    mailboxes = Mailbox.objects.visible_to(user).select_related("account")
    order = ("account__kind", "account__created_at", "account__pk", "pk")
    return (
        mailboxes.with_role("inbox").order_by(*order).first() or mailboxes.order_by(*order).first()
    )
