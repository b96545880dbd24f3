"""Check this mailbox: the page that fills step by step, for whoever looks after the account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from groupware.functions.permissions import administers
from groupware.notices.moments import in_words
from webmail import checks, tasks, token_status
from webmail.check_steps import AUTHORIZATION, GROUPS, Step, label_of, line_of
from webmail.models import MailAccount, MailboxCheck
from webmail.views.bell import ring


@dataclass(frozen=True)
class Row:
    """One step as the check list draws it; ``steps`` is what an administrator does about it."""

    name: str
    state: str
    word: str
    remedy: str = ""
    detail: str = ""
    duration: str = ""
    steps: tuple[str, ...] = ()


@dataclass
class Group:
    """The steps of one direction, or of the authorization server."""

    name: str
    rows: list[Row] = field(default_factory=list)


def _account(request: HttpRequest, public_id: Any) -> MailAccount:
    accounts = MailAccount.objects.manageable_by(request.user)
    related = ("owner", "incoming_server", "outgoing_server")
    return get_object_or_404(accounts.select_related(*related), public_id=public_id)


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
def check(request: HttpRequest, public_id: Any) -> HttpResponse:
    """The last run of the account; POST starts one, with ``message`` a message to the address itself too."""
    account = _account(request, public_id)
    if request.method == "POST":
        wants_message = bool(request.POST.get("message")) and _may_send(request, account)
        run, is_new = checks.start(account, request.user, sends_message=wants_message)
        if is_new:
            ring(tasks.check_mailbox, run.pk)
        if not request.htmx:
            return redirect("webmail:check", account.public_id)
    return render(request, _template(request), _context(request, account))


@login_required
@require_safe
@never_cache
def progress(request: HttpRequest, public_id: Any) -> HttpResponse:
    """The steps that are known by now; the page asks once a second while a run is under way."""
    account = _account(request, public_id)
    return render(request, "webmail/_check.html", _context(request, account))


def _template(request: HttpRequest) -> str:
    return "webmail/_check.html" if request.htmx else "webmail/check.html"


def _may_send(request: HttpRequest, account: MailAccount) -> bool:
    return MailAccount.objects.sendable_by(request.user).filter(pk=account.pk).exists()


def _context(request: HttpRequest, account: MailAccount) -> dict[str, Any]:
    run = checks.latest(account)
    context: dict[str, Any] = {
        "account": account,
        "run": run,
        "may_send": _may_send(request, account),
        "may_manage": account.owner_id != request.user.pk and administers(request.user, "webmail"),
    }
    if run is None:
        return context
    run.account = account
    steps = checks.steps_of(run)
    is_running = checks.is_under_way(run)
    return context | {
        "is_running": is_running,
        "is_interrupted": not is_running and run.state != MailboxCheck.State.DONE,
        "groups": _groups(
            steps, checks.awaited(run) if is_running else [], _owner(account, request)
        ),
        "authorizes": not is_running and _authorizes(account, steps),
        "failed": sum(not step.is_fine for step in steps),
        "report": _report(account, run, steps),
    }


def _owner(account: MailAccount, request: HttpRequest) -> str:
    """Who has to sign in, for a reader who has not; empty for whom it is their own turn."""
    if token_status.is_theirs(account, request.user):
        return ""
    return _("%(address)s has to sign in.") % {"address": account.sign_in_address}


def _authorizes(account: MailAccount, steps: Iterable[Step]) -> bool:
    """Whether signing in at an authorization server is what helps."""
    return any(
        step.needs_authorization and token_status.server_of(account, step.direction)
        for step in steps
        if step.direction != AUTHORIZATION
    )


def _groups(steps: Iterable[Step], awaited: Iterable[tuple[str, str]], owner: str) -> list[Group]:
    groups = {
        direction: Group(
            _heading(direction, own := list(found)), [_row(step, owner) for step in own]
        )
        for direction, found in groupby(steps, lambda step: step.direction)
    }
    is_first = True
    for direction, key in awaited:
        group = groups.setdefault(direction, Group(str(GROUPS[direction])))
        word = _("Being tested") if is_first else _("Not tested yet")
        group.rows.append(Row(label_of(direction, key), "waiting" if is_first else "off", word))
        is_first = False
    return list(groups.values())


def _heading(direction: str, steps: list[Step]) -> str:
    servers = dict.fromkeys(step.server for step in steps if step.server)
    return " · ".join([str(GROUPS[direction]), *servers])


def _row(step: Step, owner: str) -> Row:
    state = step.state if step.direction == AUTHORIZATION else ""
    words = {"trouble": _("Works for now"), "off": _("Not tested")}
    took = _("%(milliseconds)d ms") % {"milliseconds": step.milliseconds}
    is_long = not step.is_fine or step.key == "capabilities"
    folded = [step.detail if is_long else "", step.server_text, step.code]
    return Row(
        name=step.label,
        state=state or ("active" if step.is_fine else "act"),
        word=str(words.get(state, _("Works") if step.is_fine else _("Failed"))),
        remedy=step.explanation(owner) or ("" if is_long else step.detail),
        detail="\n".join(filter(None, folded)),
        duration=took if step.milliseconds else "",
        steps=step.steps,
    )


def _report(account: MailAccount, run: MailboxCheck, steps: Iterable[Step]) -> str:
    """The run as text, to be sent to whoever helps. Nothing in it opens anything."""
    when = in_words(run.started_at)
    return "\n".join([f"{account.address} · {when}", *(line_of(step) for step in steps)])
