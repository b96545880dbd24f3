"""The message list: one folder, newest first, in pages that go on from the last row (keyset paging)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from groupware.functions.permissions import function_required
from webmail.models import MailAccount, Mailbox, Message
from webmail.models.account import writable_accounts
from webmail.views import folders, receiving
from webmail.views.troubles import troubles_of

PAGE = 50
#: Folders in which it matters to whom a message went.
RECIPIENT_ROLES = frozenset({Mailbox.Role.SENT, Mailbox.Role.DRAFTS})
FILTERS = {
    "": {},
    "unread": {"is_seen": False},
    "flagged": {"is_flagged": True},
    "attachments": {"has_attachments": True},
}


@dataclass(frozen=True)
class Page:
    """Rows of the list; ``older`` is the cursor of the next page, empty at the end."""

    rows: list[Message]
    older: str
    shows: str


def _cursor(message: Message) -> str:
    return f"{message.received_at.isoformat()}~{message.pk}"


def _position(cursor: str) -> tuple[datetime, int]:
    """Read a cursor; raise Http404 when somebody made it up."""
    moment, _, pk = cursor.partition("~")
    try:
        received_at, number = datetime.fromisoformat(moment), int(pk)
    except ValueError:
        raise Http404 from None
    if received_at.tzinfo is None or not 1 < received_at.year < 9999:
        raise Http404
    return received_at, number


def page(user, mailbox: Mailbox, cursor: str = "", shows: str = "") -> Page:
    """One page of a folder, going on after ``cursor``; ``shows`` is a key of FILTERS."""
    if shows not in FILTERS:
        raise Http404
    messages = Message.objects.visible_to(user).in_mailbox(mailbox).filter(**FILTERS[shows])
    if cursor:
        messages = messages.before(*_position(cursor))
    rows = list(
        messages.newest_first().defer("references", "in_reply_to", "reply_to", "bcc")[: PAGE + 1]
    )
    older = _cursor(rows[PAGE - 1]) if len(rows) > PAGE else ""
    return Page(rows[:PAGE], older, shows)


def list_context(user, mailbox: Mailbox, shows: str = "") -> dict[str, object]:
    """Everything that the folder pane and the list need for the first page of ``mailbox``."""
    return {
        **folders.pane(user, mailbox),
        "mailbox": mailbox,
        "account": mailbox.account,
        "page": page(user, mailbox, shows=shows),
        "receiving": receiving.state_of(mailbox.account),
        "troubles": troubles_of(
            mailbox.account, user, reverse("webmail:mailbox", args=[mailbox.public_id])
        ),
        "shows_recipients": mailbox.role in RECIPIENT_ROLES,
        "is_read_only": is_read_only(user, mailbox.account),
        "targets": folders.rows_of(
            Mailbox.objects.visible_to(user).filter(account=mailbox.account)
        ),
    }


def is_read_only(user, account: MailAccount) -> bool:
    """Whether ``user`` may read the mail of ``account`` and no more."""
    return not MailAccount.objects.filter(pk__in=writable_accounts(user), pk=account.pk).exists()


def find(user, public_id) -> Mailbox:
    """A folder that ``user`` may read, with its account; Http404 otherwise."""
    mailboxes = Mailbox.objects.visible_to(user).select_related("account__incoming_server")
    return get_object_or_404(mailboxes, public_id=public_id)


@function_required("webmail")
@require_safe
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """Open the first inbox, or say what is missing before there can be one."""
    if mailbox := folders.first_mailbox(request.user):
        return redirect("webmail:mailbox", mailbox.public_id)
    visible = MailAccount.objects.visible_to(request.user).personal_first()
    account = visible.select_related("incoming_server").first()
    context = {**folders.pane(request.user), "account": account}
    if account:
        context["receiving"] = receiving.state_of(account)
        context["troubles"] = troubles_of(account, request.user, request.path)
    return render(request, "webmail/home.html", context)


@function_required("webmail")
@require_safe
@never_cache
def mailbox(request: HttpRequest, public_id) -> HttpResponse:
    """Show one folder."""
    found = find(request.user, public_id)
    context = list_context(request.user, found, request.GET.get("show", ""))
    template = (
        "webmail/_list.html" if request.htmx.target == "message-list" else "webmail/mailbox.html"
    )
    return render(request, template, context)


@function_required("webmail")
@require_safe
@never_cache
def rows(request: HttpRequest, public_id) -> HttpResponse:
    """The next page of rows, put below the ones that are there."""
    found = find(request.user, public_id)
    shows = request.GET.get("show", "")
    context = {
        "mailbox": found,
        "page": page(request.user, found, request.GET.get("before", ""), shows),
        "shows_recipients": found.role in RECIPIENT_ROLES,
        "is_read_only": is_read_only(request.user, found.account),
    }
    return render(request, "webmail/_rows.html", context)
