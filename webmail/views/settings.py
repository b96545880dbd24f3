"""My mail accounts and the shared ones: the list with the state of both directions, and the account form."""

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
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from groupware.audit.record import record
from groupware.functions.permissions import RefusedError, function_required
from webmail import account_page, removal, tasks, token_status
from webmail.forms.account import MailAccountForm
from webmail.models import AccountMember, MailAccount, MailServer, WebmailPolicy
from webmail.views.bell import ring
from webmail.views.troubles import troubles_of, troubles_of_servers


def _mine(user: Any) -> QuerySet[MailAccount]:
    """The accounts whose mail ``user`` reads, with everything that the screens name."""
    accounts = token_status.prepared(MailAccount.objects.visible_to(user), user)
    return accounts.personal_first()


def _find(user: Any, public_id: Any) -> MailAccount:
    return get_object_or_404(_mine(user), public_id=public_id)


def _own(user: Any, public_id: Any) -> MailAccount:
    """A personal account: a shared one is removed in function management alone."""
    personal = _mine(user).filter(kind=MailAccount.Kind.PERSONAL)
    return get_object_or_404(personal, public_id=public_id)


def _may_change(user: Any, account: MailAccount) -> bool:
    """Whether ``user`` may change these settings here: what the policy says of own accounts, the right on shared ones."""
    if account.kind == MailAccount.Kind.PERSONAL:
        return WebmailPolicy.current().allows_individual_settings
    return MailAccount.objects.manageable_by(user).filter(pk=account.pk).exists()


@function_required("webmail")
@require_safe
@never_cache
def account_list(request: HttpRequest) -> HttpResponse:
    """Every account of the person with the state of receiving and of sending; then the shared ones."""
    rows = [
        (
            account,
            troubles_of(account, request.user, request.path),
            token_status.statuses_of(account, request.user),
        )
        for account in _mine(request.user)
    ]
    personal = MailAccount.Kind.PERSONAL
    context = {
        "accounts": [row for row in rows if row[0].kind == personal],
        "shared_accounts": [row for row in rows if row[0].kind != personal],
        "may_change": WebmailPolicy.current().allows_individual_settings,
        "has_servers": MailServer.objects.offered().incoming().exists()
        or account_page.may_type_servers(request.user),
    }
    return render(request, "webmail/account_list.html", context)


def _page(request: HttpRequest, form: MailAccountForm, account: MailAccount | None) -> HttpResponse:
    context = {
        **account_page.shown(form, account, request.user),
        "may_change": account is None or _may_change(request.user, account),
        "troubles": troubles_of_servers(account, request.user) if account else [],
    }
    if account:
        back = reverse("webmail:account", args=[account.public_id])
        context["authorize_address"] = account_page.authorize_address(account, back)
        if account.kind == MailAccount.Kind.SHARED:
            context["managers"] = account_page.managers_of(account)
            context["right"] = _right(context["may_change"], request.user, account)
    return render(
        request, "webmail/account_form.html", context, status=200 if not form.errors else 422
    )


def _right(may_change: bool, user: Any, account: MailAccount) -> str:
    """What the person may do in a shared account, in the words of its members' screen."""
    if may_change:
        return str(AccountMember.Role.MANAGER.label)
    writes = MailAccount.objects.writable_by(user).filter(pk=account.pk).exists()
    return str((AccountMember.Role.SENDER if writes else AccountMember.Role.READER).label)


@sensitive_post_parameters("new_receive_password", "new_send_password")
@function_required("webmail")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def account_new(request: HttpRequest) -> HttpResponse:
    """Set up an account of one's own."""
    if not WebmailPolicy.current().allows_individual_settings:
        raise RefusedError("webmail")
    blank = MailAccount(owner=request.user, kind=MailAccount.Kind.PERSONAL)
    initial = {"address": request.user.email, "display_name": request.user.display_name}
    form = account_page.form_for(request.user, blank, request.POST or None, initial)
    if request.method == "POST" and form.is_valid():
        account = form.save()
        record("webmail.account.created", target=account)
        return _saved(request, account)
    return _page(request, form, None)


@sensitive_post_parameters("new_receive_password", "new_send_password")
@function_required("webmail")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def account(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Change an account. Whoever may not change it sees its settings, read-only, with the reason."""
    found = _find(request.user, public_id)
    if not _may_change(request.user, found):
        if request.method == "POST":
            raise RefusedError("webmail")
        form = account_page.form_for(request.user, found)
        for part in (form, form.typed_receive, form.typed_send):
            for field in part.fields.values() if part else ():
                field.disabled = True
        return _page(request, form, found)
    form = account_page.form_for(request.user, found, request.POST or None)
    if request.method == "POST" and form.is_valid():
        changed = sorted(form.changed_data)
        saved = form.save()
        record("webmail.account.updated", target=saved, details={"fields": changed})
        return _saved(request, saved)
    if form.errors:
        found = _find(request.user, public_id)  # the form has put what was typed into the instance
    return _page(request, form, found)


def _saved(request: HttpRequest, account: MailAccount) -> HttpResponse:
    back = reverse("webmail:account", args=[account.public_id])
    if account_page.wants_authorization(request.POST):
        return redirect(account_page.authorize_address(account, back))
    receives_with_grant = account.receive_authentication == MailAccount.ReceiveAuthentication.OAUTH2
    if account.receive_grant_id or not receives_with_grant:
        ring(tasks.receive_now, account.pk)
    flash.success(request, _("Saved."))
    return redirect(back)


@function_required("webmail")
@require_POST
def account_delete(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Remove an account of one's own with the mail kept here. Nothing is deleted on the mail server."""
    found = _own(request.user, public_id)
    if not WebmailPolicy.current().allows_individual_settings:
        raise RefusedError("webmail")
    removal.begin(found)
    ring(tasks.erase_removed)
    flash.success(request, _("%(address)s was removed.") % {"address": found.address})
    return redirect("webmail:account_list")


@function_required("webmail")
@require_safe
@never_cache
def account_remove(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Say in figures what removing the account takes away, and ask."""
    found = _own(request.user, public_id)
    context = {"account": found, "figures": removal.figures_of(found)}
    return render(request, "webmail/account_remove.html", context)
