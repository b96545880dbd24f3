"""Move many accounts to OAuth 2.0 in one step: look, apply, invite, follow, take back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages as flash
from django.contrib.auth import get_user_model
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from groupware.audit.record import record
from groupware.functions.permissions import function_admin_required
from groupware.tables import columns
from webmail import invitations, switchover
from webmail.manage.invitations import public_ids, tell
from webmail.manage.mailbox_states import facts, listed
from webmail.manage.switchover_form import SwitchoverForm
from webmail.models import Invitation, MailAccount, MailServer, SwitchedAccount, Switchover

PAGE = 50
Receive = MailAccount.ReceiveAuthentication


def _accounts(request: HttpRequest) -> QuerySet[MailAccount]:
    return MailAccount.objects.manageable_by(request.user)


def _switchovers() -> QuerySet[Switchover]:
    return Switchover.objects.select_related(
        "incoming_server__authorization_server",
        "outgoing_server__authorization_server",
        "created_by",
    )


@function_admin_required("webmail")
@require_safe
@never_cache
def switchover_list(request: HttpRequest) -> HttpResponse:
    """Every switchover, newest first, with how many accounts are authorized."""
    authorized = Q(accounts__undone_at=None, accounts__account__receive_grant__state="active")
    rows = (
        _switchovers()
        .order_by("-created_at", "-pk")
        .annotate(
            moved=Count("accounts", filter=Q(accounts__undone_at=None)),
            authorized=Count("accounts", filter=authorized),
        )
    )
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "columns": columns(
            pgettext("switchover", "From"),
            pgettext("switchover", "To"),
            _("State"),
            _("Authorized"),
            _("Begun"),
            _("By"),
        ),
    }
    return render(request, "webmail/manage/switchovers.html", context)


@function_admin_required("webmail")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def switchover_new(request: HttpRequest) -> HttpResponse:
    """Say what is looked for and where it goes; nothing is changed before the preview is applied."""
    form = SwitchoverForm(request.POST or None, accounts=_accounts(request))
    if request.method == "POST" and form.is_valid():
        made = form.save(commit=False)
        made.created_by = request.user
        made.save()
        return redirect("webmail:manage_switchover", made.public_id)
    context = {"form": form, "has_servers": form.fields["incoming_server"].queryset.exists()}
    status = 422 if form.errors else 200
    return render(request, "webmail/manage/switchover_new.html", context, status=status)


@function_admin_required("webmail")
@require_safe
@never_cache
def switchover_page(request: HttpRequest, public_id) -> HttpResponse:
    """The preview before it is applied; the progress afterwards."""
    found = get_object_or_404(_switchovers(), public_id=public_id)
    if found.state == Switchover.State.PREVIEWED:
        return _preview(request, found)
    return _progress(request, found)


def _preview(request: HttpRequest, found: Switchover) -> HttpResponse:
    made = switchover.moves(found, _accounts(request))
    going = [move for move in made if not move.obstacle]
    staying = [move for move in made if move.obstacle]
    show = "staying" if request.GET.get("show") == "staying" else "going"
    page = Paginator(staying if show == "staying" else going, PAGE).get_page(
        request.GET.get("page")
    )
    owners = get_user_model().objects.in_bulk({move.account.owner_id for move in page} - {None})
    for move in page:
        move.account.owner = owners.get(move.account.owner_id)
    names = {server.pk: str(server) for server in MailServer.objects.all()}
    context = {
        "found": found,
        "show": show,
        "pages_query": f"show={show}",
        "page": page,
        "rows": [(move, _described(move, names)) for move in page.object_list],
        "going": len(going),
        "staying": len(staying),
        "fingerprint": switchover.fingerprint(made),
        "columns": columns(
            _("Person"),
            _("Mail address"),
            _("Why it stays") if show == "staying" else _("What changes"),
        ),
    }
    return render(request, "webmail/manage/switchover_preview.html", context)


_NAMES = {
    "incoming_server_id": gettext_lazy("Incoming mail server"),
    "outgoing_server_id": gettext_lazy("Outgoing mail server"),
    "receive_authentication": gettext_lazy("Authentication for receiving"),
    "send_authentication": gettext_lazy("Authentication for sending"),
    "receive_username": gettext_lazy("User name"),
    "send_username": gettext_lazy("User ID for sending"),
}


def _described(move: switchover.Move, names: dict[int, str]) -> list[tuple[Any, str, str]]:
    """Each changed setting in words: its name, the old value, the new one."""
    words = {
        **{str(value): str(label) for value, label in MailAccount.SendAuthentication.choices},
        **{str(value): str(label) for value, label in Receive.choices},
    }

    def shown(column: str, value: Any) -> str:
        if column.endswith("_server_id"):
            return names.get(value, "")
        return words.get(value, value) if column.endswith("authentication") else value

    return [
        (_NAMES[name], shown(name, move.before[name]), shown(name, move.after[name]))
        for name in move.changed
        if name in _NAMES
    ]


def _progress(request: HttpRequest, found: Switchover) -> HttpResponse:
    moved = found.accounts.filter(undone_at=None)
    accounts = MailAccount.objects.filter(pk__in=moved.values("account_id"))
    waiting = invitations.needing(accounts)
    live = _live_invitations()
    by_invited = waiting.order_by().annotate(is_invited=Exists(live)).values_list("is_invited")
    figures = dict(by_invited.annotate(number=Count("pk")))
    invited, not_invited = figures.get(True, 0), figures.get(False, 0)
    total = accounts.count()
    stages = {
        "": (pgettext("filter of the list", "All"), accounts, total),
        "waiting": (_("Not invited yet"), waiting.exclude(Exists(live)), not_invited),
        "invited": (_("Invited"), waiting.filter(Exists(live)), invited),
    }
    show = request.GET.get("show", "")
    show = show if show in stages else ""
    rows = listed(stages[show][1]).annotate(is_invited=Exists(live))
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    undoable = set(
        switchover.undoable(found)
        .filter(account__in=[account.pk for account in page.object_list])
        .values_list("account_id", flat=True)
    )
    context = {
        "found": found,
        "page": page,
        "rows": [(facts(account), account.pk in undoable) for account in page.object_list],
        "stages": [
            {"key": key, "word": word, "count": count, "is_current": key == show}
            for key, (word, _rows, count) in stages.items()
        ],
        "show": show,
        "pages_query": f"show={show}",
        "total": total,
        "authorized": total - invited - not_invited,
        "invited": invited,
        "not_invited": not_invited,
        "taken_back": found.accounts.exclude(undone_at=None).count(),
        "undoable": switchover.undoable(found).count(),
        "columns": columns(
            _("Person"), _("Mail address"), _("Receiving"), _("Sending"), _("Invitation")
        ),
    }
    name = "_switchover" if request.htmx else "switchover"
    return render(request, f"webmail/manage/{name}.html", context)


def _live_invitations() -> QuerySet[Invitation]:
    """Invitations of the outer account that may still be followed."""
    return Invitation.objects.filter(invitations.live(), account=OuterRef("pk"))


@function_admin_required("webmail")
@require_POST
def apply(request: HttpRequest, public_id) -> HttpResponse:
    """Do what the preview has shown."""
    found = get_object_or_404(_switchovers(), public_id=public_id)
    try:
        number = switchover.apply(found, _accounts(request), request.POST.get("fingerprint", ""))
    except switchover.ChangedMeanwhileError:
        flash.error(
            request,
            _("The accounts changed after the preview was made. Nothing was applied. Look again."),
        )
        return redirect("webmail:manage_switchover", found.public_id)
    record("webmail.switchover.applied", target=found, details={"accounts": number})
    flash.success(
        request,
        ngettext("%(number)d account was moved.", "%(number)d accounts were moved.", number)
        % {"number": number},
    )
    return redirect("webmail:manage_switchover", found.public_id)


@function_admin_required("webmail")
@require_POST
def invite(request: HttpRequest, public_id) -> HttpResponse:
    """Invite the owners of all moved accounts that wait and were not invited yet, or of the ticked ones."""
    found = get_object_or_404(_switchovers(), public_id=public_id)
    moved = found.accounts.filter(undone_at=None).values("account_id")
    accounts = _accounts(request).filter(pk__in=moved)
    if request.POST.get("all"):
        accounts = accounts.exclude(Exists(_live_invitations()))
    else:
        accounts = accounts.filter(public_id__in=public_ids(request))
    tell(request, invitations.invite(invitations.needing(accounts), request.user))
    return redirect("webmail:manage_switchover", found.public_id)


@function_admin_required("webmail")
@require_POST
def undo(request: HttpRequest, public_id) -> HttpResponse:
    """Restore the settings of all accounts that nobody authorized, or of the ticked ones."""
    found = get_object_or_404(_switchovers(), public_id=public_id)
    only = None if request.POST.get("all") else public_ids(request)
    done, left = switchover.undo(found, only)
    if done:
        withdrawn = Invitation.objects.filter(
            account__in=SwitchedAccount.objects.filter(switchover=found)
            .exclude(undone_at=None)
            .values("account_id")
        )
        invitations.withdraw(withdrawn)
        record("webmail.switchover.undone", target=found, details={"accounts": done})
    flash.success(
        request,
        ngettext("%(number)d account was taken back.", "%(number)d accounts were taken back.", done)
        % {"number": done},
    )
    if left:
        flash.warning(
            request,
            ngettext(
                "%(number)d account stays: it was authorized or changed since, or its earlier server is gone.",
                "%(number)d accounts stay: they were authorized or changed since, or their earlier server is gone.",
                left,
            )
            % {"number": left},
        )
    return redirect("webmail:manage_switchover", found.public_id)


@function_admin_required("webmail")
@require_POST
def discard(request: HttpRequest, public_id) -> HttpResponse:
    """Forget a switchover that was not applied."""
    found = get_object_or_404(_switchovers(), public_id=public_id)
    if found.state == Switchover.State.PREVIEWED:
        found.delete()
        return redirect(reverse("webmail:manage_switchovers"))
    return redirect("webmail:manage_switchover", found.public_id)
