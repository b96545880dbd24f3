"""System administration of departments: the tree, adding, changing, members."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, ProtectedError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from groupware.access import system_admin_required
from groupware.audit.record import record
from groupware.organisation.forms import MemberForm, OrganisationForm, UnitForm
from groupware.organisation.models import Membership, Organisation, Unit
from groupware.parameters import public_id as public_id_of
from groupware.tables import ACTS, Column, columns

MEMBERS_PER_PAGE = 50


@system_admin_required
@require_safe
def units(request: HttpRequest) -> HttpResponse:
    """All departments, each below the one it is part of."""
    context = {
        "rows": _tree(
            list(_units(request).annotate(people=Count("memberships")).order_by("order", "name"))
        ),
        "columns": columns(_("Department"), Column(_("People"), is_figures=True), _("Key")),
    }
    return render(request, "organisation/units.html", context)


def _units(request: HttpRequest):
    return Unit.objects.manageable_by(request.user)


def _tree(all_units: list[Unit]) -> list[dict[str, object]]:
    """Departments in reading order, each with the names of what it is part of."""
    children: dict[int | None, list[Unit]] = defaultdict(list)
    for unit in all_units:
        children[unit.parent_id].append(unit)
    rows: list[dict[str, object]] = []
    waiting = [(unit, "") for unit in reversed(children[None])]
    while waiting:
        unit, path = waiting.pop()
        rows.append({"unit": unit, "path": path})
        below = f"{path} › {unit.name}" if path else unit.name
        waiting += [(child, below) for child in reversed(children[unit.pk])]
    return rows


@system_admin_required
@require_http_methods(["GET", "POST"])
def organisation(request: HttpRequest) -> HttpResponse:
    """The name of the organisation."""
    form = OrganisationForm(request.POST or None, instance=Organisation.objects.first())
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            record("organisation.organisation.renamed", target=form.save())
        messages.success(request, _("The name is saved."))
        return redirect("organisation:units")
    return render(request, "organisation/organisation.html", {"form": form})


@system_admin_required
@require_http_methods(["GET", "POST"])
def add_unit(request: HttpRequest) -> HttpResponse:
    """Add a department."""
    form = UnitForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            unit = form.save()
            record("organisation.unit.added", target=unit)
        messages.success(request, _("%(unit)s is added.") % {"unit": unit})
        return redirect("organisation:unit", unit.public_id)
    return render(request, "organisation/add_unit.html", {"form": form})


@system_admin_required
@require_http_methods(["GET", "POST"])
def unit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One department: its entry and its members."""
    chosen = get_object_or_404(_units(request), public_id=public_id)
    form = UnitForm(request.POST or None, instance=chosen)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            if form.changed_data:
                record(
                    "organisation.unit.changed",
                    target=chosen,
                    details={"fields": form.changed_data},
                )
        messages.success(request, _("%(unit)s is saved.") % {"unit": chosen})
        return redirect("organisation:units")
    return _unit_page(request, chosen, form, MemberForm(unit=chosen))


def _unit_page(
    request: HttpRequest, chosen: Unit, form: UnitForm, member_form: MemberForm
) -> HttpResponse:
    members = chosen.memberships.select_related("user").order_by("user__username")
    page = Paginator(members, MEMBERS_PER_PAGE).get_page(request.GET.get("page"))
    stored = _units(request).get(
        pk=chosen.pk
    )  # the heading shows what is stored, not what was refused
    context = {
        "unit": stored,
        "form": form,
        "member_form": member_form,
        "page": page,
        "columns": columns(_("Person"), ACTS),
    }
    return render(request, "organisation/unit.html", context)


@system_admin_required
@require_POST
def delete_unit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Delete a department that has no departments of its own. Its people stay."""
    chosen = get_object_or_404(_units(request), public_id=public_id)
    try:
        with transaction.atomic():
            record("organisation.unit.deleted", target=chosen)
            chosen.delete()
    except ProtectedError:
        text = _("%(unit)s still has departments of its own. Move or delete them first.")
        messages.error(request, text % {"unit": chosen})
        return redirect("organisation:unit", public_id)
    messages.success(request, _("%(unit)s is deleted.") % {"unit": chosen})
    return redirect("organisation:units")


@system_admin_required
@require_POST
def add_member(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Add a person to a department."""
    chosen = get_object_or_404(_units(request), public_id=public_id)
    form = MemberForm(request.POST, unit=chosen)
    if not form.is_valid():
        return _unit_page(request, chosen, UnitForm(instance=chosen), form)
    person = form.cleaned_data["person"]
    with transaction.atomic():
        Membership.objects.create(unit=chosen, user=person)
        record("organisation.member.added", target=person, details={"unit": chosen.key})
    messages.success(request, _("%(person)s is added.") % {"person": person})
    return redirect("organisation:unit", public_id)


@system_admin_required
@require_POST
def remove_member(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take a person out of a department."""
    chosen = get_object_or_404(_units(request), public_id=public_id)
    membership = get_object_or_404(
        chosen.memberships, user__public_id=public_id_of(request.POST.get("person"))
    )
    with transaction.atomic():
        membership.delete()
        record("organisation.member.removed", target=membership.user, details={"unit": chosen.key})
    messages.success(request, _("%(person)s is removed.") % {"person": membership.user})
    return redirect("organisation:unit", public_id)
