"""The audit log: read, filtered, exported."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any

from django.db import models
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from groupware.access import system_admin_required
from groupware.audit import registry
from groupware.audit.changes import lines
from groupware.audit.forms import FilterForm
from groupware.audit.models import AuditEvent
from groupware.audit.record import record
from groupware.tables import Column, columns

PAGE_SIZE = 50


@system_admin_required
@require_safe
def events(request: HttpRequest) -> HttpResponse:
    """Newest first. Paged by key: the log grows while it is read."""
    form = FilterForm(request.GET)
    found = form.narrow(AuditEvent.objects.visible_to(request.user))
    rows, newer, older = _page(found, request.GET.get("before", ""), request.GET.get("after", ""))
    for event in rows:
        event.label = registry.label(event.name)
        event.lines = lines(event.details)
    context = {
        "events": rows,
        "form": form,
        "is_filtered": any(form.cleaned_data.values()),
        "newer_url": _address(request, after=newer),
        "older_url": _address(request, before=older),
        "columns": columns(
            _("Time"),
            _("Event"),
            _("Person"),
            _("About"),
            Column(pgettext("address", "From"), is_figures=True),
            _("Details"),
        ),
    }
    return render(request, "audit/events.html", context)


def _page(
    found: models.QuerySet[Any], before: str, after: str
) -> tuple[list[Any], int | None, int | None]:
    """One page, and the keys from which the newer and the older page start."""
    if after.isdecimal():
        rows = list(found.filter(pk__gt=int(after)).order_by("pk")[: PAGE_SIZE + 1])
        has_newer, has_older = len(rows) > PAGE_SIZE, True
        rows = rows[:PAGE_SIZE][::-1]
    else:
        has_newer = before.isdecimal()
        if has_newer:
            found = found.filter(pk__lt=int(before))
        rows = list(found.order_by("-pk")[: PAGE_SIZE + 1])
        has_older = len(rows) > PAGE_SIZE
        rows = rows[:PAGE_SIZE]
    if not rows:
        return [], None, None
    return rows, rows[0].pk if has_newer else None, rows[-1].pk if has_older else None


def _query(request: HttpRequest, **more: Any) -> str:
    parameters = request.GET.copy()
    for name in ("before", "after"):
        parameters.pop(name, None)
    parameters.update({name: str(value) for name, value in more.items()})
    return parameters.urlencode()


def _address(request: HttpRequest, **position: int | None) -> str:
    if None in position.values():
        return ""
    return f"{request.path}?{_query(request, **position)}"


class _Echo:
    """What the csv module writes to: hands each line straight on."""

    def write(self, line: str) -> str:
        return line


def plain_cell(value: Any) -> str:
    """Return the text of a cell which no spreadsheet takes for a formula (OWASP, CSV injection)."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text


def _lines(found: models.QuerySet[Any]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"  # without it Excel reads Japanese names in another encoding
    yield writer.writerow(
        [
            _("Time"),
            _("Event"),
            _("Label"),
            _("Person"),
            _("About"),
            pgettext("address", "From"),
            _("Request"),
            _("Details"),
        ]
    )
    for event in found.order_by("-pk").iterator(chunk_size=500):
        details = json.dumps(event.details, ensure_ascii=False) if event.details else ""
        cells = (
            timezone.localtime(event.at).isoformat(timespec="seconds"),
            event.name,
            registry.label(event.name),
            event.actor_label,
            event.target_label,
            event.address,
            event.request_id,
            details,
        )
        yield writer.writerow([plain_cell(cell) for cell in cells])


@system_admin_required
@require_POST
def export(request: HttpRequest) -> StreamingHttpResponse:
    """What the filter shows, as CSV. Exporting is recorded itself, hence a POST."""
    form = FilterForm(request.POST)
    newest = record("audit.log.exported").pk
    found = form.narrow(AuditEvent.objects.visible_to(request.user)).filter(pk__lt=newest)
    response = StreamingHttpResponse(_lines(found), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="audit-log.csv"'
    response["Cache-Control"] = "no-store"
    return response
