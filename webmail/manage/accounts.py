"""The account form in function management: any account, personal or shared.

Administrators change settings; whoever signs in for the mailbox has to be the one it belongs to, so Authenticate leads
to the page on which that can be done here, elsewhere, or be handed on.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages as flash
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from groupware.audit.record import record
from groupware.functions.permissions import function_admin_required
from webmail import account_page, bell, removal, tasks, token_status
from webmail.forms.account import MailAccountForm
from webmail.models import MailAccount

Kind = MailAccount.Kind


def address_of(account: MailAccount) -> str:
    """Where an account is changed: below the list that it is in."""
    name = "manage_shared_account" if account.kind == Kind.SHARED else "manage_account"
    return reverse(f"webmail:{name}", args=[account.public_id])


def all_accounts(user: Any) -> QuerySet[MailAccount]:
    """Every account with all that the screens name."""
    return token_status.prepared(MailAccount.objects.manageable_by(user), user)


def form_page(
    request: HttpRequest, form: MailAccountForm, account: MailAccount, kept: MailAccount | None
) -> HttpResponse:
    """The form; ``kept`` is the account as it is stored, nothing while it is new."""
    is_shared = account.kind == Kind.SHARED
    context = {
        **account_page.shown(form, kept, request.user),
        "may_change": True,
        "person": account.owner,
        "is_shared": is_shared,
        "back": reverse("webmail:manage_shared" if is_shared else "webmail:manage_accounts"),
    }
    if kept:
        context["authorize_address"] = account_page.authorize_address(kept, address_of(kept))
        context["figures"] = removal.figures_of(kept)
        context["members_count"] = kept.members.count() if is_shared else 0
    return render(
        request, "webmail/manage/account.html", context, status=422 if form.errors else 200
    )


def saved(request: HttpRequest, account: MailAccount, is_new: bool) -> HttpResponse:
    """Where the form leads: on to authorizing when that was pressed."""
    address = address_of(account)
    if account_page.wants_authorization(request.POST):
        return redirect(account_page.authorize_address(account, address))
    if account.receive_grant_id or account.receive_authentication == "password":
        bell.ring(tasks.receive_now, account.pk)
    flash.success(request, _("Saved."))
    if account.kind == Kind.SHARED:
        return (
            redirect("webmail:manage_members", account.public_id) if is_new else redirect(address)
        )
    return redirect(address) if is_new else redirect("webmail:manage_accounts")


@sensitive_post_parameters("new_receive_password", "new_send_password")
@function_admin_required("webmail")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def account(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Change the account of a person; a shared one is changed below its own list."""
    found = get_object_or_404(all_accounts(request.user), public_id=public_id)
    if found.kind == Kind.SHARED:
        return redirect("webmail:manage_shared_account", public_id)
    return _change(request, found)


@sensitive_post_parameters("new_receive_password", "new_send_password")
@function_admin_required("webmail")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def shared_account(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Change a shared account."""
    accounts = all_accounts(request.user).filter(kind=Kind.SHARED)
    return _change(request, get_object_or_404(accounts, public_id=public_id))


def _change(request: HttpRequest, found: MailAccount) -> HttpResponse:
    form = account_page.form_for(request.user, found, request.POST or None)
    if request.method == "POST" and form.is_valid():
        changed = sorted(form.changed_data)
        form.save()
        record("webmail.account.updated", target=found, details={"fields": changed})
        return saved(request, found, is_new=False)
    if form.errors:  # the form has put what was typed into the instance
        found = get_object_or_404(all_accounts(request.user), pk=found.pk)
    return form_page(request, form, found, found)


@function_admin_required("webmail")
@require_POST
def delete(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Remove an account with the mail kept here. Nothing is deleted on the mail server."""
    found = get_object_or_404(all_accounts(request.user), public_id=public_id)
    removal.begin(found)
    bell.ring(tasks.erase_removed)
    flash.success(request, _("%(address)s was removed.") % {"address": found.address})
    return redirect(
        "webmail:manage_shared" if found.kind == Kind.SHARED else "webmail:manage_accounts"
    )
