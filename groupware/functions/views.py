"""The portal, the hubs of function management and system administration, and the refusal page."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from groupware import access, health
from groupware.functions import permissions, registry
from groupware.tables import columns
from groupware.users.models import User

HOLDERS_SHOWN = 5


@login_required
@require_safe
def portal(request: HttpRequest) -> HttpResponse:
    """The icons of the functions."""
    has_functions = any(function.home_url_name for function in registry.enabled())
    return render(request, "functions/portal.html", {"has_functions": has_functions})


@login_required
@require_safe
def manage(request: HttpRequest) -> HttpResponse:
    """Function management: a card for each function the person looks after."""
    if not permissions.administered_functions(request.user):
        raise access.RefusedError("manage")
    return render(request, "functions/manage.html")


@access.system_admin_required
@require_safe
def system(request: HttpRequest) -> HttpResponse:
    """System administration: what there is, each with a sentence."""
    return render(request, "functions/system.html")


@access.system_admin_required
@require_safe
def state(request: HttpRequest) -> HttpResponse:
    """Readiness and what the functions say about themselves."""
    return render(
        request,
        "functions/health.html",
        {"checks": health.details(), "columns": columns(_("Check"), _("State"), _("Details"))},
    )


def unreadable(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400; to who came by an address that is not ours, say the right one."""
    address = settings.PUBLIC_URL if isinstance(exception, DisallowedHost) else ""
    # Without the request: asking it for its host would fail once more.
    return HttpResponseBadRequest(render_to_string("400.html", {"address": address}))


def refused(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 403 and say who has the right."""
    context: dict[str, Any] = {"holders": [], "function": None, "reason": ""}
    if isinstance(exception, access.RefusedError):
        context["reason"] = exception.reason
        context |= _holders(exception.right, exception.reason)
    return render(request, "403.html", context, status=403)


def _holders(right: str, reason: str) -> dict[str, Any]:
    people = User.objects.active()
    administrators = people.filter(is_system_administrator=True)
    try:
        function = registry.get(right)
    except LookupError:
        return {"holders": administrators[:HOLDERS_SHOWN]}
    appointed = people.filter(administered_functions__key=right)
    if reason == "switched_off" or not appointed.exists():
        appointed = administrators
    return {"holders": appointed[:HOLDERS_SHOWN], "function": function}
