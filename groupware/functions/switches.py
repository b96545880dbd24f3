"""System administration of functions: switching them, appointing who looks after them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from groupware.access import system_admin_required
from groupware.audit.record import record
from groupware.functions import registry
from groupware.functions.forms import AppointForm
from groupware.functions.models import FunctionAdministrator, FunctionSwitch
from groupware.parameters import public_id
from groupware.tables import ACTS, columns
from groupware.users.models import User


def _function(key: str) -> registry.GroupwareFunction:
    try:
        return registry.get(key)
    except LookupError:
        raise Http404 from None


def _administrators(key: str) -> Any:
    return User.objects.filter(administered_functions__key=key).order_by("username")


@system_admin_required
@require_safe
def switches(request: HttpRequest) -> HttpResponse:
    """Every function with its state and its administrators."""
    rows = [
        {
            "function": function,
            "is_enabled": registry.is_enabled(function.key),
            "administrators": _administrators(function.key),
        }
        for function in registry.all_functions()
    ]
    return render(
        request,
        "functions/switches.html",
        {"rows": rows, "columns": columns(_("Function"), _("State"), _("Looked after by"))},
    )


@system_admin_required
@require_http_methods(["GET", "POST"])
def function(request: HttpRequest, key: str) -> HttpResponse:
    """One function: switch it, appoint and dismiss."""
    chosen = _function(key)
    administrators = _administrators(key)
    already = list(administrators.values_list("pk", flat=True))
    form = AppointForm(request.POST or None, already=already)
    if request.method == "POST" and form.is_valid():
        person = form.cleaned_data["person"]
        with transaction.atomic():
            FunctionAdministrator.objects.create(key=key, user=person)
            record("functions.administrator.appointed", target=person, details={"function": key})
        messages.success(
            request,
            _("%(person)s now looks after %(function)s.")
            % {"person": person, "function": chosen.label},
        )
        return redirect("functions:function", key)
    context = {
        "function": chosen,
        "is_enabled": registry.is_enabled(key),
        "administrators": administrators,
        "form": form,
        "columns": columns(_("Person"), ACTS),
    }
    return render(request, "functions/function.html", context)


@system_admin_required
@require_POST
def switch(request: HttpRequest, key: str) -> HttpResponse:
    """Switch a function on or off for everybody."""
    chosen = _function(key)
    if not chosen.home_url_name:
        raise Http404
    is_enabled = request.POST.get("enabled") == "1"
    if registry.is_enabled(key) != is_enabled:
        with transaction.atomic():
            FunctionSwitch.objects.update_or_create(key=key, defaults={"is_enabled": is_enabled})
            record(
                f"functions.function.switched_{'on' if is_enabled else 'off'}",
                details={"function": key},
            )
        text = (
            _("%(function)s is switched on.") if is_enabled else _("%(function)s is switched off.")
        )
        messages.success(request, text % {"function": chosen.label})
    return redirect("functions:function", key)


@system_admin_required
@require_POST
def dismiss(request: HttpRequest, key: str) -> HttpResponse:
    """Somebody no longer looks after the function."""
    _function(key)
    person = get_object_or_404(
        _administrators(key), public_id=public_id(request.POST.get("person"))
    )
    with transaction.atomic():
        FunctionAdministrator.objects.filter(key=key, user=person).delete()
        record("functions.administrator.dismissed", target=person, details={"function": key})
    messages.success(request, _("%(person)s is no longer in the list.") % {"person": person})
    return redirect("functions:function", key)
