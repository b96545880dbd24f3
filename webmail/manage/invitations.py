"""Invite the owners of mailboxes to authorize them, see how far that has come, take it back, ask again."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages as flash
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from groupware import parameters
from groupware.functions.permissions import function_admin_required
from groupware.tables import columns
from webmail import invitations, tasks
from webmail.bell import ring
from webmail.manage.overview import selected
from webmail.models import Invitation, MailAccount

PAGE = 50


def _stages() -> dict[str, tuple[object, Q]]:
    live = invitations.live()
    unsent = Q(sent_at=None) & ~Q(address="")
    return {
        "waiting": (gettext_lazy("Not authorized yet"), live),
        "sending": (gettext_lazy("Being sent"), live & unsent & ~Q(next_send_at=None)),
        "unsent": (gettext_lazy("Could not be sent"), live & unsent & Q(next_send_at=None)),
        "screen": (gettext_lazy("On the screen only"), live & Q(address="")),
        "opened": (gettext_lazy("Link opened"), live & ~Q(opened_at=None)),
        "authorized": (gettext_lazy("Authorized"), ~Q(used_at=None)),
        "ended": (
            gettext_lazy("Withdrawn or expired"),
            Q(used_at=None) & (~Q(withdrawn_at=None) | Q(expires_at__lte=timezone.now())),
        ),
    }


def _all(request: HttpRequest) -> QuerySet[Invitation]:
    accounts = MailAccount.objects.manageable_by(request.user).order_by()
    return Invitation.objects.filter(account__in=accounts)


def public_ids(request: HttpRequest) -> list[UUID]:
    """The rows that were ticked; nonsense is left out."""
    found = (parameters.public_id(text) for text in request.POST.getlist("selected"))
    return [one for one in found if one]


def back(request: HttpRequest, otherwise: str) -> HttpResponse:
    """To where the form stood, when that is a page of ours."""
    address = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(address, allowed_hosts=None):
        return redirect(address)
    return redirect(otherwise)


@function_admin_required("webmail")
@require_safe
@never_cache
def invitation_list(request: HttpRequest) -> HttpResponse:
    """Every invitation with its stage, newest first."""
    stages = _stages()
    shown = request.GET.get("show", "")
    shown = shown if shown in stages else "waiting"
    words = parameters.words(request.GET.get("q"))
    every = _all(request)
    if words:
        every = every.filter(
            Q(account__address__icontains=words)
            | Q(recipient__username__icontains=words)
            | Q(recipient__display_name__icontains=words)
        )
    counts = every.aggregate(
        **{key: Count("pk", filter=fits) for key, (_w, fits) in stages.items()}
    )
    rows = every.filter(stages[shown][1]).select_related("account", "recipient")
    page = Paginator(rows.order_by("-pk"), PAGE).get_page(request.GET.get("page"))
    invitations.labels(page.object_list)
    context = {
        "page": page,
        "shown": shown,
        "words": words,
        "pages_query": urlencode({"show": shown, "q": words}),
        "progress": invitations.progress(),
        "stages": [
            {"key": key, "word": word, "count": counts[key], "is_current": key == shown}
            for key, (word, _fits) in stages.items()
        ],
        "columns": columns(
            _("Mail address"), _("Person"), _("Sent to"), _("State"), _("Invited"), _("Valid until")
        ),
    }
    name = "_invitations" if request.htmx else "invitations"
    return render(request, f"webmail/manage/{name}.html", context)


@function_admin_required("webmail")
@require_POST
def invite(request: HttpRequest) -> HttpResponse:
    """Invite for the ticked mailboxes, or for all that need it within the filters of the address."""
    if request.POST.get("all"):
        accounts = invitations.not_just_invited(selected(request))
    else:
        accounts = MailAccount.objects.manageable_by(request.user)
        accounts = accounts.filter(public_id__in=public_ids(request))
    tell(request, invitations.invite(invitations.needing(accounts), request.user))
    return back(request, "webmail:manage_invitations")


def tell(request: HttpRequest, outcome: invitations.Outcome) -> None:
    """Ring for the worker that sends, and say how many were invited and who is not reached by mail."""
    if not outcome.invited and not outcome.nobody:
        flash.info(request, _("None of these mailboxes waits for an authorization."))
        return
    ring(tasks.send_invitations)
    flash.success(
        request,
        ngettext(
            "%(number)d mailbox: its owner is invited.",
            "%(number)d mailboxes: their owners are invited.",
            outcome.invited,
        )
        % {"number": outcome.invited},
    )
    if outcome.without_address:
        flash.warning(
            request,
            ngettext(
                "%(number)d person has no address besides the mailbox itself and is invited on the screen only.",
                "%(number)d people have no address besides the mailbox itself and are invited on the screen only.",
                outcome.without_address,
            )
            % {"number": outcome.without_address},
        )
    if outcome.nobody:
        flash.warning(
            request,
            ngettext(
                "%(number)d shared account has no manager who could be invited.",
                "%(number)d shared accounts have no manager who could be invited.",
                outcome.nobody,
            )
            % {"number": outcome.nobody},
        )


@function_admin_required("webmail")
@require_POST
def again(request: HttpRequest) -> HttpResponse:
    """Ask again for the ticked invitations; the earlier links end."""
    rows = _all(request).filter(public_id__in=public_ids(request))
    accounts = MailAccount.objects.manageable_by(request.user).filter(
        pk__in=rows.values("account_id")
    )
    tell(request, invitations.invite(invitations.needing(accounts), request.user))
    return back(request, "webmail:manage_invitations")


@function_admin_required("webmail")
@require_POST
def withdraw(request: HttpRequest) -> HttpResponse:
    """End the ticked invitations; their links open no longer."""
    number = invitations.withdraw(_all(request).filter(public_id__in=public_ids(request)))
    flash.success(
        request,
        ngettext(
            "%(number)d invitation was withdrawn.", "%(number)d invitations were withdrawn.", number
        )
        % {"number": number},
    )
    return back(request, "webmail:manage_invitations")
