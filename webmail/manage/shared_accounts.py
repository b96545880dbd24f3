"""Mail accounts that several people use: which there are, what works, and who may use them."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from groupware.audit.record import record
from groupware.functions.permissions import function_admin_required
from groupware.organisation.models import Unit
from groupware.tables import Column, columns
from webmail import account_page
from webmail.manage import accounts
from webmail.manage.mailbox_states import Filters, facts, offered_servers
from webmail.manage.personal_accounts import PAGE, query_of, state_choices
from webmail.models import AccountMember, MailAccount, WebmailPolicy

Kind = MailAccount.Kind


def _with_member_counts(found: list[MailAccount]) -> list[dict[str, object]]:
    """The facts of each row and how many people and departments it is given to."""
    members = AccountMember.objects.filter(account__in=[account.pk for account in found])
    counts = dict(members.order_by().values_list("account").annotate(Count("pk")))
    return [{"facts": facts(account), "members": counts.get(account.pk, 0)} for account in found]


@function_admin_required("webmail")
@require_safe
@never_cache
def account_list(request: HttpRequest) -> HttpResponse:
    """Search, filter and page through the shared accounts."""
    filters = Filters.of(request)
    found = accounts.all_accounts(request.user).filter(kind=Kind.SHARED)
    found = filters.in_state(filters.narrow(found)).order_by("name", "address", "pk")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": _with_member_counts(list(page.object_list)),
        "filters": filters,
        "query": query_of(request),
        "states": state_choices(),
        "servers": offered_servers(),
        "units": Unit.objects.order_by("name"),
        "is_allowed": WebmailPolicy.current().allows_shared_accounts,
        "columns": columns(
            _("Shared account"),
            _("Mail address"),
            Column(_("Members"), is_figures=True),
            _("Receiving"),
            _("Sending"),
            _("Last received"),
        ),
    }
    return render(request, "webmail/manage/shared_accounts.html", context)


@sensitive_post_parameters("new_receive_password", "new_send_password")
@function_admin_required("webmail")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def account_new(request: HttpRequest) -> HttpResponse:
    """Set up a shared account; its members come next."""
    blank = MailAccount(kind=Kind.SHARED)
    form = account_page.form_for(request.user, blank, request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = form.save()
        record("webmail.account.created", target=made, details={"kind": made.kind})
        return accounts.saved(request, made, is_new=True)
    return accounts.form_page(request, form, blank, None)
