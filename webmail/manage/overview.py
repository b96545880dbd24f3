"""All mailboxes at a glance: what works, what does not, whose turn it is; invite from here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages as flash
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from groupware.audit.record import record
from groupware.functions.permissions import function_admin_required
from groupware.organisation.models import Unit
from groupware.tables import ACTS, columns
from webmail import invitations, opening, tasks
from webmail.bell import ring
from webmail.manage.mailbox_states import Filters, counted, facts, listed, offered_servers, owner_of
from webmail.manage.transfer import as_file
from webmail.models import MailAccount, MailServer
from webmail.transfer.exporting import lines

PAGE = 50
_OPENED_TOGETHER = 25  # mailboxes in one task: the authorization server is asked for each
_VALUES = (
    "pk",
    "owner__username",
    "owner__display_name",
    "address",
    "kind",
    "authorized_as",
    "is_enabled",
    "incoming_server_id",
    "outgoing_server_id",
    "received_at",
    "sent_at",
    *(
        f"{direction}_{name}"
        for direction in ("receive", "send")
        for name in ("rank", "health", "error_since", "grant_since")
    ),
)


def _all(request: HttpRequest) -> QuerySet[MailAccount]:
    return MailAccount.objects.manageable_by(request.user)


def selected(request: HttpRequest) -> QuerySet[MailAccount]:
    """The accounts that the filters of the address leave."""
    filters = Filters.of(request)
    return filters.in_state(filters.narrow(_all(request)))


@function_admin_required("webmail")
@require_safe
@never_cache
def overview(request: HttpRequest) -> HttpResponse:
    """The states with their figures, one page of mailboxes, and how far the invitations have come."""
    filters = Filters.of(request)
    narrowed = filters.narrow(_all(request))
    found = filters.in_state(narrowed)
    page = Paginator(listed(found), PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [facts(account) for account in page.object_list],
        "states": _tabs(request, filters, narrowed),
        "filters": filters,
        "query": _query(request, page=None),
        "needing": invitations.needing(found).count(),
        "opening": opening.waiting(found).count(),
        "progress": invitations.progress(),
        "units": Unit.objects.order_by("name"),
        "servers": offered_servers(),
        "kinds": MailAccount.Kind.choices,
        "columns": columns(
            _("Mailbox"),
            _("Receiving"),
            _("Sending"),
            _("Last received"),
            _("Last sent"),
            _("Whose turn"),
            ACTS,
        ),
    }
    name = "_overview" if request.htmx else "overview"
    return render(request, f"webmail/manage/{name}.html", context)


def _tabs(
    request: HttpRequest, filters: Filters, narrowed: QuerySet[MailAccount]
) -> list[dict[str, Any]]:
    found = []
    for tab in counted(narrowed):
        is_current = tab["key"] == filters.state
        if tab["count"] or is_current or not tab["key"]:
            url = f"?{_query(request, state=tab['key'], page=None)}"
            found.append({**tab, "url": url, "is_current": is_current})
    return found


def _query(request: HttpRequest, **changes: str | None) -> str:
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return urlencode([(name, value) for name, value in query.items() if value])


@function_admin_required("webmail")
@require_POST
def open_all(request: HttpRequest) -> HttpResponse:
    """Open what the filters show through the organization's access; it may be pressed again for what is left."""
    pks = list(opening.waiting(selected(request)).values_list("pk", flat=True))
    for start in range(0, len(pks), _OPENED_TOGETHER):
        ring(tasks.open_mailboxes, pks[start : start + _OPENED_TOGETHER], request.user.pk)
    text = ngettext(
        "%(count)d mailbox is being opened. The states change by themselves.",
        "%(count)d mailboxes are being opened. The states change by themselves.",
        len(pks),
    )
    flash.success(request, text % {"count": len(pks)})
    return redirect(f"{reverse('webmail:manage_overview')}?{request.GET.urlencode()}")


@function_admin_required("webmail")
@require_POST
def export(request: HttpRequest) -> StreamingHttpResponse:
    """What the filters show, as CSV. Exporting is recorded, hence a POST; the filters stay in the address."""
    found = selected(request)
    record("webmail.accounts.exported", details={"accounts": found.count()})
    header = [
        _("User name"),
        _("Person"),
        _("Mail address"),
        _("Kind"),
        _("Incoming mail server"),
        _("Outgoing mail server"),
        _("Receiving"),
        _("Sending"),
        _("Last received"),
        _("Last sent"),
        _("Whose turn"),
        _("Since"),
    ]
    # The rows are written when the request is over, and with it the time zone of the person.
    rows = _rows(found, timezone.get_current_timezone())
    return as_file(lines(header, rows), "mailboxes.csv")


def _rows(found: QuerySet[MailAccount], zone: tzinfo) -> Iterator[list[Any]]:
    names = dict(MailServer.objects.values_list("pk", "name"))
    for values in listed(found).values(*_VALUES).iterator(chunk_size=2000):
        account = SimpleNamespace(**values)
        row = facts(account)
        yield [
            account.owner__username,
            owner_of(account),
            account.address,
            account.kind,
            names.get(account.incoming_server_id),
            names.get(account.outgoing_server_id),
            row.receive.word,
            row.send.word,
            _moment(account.received_at, zone),
            _moment(account.sent_at, zone),
            row.turn,
            _moment(row.since, zone),
        ]


def _moment(moment: Any, zone: tzinfo) -> str:
    return timezone.localtime(moment, zone).isoformat(sep=" ", timespec="minutes") if moment else ""
