"""The outbox: what waits, what is on its way, what was refused, and what nobody knows about."""

from __future__ import annotations

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from groupware.functions.permissions import function_required
from groupware.parameters import public_id
from webmail import outbox, tasks
from webmail.error_messages import Advice, advise
from webmail.models import MailAccount, OutgoingMessage
from webmail.views import folders
from webmail.views.bell import ring
from webmail.views.compose import find

State = OutgoingMessage.State


def _entries(user) -> list[tuple[OutgoingMessage, Advice | None]]:
    """Messages of the outbox with what to tell about those that did not go through."""
    found = (
        OutgoingMessage.objects.visible_to(user)
        .in_outbox()
        .select_related("account", "author")
        .order_by("-queued_at")
    )
    return [(outgoing, _advice(outgoing)) for outgoing in found]


def _advice(outgoing: OutgoingMessage) -> Advice | None:
    """What to tell about an error; a message that is not tried again by itself waits for its author."""
    if not outgoing.error_code:
        return None
    waits = outgoing.state in {State.FAILED, State.UNCLEAR}
    return advise(outgoing.error_code, "send", MailAccount.Health.OWNER_REQUIRED if waits else "")


def _context(user) -> dict[str, object]:
    return {"entries": _entries(user), "now": timezone.now()}


@function_required("webmail")
@require_safe
@never_cache
def outbox_page(request: HttpRequest) -> HttpResponse:
    """Everything that was handed over and is not known to have left; asks for itself while something moves."""
    if request.htmx.target == "outbox":
        return render(request, "webmail/_outbox.html", _context(request.user))
    context = {**folders.pane(request.user, section="outbox"), **_context(request.user)}
    return render(request, "webmail/outbox.html", context)


@function_required("webmail")
@require_safe
@never_cache
def sending(request: HttpRequest) -> HttpResponse:
    """The strip that says what is about to be sent, with Undo; it ends with sent, or with a link to the outbox."""
    watched = request.GET.getlist("id")[:20]
    return render(request, "webmail/_sending.html", strip(request.user, watched))


def strip(user, watched: list[str]) -> dict[str, object]:
    """Messages that can still be undone or are being sent, and the outcome of those in ``watched``."""
    mine = OutgoingMessage.objects.visible_to(user).filter(author=user)
    moving = mine.filter(state__in=[State.QUEUED, State.SENDING], attempts__lte=1).order_by(
        "queued_at"
    )
    outcomes = mine.exclude(state__in=[State.QUEUED, State.SENDING, State.DRAFT])
    ids = [found for found in map(public_id, watched) if found]
    return {
        "moving": moving[:5],
        "outcomes": outcomes.filter(public_id__in=ids)[:5] if ids else [],
        "now": timezone.now(),
    }


@function_required("webmail")
@require_POST
def cancel(request: HttpRequest, public_id) -> HttpResponse:
    """Undo sending: back to the draft while it has not left."""
    found = find(request.user, public_id)
    if outbox.cancel(found, by=request.user):
        flash.success(request, _("Not sent. The message is a draft again."))
        return redirect("webmail:draft", found.public_id)
    flash.info(request, _("It is too late to undo: the message is on its way."))
    return redirect("webmail:outbox")


@function_required("webmail")
@require_POST
def retry(request: HttpRequest, public_id) -> HttpResponse:
    """Try a message that was refused once more, unchanged."""
    found = find(request.user, public_id)
    outbox.retry(found)
    ring(tasks.deliver, found.pk)
    return redirect("webmail:outbox")


@function_required("webmail")
@require_POST
def edit(request: HttpRequest, public_id) -> HttpResponse:
    """Take a message that was refused back into the composer."""
    found = find(request.user, public_id)
    if outbox.cancel(found, by=request.user):
        return redirect("webmail:draft", found.public_id)
    flash.info(request, _("It is too late to undo: the message is on its way."))
    return redirect("webmail:outbox")


@function_required("webmail")
@require_POST
def arrived(request: HttpRequest, public_id) -> HttpResponse:
    """The person knows that an unclear message arrived."""
    outbox.confirm_arrived(find(request.user, public_id))
    flash.success(request, _("Marked as sent."))
    return redirect("webmail:outbox")


@function_required("webmail")
@require_POST
def send_again(request: HttpRequest, public_id) -> HttpResponse:
    """The person decides that an unclear message goes out once more."""
    found = find(request.user, public_id)
    outbox.send_again(found)
    ring(tasks.deliver, found.pk)
    return redirect("webmail:outbox")
