"""Verbs for one message or many: read, unread, flag, archive, junk, delete, move; each can be undone."""

from __future__ import annotations

import json
import secrets
import uuid
from dataclasses import dataclass

from django.contrib import messages as flash
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from groupware.functions.permissions import function_required
from webmail import actions, tasks
from webmail.models import Mailbox, Message
from webmail.models.message import MessageQuerySet
from webmail.views.bell import ring
from webmail.views.message import counts, figures_of, rows_of

LONGEST_TOKEN = 1500  # characters of an address; web servers take about 4,000
SECOND_THOUGHT = (
    7.0  # seconds before the server is told; what is undone until then never reaches it
)
MARKS = frozenset({"read", "unread", "flag", "unflag"})  # the verbs of whoever may read
MOST = 1000  # messages in one request; the list never shows more at once


@dataclass(frozen=True)
class Done:
    """What a verb did: the sentence for the person, the token of its undoing, whether rows left the list."""

    sentence: str
    undo: str
    leaves: bool


def _chosen(request: HttpRequest) -> MessageQuerySet:
    """The messages named in the request that the person may treat like this; Http404 when there is none."""
    try:
        ids = [uuid.UUID(value) for value in request.POST.getlist("message")[:MOST]]
    except ValueError:
        raise Http404 from None
    marks = request.POST.get("verb") in MARKS
    allowed = Message.objects.visible_to if marks else Message.objects.changeable_by
    found = allowed(request.user).filter(public_id__in=ids, is_deleted=False)
    if not found:
        raise Http404
    return found


def _flags(request: HttpRequest, verb: str, chosen: MessageQuerySet) -> Done:
    count = len(chosen)
    if verb in {"read", "unread"}:
        undo = actions.mark_seen(request.user, chosen, seen=verb == "read")
        sentence = (
            ngettext(
                "%(count)d message marked as read.", "%(count)d messages marked as read.", count
            )
            if verb == "read"
            else ngettext(
                "%(count)d message marked as unread.", "%(count)d messages marked as unread.", count
            )
        )
    else:
        undo = actions.mark_flagged(request.user, chosen, flagged=verb == "flag")
        sentence = (
            ngettext("%(count)d message flagged.", "%(count)d messages flagged.", count)
            if verb == "flag"
            else ngettext(
                "Flag removed from %(count)d message.",
                "Flag removed from %(count)d messages.",
                count,
            )
        )
    return Done(sentence % {"count": count}, undo, leaves=False)


def _archive(request: HttpRequest, chosen: MessageQuerySet) -> Done:
    count = len(chosen)
    undo = actions.archive(request.user, chosen)
    sentence = ngettext("%(count)d message archived.", "%(count)d messages archived.", count)
    return Done(sentence % {"count": count}, undo, leaves=True)


def _move(request: HttpRequest, chosen: MessageQuerySet) -> Done:
    writable = Mailbox.objects.changeable_by(request.user)
    target = get_object_or_404(writable, public_id=_uuid(request.POST.get("target", "")))
    movable = chosen.filter(account=target.account_id)
    count = len(movable)
    if not count:
        raise Http404
    undo = actions.move(request.user, movable, target)
    sentence = ngettext(
        "%(count)d message moved to %(folder)s.", "%(count)d messages moved to %(folder)s.", count
    )
    return Done(sentence % {"count": count, "folder": target.label}, undo, leaves=True)


def _delete(request: HttpRequest, chosen: MessageQuerySet) -> Done:
    count = len(chosen)
    for_good = all(
        message.mailbox.role == Mailbox.Role.TRASH for message in chosen.select_related("mailbox")
    )
    undo = actions.delete(request.user, chosen)
    sentence = (
        ngettext(
            "%(count)d message deleted for good.", "%(count)d messages deleted for good.", count
        )
        if for_good
        else ngettext(
            "%(count)d message moved to Trash.", "%(count)d messages moved to Trash.", count
        )
    )
    return Done(sentence % {"count": count}, "" if for_good else undo, leaves=True)


def _junk(request: HttpRequest, verb: str, chosen: MessageQuerySet) -> Done:
    count = len(chosen)
    undo = actions.junk(request.user, chosen, junk=verb == "junk")
    sentence = (
        ngettext("%(count)d message moved to Junk.", "%(count)d messages moved to Junk.", count)
        if verb == "junk"
        else ngettext(
            "%(count)d message moved to the inbox.", "%(count)d messages moved to the inbox.", count
        )
    )
    return Done(sentence % {"count": count}, undo, leaves=True)


def _perform(request: HttpRequest, verb: str, chosen: MessageQuerySet) -> Done | None:
    match verb:
        case "read" | "unread" | "flag" | "unflag":
            return _flags(request, verb, chosen)
        case "archive":
            return _archive(request, chosen)
        case "move":
            return _move(request, chosen)
        case "delete":
            return _delete(request, chosen)
        case "junk" | "not_junk":
            return _junk(request, verb, chosen)
    return None


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Http404 from None


def _short(request: HttpRequest, token: str) -> str:
    """The token, or where the session keeps it when it names too many messages for an address."""
    if len(token) <= LONGEST_TOKEN:
        return token
    name = f"kept-{secrets.token_hex(8)}"
    request.session["webmail_undo"] = {name: token}
    return name


def _told(request: HttpRequest, response: HttpResponse, done: Done, *events: str) -> HttpResponse:
    """Say what was done in a toast, with Undo where there is a way back."""
    toast = {"text": done.sentence}
    if done.undo:
        toast["undo"] = reverse("webmail:undo", args=[_short(request, done.undo)])
    response["HX-Trigger-After-Settle"] = json.dumps({"toast": toast} | dict.fromkeys(events))
    return response


@function_required("webmail")
@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """Do ``verb`` to every ``message`` of the request and tell what was done, with a way back."""
    chosen = _chosen(request)
    ids = list(chosen.values_list("pk", flat=True))
    accounts = set(chosen.values_list("account_id", flat=True))
    gone = list(chosen.values_list("public_id", flat=True))
    origin = chosen.select_related("mailbox").first().mailbox
    before = figures_of(request.user)
    done = _perform(request, request.POST.get("verb", ""), chosen)
    if done is None:
        return HttpResponseBadRequest()
    for account in accounts:
        ring(tasks.push_operations, account, after=SECOND_THOUGHT)
    if not request.htmx:
        flash.success(request, done.sentence)
        return redirect("webmail:mailbox", origin.public_id)
    closes = request.POST.get("from") == "reading" and (
        done.leaves or request.POST["verb"] == "unread"
    )
    changed = (
        []
        if done.leaves
        else list(
            Message.objects.visible_to(request.user).filter(pk__in=ids).select_related("mailbox")
        )
    )
    left = {"gone": gone if done.leaves else [], "closes_reading": closes}
    pieces = render_to_string("webmail/_gone.html", left, request=request)
    response = HttpResponse(pieces + rows_of(request, changed) + counts(request, before))
    if closes:
        response["HX-Push-Url"] = reverse("webmail:mailbox", args=[origin.public_id])
        return _told(request, response, done, "webmail:closed")
    return _told(request, response, done)


@function_required("webmail")
@require_POST
def undo(request: HttpRequest, token: str) -> HttpResponse:
    """Take back one change; the list asks for itself again."""
    before = figures_of(request.user)
    kept = request.session.get("webmail_undo", {})
    accounts = actions.undo(request.user, kept.get(token, token))
    for account in accounts or ():
        ring(tasks.push_operations, account)
    done = Done(
        _("Undone.") if accounts is not None else _("This can no longer be undone."), "", False
    )
    if not request.htmx:
        flash.info(request, done.sentence)
        return redirect("webmail:home")
    return _told(request, HttpResponse(counts(request, before)), done, "webmail:changed")
