"""Everybody's mail accounts: who has which, what works, whose turn it is, and who has none."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from groupware.audit.record import record
from groupware.functions.permissions import function_admin_required
from groupware.organisation.models import Unit
from groupware.tables import columns
from webmail import account_page
from webmail.manage import accounts
from webmail.manage.mailbox_states import BESIDE, Filters, facts, offered_servers
from webmail.models import MailAccount
from webmail.token_states import FILTERS

PAGE = 50
Kind = MailAccount.Kind


def state_choices() -> list[tuple[str, Any]]:
    """The states to filter by, those of authorization first."""
    beside = [(key, word) for key, (word, _condition) in BESIDE.items()]
    return [(key, word) for key, word, _condition in FILTERS] + beside


def query_of(request: HttpRequest) -> str:
    """The filters of the address, for the links to other pages."""
    kept = [(name, value) for name, value in request.GET.items() if value and name != "page"]
    return urlencode(kept)


def _people_without(filters: Filters) -> QuerySet[Any]:
    """People who may sign in and have no mail account."""
    kept = MailAccount.objects.kept().filter(owner=OuterRef("pk"))
    people = get_user_model().objects.active().filter(~Exists(kept)).matching(filters.words)
    if filters.unit:
        unit = Unit.objects.filter(public_id=filters.unit).first()
        inside = Unit.objects.within(unit) if unit else Unit.objects.none()
        people = people.filter(pk__in=inside.values("members"))
    return people.order_by("username")


def _tabs(count: int, is_without: bool) -> list[dict[str, Any]]:
    address = reverse("webmail:manage_accounts")
    without = reverse("webmail:manage_people_without")
    word = _("People without a mail account (%(count)d)") % {"count": count}
    return [
        {"label": _("Mail accounts"), "url": address, "is_current": not is_without},
        {"label": word, "url": without, "is_current": is_without},
    ]


def _context(request: HttpRequest, filters: Filters) -> dict[str, Any]:
    return {
        "filters": filters,
        "query": query_of(request),
        "units": Unit.objects.order_by("name"),
    }


@function_admin_required("webmail")
@require_safe
@never_cache
def account_list(request: HttpRequest) -> HttpResponse:
    """Search, filter and page through the accounts of all people."""
    filters = Filters.of(request)
    found = accounts.all_accounts(request.user).filter(kind=Kind.PERSONAL)
    found = filters.in_state(filters.narrow(found)).order_by("owner__username", "address", "pk")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        **_context(request, filters),
        "page": page,
        "rows": [facts(account) for account in page.object_list],
        "tabs": _tabs(_people_without(Filters()).count(), is_without=False),
        "states": state_choices(),
        "servers": offered_servers(),
        "columns": columns(
            _("Person"), _("Mail address"), _("Receiving"), _("Sending"), _("Last received")
        ),
    }
    return render(request, "webmail/manage/accounts.html", context)


@function_admin_required("webmail")
@require_safe
@never_cache
def people_without(request: HttpRequest) -> HttpResponse:
    """The people who have no mail account, to give them one."""
    filters = Filters.of(request)
    page = Paginator(_people_without(filters), PAGE).get_page(request.GET.get("page"))
    context = {
        **_context(request, filters),
        "page": page,
        "tabs": _tabs(_people_without(Filters()).count(), is_without=True),
    }
    return render(request, "webmail/manage/people_without.html", context)


@sensitive_post_parameters("new_receive_password", "new_send_password")
@function_admin_required("webmail")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def account_new(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Set up an account for a person."""
    person = get_object_or_404(get_user_model().objects.active(), public_id=public_id)
    blank = MailAccount(owner=person, kind=Kind.PERSONAL)
    initial = {"address": person.email, "display_name": person.display_name}
    form = account_page.form_for(request.user, blank, request.POST or None, initial)
    if request.method == "POST" and form.is_valid():
        made = form.save()
        record("webmail.account.created", target=made)
        return accounts.saved(request, made, is_new=True)
    return accounts.form_page(request, form, blank, None)
