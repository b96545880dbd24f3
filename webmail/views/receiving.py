"""When mail was last received, receiving now, and what is wrong when it does not work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from groupware.functions.permissions import function_required
from webmail import tasks
from webmail.models import MailAccount, Mailbox, Message
from webmail.views import folders
from webmail.views.bell import ring

PATIENCE = timedelta(seconds=90)
LONGEST_WAIT = timedelta(days=1)  # a page that was left open; further off is no time of ours


@dataclass(frozen=True)
class Receiving:
    """What the line above the list says. ``asked_at`` is set while somebody waits for an answer."""

    account: MailAccount
    asked_at: datetime | None
    is_running: bool
    is_overdue: bool
    new_messages: int
    newest_pk: int
    known_pk: int  # messages after this one are new to whoever asks next
    has_failed: bool


def state_of(
    account: MailAccount, asked_at: datetime | None = None, after_pk: int | None = None
) -> Receiving:
    """The state of receiving; new messages are counted from ``after_pk`` on."""
    messages = Message.objects.filter(account=account).order_by("-pk").values_list("pk", flat=True)
    newest = messages.first() or 0
    now = timezone.now()
    answers = [moment for moment in (account.received_at, account.receive_tried_at) if moment]
    is_leased = bool(account.lease_expires_at and account.lease_expires_at > now)
    is_answered = asked_at is None or (
        any(moment >= asked_at for moment in answers) and not is_leased
    )
    is_overdue = not is_answered and asked_at is not None and now - asked_at > PATIENCE
    is_running = not is_answered and not is_overdue
    return Receiving(
        account=account,
        asked_at=asked_at,
        is_running=is_running,
        is_overdue=is_overdue,
        new_messages=0 if after_pk is None else messages.filter(pk__gt=after_pk).count(),
        newest_pk=newest,
        known_pk=after_pk if is_running and after_pk is not None else newest,
        has_failed=account.receive_health
        not in {MailAccount.Health.UNTRIED, MailAccount.Health.WORKING},
    )


def _find(user, public_id) -> MailAccount:
    accounts = MailAccount.objects.visible_to(user).select_related("incoming_server")
    return get_object_or_404(accounts, public_id=public_id)


def _since(request: HttpRequest) -> tuple[datetime | None, int | None]:
    """Read ``asked`` (seconds since the epoch) and ``after`` (newest row known); nonsense counts as absent."""
    try:
        asked = datetime.fromtimestamp(float(request.GET["asked"]), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        asked = None
    if asked and abs(timezone.now() - asked) > LONGEST_WAIT:
        asked = None
    try:
        after = int(request.GET["after"])
    except (KeyError, ValueError):
        after = None
    return asked, after


@function_required("webmail")
@require_POST
def receive_now(request: HttpRequest, public_id) -> HttpResponse:
    """Ask a worker to receive this account now; the answer is the line that goes on asking."""
    account = _find(request.user, public_id)
    asked_at = timezone.now()
    before = state_of(account).newest_pk
    ring(tasks.receive_now, account.pk)
    return render(
        request, "webmail/_receiving.html", {"receiving": state_of(account, asked_at, before)}
    )


def _figures(request: HttpRequest, account: MailAccount, after_pk: int | None) -> str:
    """Out-of-band pieces: the figures of the folders in which messages arrived after ``after_pk``."""
    arrived = Message.objects.filter(account=account, pk__gt=after_pk or 0).values("mailbox")
    concerned = Mailbox.objects.visible_to(request.user).filter(pk__in=arrived)
    figures = folders.figures(concerned).items()
    return render_to_string("webmail/_counts.html", {"figures": figures}, request=request)


@function_required("webmail")
@require_safe
@never_cache
def state(request: HttpRequest, public_id) -> HttpResponse:
    """The line above the list, asked for again while receiving runs and from time to time otherwise."""
    account = _find(request.user, public_id)
    asked_at, after_pk = _since(request)
    receiving = state_of(account, asked_at, after_pk)
    response = render(request, "webmail/_receiving.html", {"receiving": receiving})
    if receiving.new_messages and not receiving.is_running:
        if request.htmx.current_url_abs_path != reverse("webmail:home"):  # no folders there yet
            response.write(_figures(request, account, after_pk))
        response["HX-Trigger-After-Settle"] = "webmail:received"
    return response
