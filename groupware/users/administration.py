"""System administration of people: list, add, edit, deactivate."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from groupware import parameters
from groupware.access import system_admin_required
from groupware.audit.record import record
from groupware.tables import columns
from groupware.users.forms import PersonForm
from groupware.users.models import User

PAGE_SIZE = 50
STATES = (
    ("", gettext_lazy("Everybody")),
    ("active", pgettext_lazy("person", "Active")),
    ("inactive", gettext_lazy("Deactivated")),
    ("administrators", gettext_lazy("System administrators")),
)


@system_admin_required
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Everybody, by user name; searched by names and address, filtered by state."""
    words, state = parameters.words(request.GET.get("q")), request.GET.get("state", "")
    found = User.objects.manageable_by(request.user).matching(words)
    if state in ("active", "inactive"):
        found = found.filter(is_active=state == "active")
    elif state == "administrators":
        found = found.filter(is_system_administrator=True)
    page = Paginator(found.order_by("username"), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "words": words,
        "state": state,
        "states": STATES,
        "query": urlencode({"q": words, "state": state}),
        "columns": columns(
            _("User name"),
            _("Name"),
            _("E-mail address"),
            _("Rights"),
            _("State"),
            _("Last sign-in"),
        ),
    }
    return render(request, "users/people.html", context)


@system_admin_required
@require_http_methods(["GET", "POST"])
def add_person(request: HttpRequest) -> HttpResponse:
    """Add somebody."""
    form = PersonForm(request.POST or None, acting=request.user)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            person = form.save()
            record("users.person.added", target=person)
            if person.is_system_administrator:
                record("users.administrator.appointed", target=person)
        messages.success(request, _("%(person)s is added.") % {"person": person})
        return redirect("users:people")
    return render(request, "users/person.html", {"form": form})


@system_admin_required
@require_http_methods(["GET", "POST"])
def edit_person(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Change somebody's entry."""
    person = get_object_or_404(User.objects.manageable_by(request.user), public_id=public_id)
    form = PersonForm(request.POST or None, instance=person, acting=request.user)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            _record_changes(form, form.save())
        messages.success(request, _("%(person)s is saved.") % {"person": person})
        return redirect("users:people")
    if form.errors:
        person.refresh_from_db()
    return render(request, "users/person.html", {"form": form, "person": person})


def _record_changes(form: PersonForm, person: User) -> None:
    changed = set(form.changed_data)
    if "is_system_administrator" in changed:
        verb = "appointed" if person.is_system_administrator else "dismissed"
        record(f"users.administrator.{verb}", target=person)
    if form.cleaned_data["password"]:
        record("users.password.set_by_administrator", target=person)
    if fields := sorted(changed - {"is_system_administrator", "password"}):
        record("users.person.changed", target=person, details={"fields": fields})


@system_admin_required
@require_POST
def set_active(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Deactivate somebody, or let them in again. Sessions of a deactivated person end at once."""
    person = get_object_or_404(User.objects.manageable_by(request.user), public_id=public_id)
    is_active = request.POST.get("active") == "1"
    if person == request.user and not is_active:
        messages.error(
            request, _("You cannot deactivate yourself. Another system administrator can.")
        )
        return redirect("users:person", public_id)
    if person.is_active != is_active:
        with transaction.atomic():
            person.is_active = is_active
            person.save(update_fields=["is_active"])
            record(f"users.person.{'reactivated' if is_active else 'deactivated'}", target=person)
        text = _("%(person)s may sign in again.") if is_active else _("%(person)s is deactivated.")
        messages.success(request, text % {"person": person})
    return redirect("users:person", public_id)
