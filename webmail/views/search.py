"""Search over all mail that a person may read."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from groupware.functions.permissions import function_required
from webmail.search import finding, indexing, query
from webmail.views import folders

#: Told only when the index is so far behind that somebody may miss a message.
_LAG_SHOWN = 50


@function_required("webmail")
@require_safe
@never_cache
def results(request: HttpRequest) -> HttpResponse:
    """The hits, newest first; further pages are put below the rows that are there."""
    asked = query.read(request.GET.get("q", ""))
    try:
        found = finding.search(request.user, asked, request.GET.get("after", ""))
    except finding.BadCursorError:
        raise Http404 from None
    context = {"query": asked, "page": found, "needles": asked.needles}
    if request.htmx.target == "list-more":
        return render(request, "webmail/_search_rows.html", context)
    waiting = indexing.waiting()
    context |= folders.pane(request.user)
    context["waiting"] = waiting if waiting >= _LAG_SHOWN else 0
    template = "webmail/_search_list.html" if request.htmx.target == "message-list" else None
    return render(request, template or "webmail/search.html", context)
