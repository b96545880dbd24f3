"""Everybody's mail accounts: who has which, what works, whose turn it is.

An administrator changes settings and never authorizes: only the owner of a mailbox can sign in for it.
"""

from __future__ import annotations

from django.contrib import messages as flash
from django.contrib.auth import get_user_model
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from groupware import parameters
from groupware.audit.record import record
from groupware.functions.permissions import function_admin_required
from webmail.forms.account import MailAccountForm
from webmail.models import MailAccount, MailServer

PAGE = 50
Health = MailAccount.Health

#: Filters of the list by key: their words and what they ask of an account. The absent one shows everybody.
STATES = {
    "working": (gettext_lazy("Working"), Q(receive_health=Health.WORKING)),
    "owner": (
        gettext_lazy("Authorization needed again"),
        Q(receive_health=Health.OWNER_REQUIRED) | Q(send_health=Health.OWNER_REQUIRED),
    ),
    "administrator": (
        gettext_lazy("Waiting for the administrator"),
        Q(receive_health=Health.ADMINISTRATOR_REQUIRED)
        | Q(send_health=Health.ADMINISTRATOR_REQUIRED),
    ),
    "retrying": (
        gettext_lazy("Temporary trouble"),
        Q(receive_health=Health.RETRYING) | Q(send_health=Health.RETRYING),
    ),
    "untried": (gettext_lazy("Not tried yet"), Q(receive_health=Health.UNTRIED)),
    "off": (gettext_lazy("Switched off"), Q(is_enabled=False)),
}


def _accounts(user):
    return MailAccount.objects.manageable_by(user).select_related(
        "owner", "incoming_server", "outgoing_server", "receive_grant__server", "send_grant__server"
    )


def _narrowed(request: HttpRequest):
    """The accounts that the search and the filter of the request leave."""
    accounts = _accounts(request.user).order_by("owner__username", "address", "pk")
    words = parameters.words(request.GET.get("q"))
    if words:
        accounts = accounts.filter(
            Q(address__icontains=words)
            | Q(name__icontains=words)
            | Q(owner__username__icontains=words)
            | Q(owner__display_name__icontains=words)
        )
    state = request.GET.get("state", "")
    if state in STATES:
        accounts = accounts.filter(STATES[state][1])
    return accounts


def _page_url(request: HttpRequest, number: int) -> str:
    query = request.GET.copy()
    query["page"] = str(number)
    return f"?{query.urlencode()}"


@function_admin_required("webmail")
@require_safe
@never_cache
def account_list(request: HttpRequest) -> HttpResponse:
    """Search, filter and page through all accounts, and find the people who have none."""
    page = Paginator(_narrowed(request), PAGE).get_page(request.GET.get("page"))
    people = get_user_model().objects.active().filter(mail_accounts=None)
    words = parameters.words(request.GET.get("q"))
    if words:
        people = people.filter(Q(username__icontains=words) | Q(display_name__icontains=words))
    context = {
        "page": page,
        "newer_url": _page_url(request, page.previous_page_number()) if page.has_previous() else "",
        "older_url": _page_url(request, page.next_page_number()) if page.has_next() else "",
        "states": [(key, words) for key, (words, _condition) in STATES.items()],
        "state": request.GET.get("state", ""),
        "words": words,
        "people_without": people.order_by("username")[:20],
        "columns": [
            {"label": _("Person")},
            {"label": _("Mail address")},
            {"label": _("Receiving")},
            {"label": _("Sending")},
            {"label": _("Last received")},
        ],
    }
    return render(request, "webmail/manage/accounts.html", context)


def _form_page(request: HttpRequest, form: MailAccountForm, account: MailAccount) -> HttpResponse:
    context = {
        "form": form,
        "account": account if account.pk else None,
        "person": account.owner,
        "servers": MailServer.objects.offered().select_related("authorization_server"),
    }
    if account.pk:
        context["messages_count"] = account.messages.count()
        context["waiting_count"] = account.outgoing_messages.in_outbox().count()
    return render(
        request, "webmail/manage/account.html", context, status=422 if form.errors else 200
    )


@sensitive_post_parameters("new_receive_password", "new_send_password")
@function_admin_required("webmail")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def account(request: HttpRequest, public_id) -> HttpResponse:
    """Change the account of any person."""
    found = get_object_or_404(_accounts(request.user), public_id=public_id)
    form = MailAccountForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        changed = sorted(form.changed_data)
        form.save()
        record("webmail.account.updated", target=found, details={"fields": changed})
        flash.success(request, _("Saved."))
        return redirect("webmail:manage_accounts")
    if form.errors:
        found = get_object_or_404(_accounts(request.user), public_id=public_id)
    return _form_page(request, form, found)


@sensitive_post_parameters("new_receive_password", "new_send_password")
@function_admin_required("webmail")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def account_new(request: HttpRequest, public_id) -> HttpResponse:
    """Set up an account for a person; they authorize it themselves."""
    person = get_object_or_404(get_user_model().objects.active(), public_id=public_id)
    blank = MailAccount(owner=person, kind=MailAccount.Kind.PERSONAL)
    initial = {"address": person.email, "display_name": person.display_name}
    form = MailAccountForm(request.POST or None, instance=blank, initial=initial)
    if request.method == "POST" and form.is_valid():
        made = form.save()
        record("webmail.account.created", target=made)
        flash.success(request, _("Saved."))
        return redirect("webmail:manage_account", made.public_id)
    return _form_page(request, form, blank)


@function_admin_required("webmail")
@require_POST
def delete(request: HttpRequest, public_id) -> HttpResponse:
    """Remove an account with the mail kept here. Nothing is deleted on the mail server."""
    found = get_object_or_404(_accounts(request.user), public_id=public_id)
    address = found.address
    record("webmail.account.deleted", target=found, details={"messages": found.messages.count()})
    found.delete()
    flash.success(request, _("%(address)s was removed.") % {"address": address})
    return redirect("webmail:manage_accounts")
