"""The members of a shared account: people and departments, each with one right.

Its managers open it in their settings, function administrators in function management.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages as flash
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from groupware.audit.record import record
from groupware.functions.permissions import function_admin_required, function_required
from groupware.parameters import public_id as public_id_of
from groupware.tables import columns
from webmail.forms.member import MemberForm, RoleForm
from webmail.models import AccountMember, MailAccount

PAGE = 100
_ACCOUNT = {"": "webmail:account", "manage_": "webmail:manage_shared_account"}


def _find(user: Any, public_id: Any) -> MailAccount:
    shared = MailAccount.objects.manageable_by(user).filter(kind=MailAccount.Kind.SHARED)
    return get_object_or_404(shared, public_id=public_id)


def _names(member: AccountMember) -> dict[str, str]:
    """Who a member is, for the audit log."""
    if member.user:
        return {"person": member.user.username, "role": member.role}
    return {"department": member.unit.key if member.unit else "", "role": member.role}


def _page(
    request: HttpRequest, account: MailAccount, form: MemberForm, addresses: dict[str, str]
) -> HttpResponse:
    members = account.members.select_related("user", "unit")
    members = members.order_by("unit__name", "user__username", "pk")
    context = {
        "account": account,
        "form": form,
        "page": Paginator(members, PAGE).get_page(request.GET.get("page")),
        "roles": AccountMember.Role.choices,
        "has_manager": members.filter(role=AccountMember.Role.MANAGER).exists(),
        "columns": columns(_("Member"), _("Kind"), _("Right")),
        **addresses,
    }
    return render(request, "webmail/members.html", context, status=422 if form.errors else 200)


def _members(request: HttpRequest, public_id: Any, prefix: str) -> HttpResponse:
    account = _find(request.user, public_id)
    form = MemberForm(request.POST or None, account=account)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            member = form.save()
            record("webmail.member.added", target=account, details=_names(member))
        flash.success(request, _("%(member)s is added.") % {"member": member.user or member.unit})
        return redirect(request.path)
    addresses = {
        "change_address": reverse(f"webmail:{prefix}members_change", args=[public_id]),
        "account_address": reverse(_ACCOUNT[prefix], args=[public_id]),
    }
    return _page(request, account, form, addresses)


def _change(request: HttpRequest, public_id: Any, prefix: str) -> HttpResponse:
    """Give the selected members another right, or take them out."""
    account = _find(request.user, public_id)
    ids = [found for found in map(public_id_of, request.POST.getlist("selected")[:PAGE]) if found]
    chosen = account.members.filter(public_id__in=ids).select_related("user", "unit")
    form = RoleForm(request.POST)
    with transaction.atomic():
        members = list(chosen.select_for_update(of=("self",)))
        if "remove" in request.POST:
            _remove(account, members)
            words = ngettext(
                "%(count)d member removed.", "%(count)d members removed.", len(members)
            )
        elif form.is_valid():
            _give(account, members, form.cleaned_data["role"])
            words = ngettext("%(count)d right changed.", "%(count)d rights changed.", len(members))
        else:
            words = _("Choose a right.")
    flash.info(request, words % {"count": len(members)})
    if _may_go_on(request, account):
        return redirect(f"webmail:{prefix}members", public_id)
    return redirect("webmail:account_list")


def _may_go_on(request: HttpRequest, account: MailAccount) -> bool:
    """Whether the person may still manage the account: they may have taken the right from themselves."""
    return MailAccount.objects.manageable_by(request.user).filter(pk=account.pk).exists()


def _remove(account: MailAccount, members: list[AccountMember]) -> None:
    for member in members:
        record("webmail.member.removed", target=account, details=_names(member))
        member.delete()


def _give(account: MailAccount, members: list[AccountMember], role: str) -> None:
    for member in members:
        before, member.role = member.role, role
        if before != role:
            member.save(update_fields=["role"])
            record(
                "webmail.member.changed",
                target=account,
                details={**_names(member), "before": before},
            )


@function_required("webmail")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def members(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Show the members to a manager of the account, and add one."""
    return _members(request, public_id, "")


@function_required("webmail")
@require_POST
def change(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Change or remove selected members as a manager of the account."""
    return _change(request, public_id, "")


@function_admin_required("webmail")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def manage_members(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Show the members in function management, and add one."""
    return _members(request, public_id, "manage_")


@function_admin_required("webmail")
@require_POST
def manage_change(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Change or remove selected members in function management."""
    return _change(request, public_id, "manage_")
