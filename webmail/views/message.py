"""The reading pane: a message with its attachments, its headers, its source."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from groupware.functions.permissions import function_required
from webmail import actions, rawstore, tasks
from webmail.mime import parsing, sanitizing
from webmail.models import Mailbox, Message
from webmail.views import body as body_frame
from webmail.views import folders, mailbox
from webmail.views.bell import ring
from webmail.views.downloads import download, file_name

HEADERS_SHOWN = 256 * 1024  # octets
SOURCE_SHOWN = 64 * 1024


@dataclass(frozen=True)
class Content:
    """What the pane shows: ``text_html`` is safe markup; ``in_frame`` when the message has an HTML body."""

    text_html: str
    in_frame: bool
    remote_images: int
    trackers: int
    too_large: bool
    is_missing: bool


def find(user, public_id) -> Message:
    """A message that ``user`` may read, with its folder and account; Http404 otherwise."""
    messages = Message.objects.visible_to(user).select_related(
        "mailbox", "account__incoming_server"
    )
    return get_object_or_404(messages, public_id=public_id)


def content_of(message: Message, request: HttpRequest) -> Content:
    """Read and clean the body. A message whose raw bytes are gone is said to be missing, not empty."""
    try:
        raw = rawstore.read(message.digest)
    except rawstore.RawMissingError:
        return Content("", False, 0, 0, False, True)
    if message.body_state == Message.Body.QUARANTINED:
        # What broke the guarded parser would break the web process here: shown as it came.
        source = raw[:SOURCE_SHOWN].decode("utf-8", "replace")
        return Content(sanitizing.text_to_html(source), False, 0, 0, False, False)
    read = parsing.body(raw)
    if read.html:
        clean = body_frame.cleaned(read.html, message, request)
        if not clean.too_large:
            return Content("", True, clean.remote_images, clean.trackers, False, False)
        return Content(sanitizing.text_to_html(read.text), False, 0, 0, True, False)
    return Content(sanitizing.text_to_html(read.text), False, 0, 0, False, False)


def _raw(message: Message) -> bytes:
    try:
        return rawstore.read(message.digest)
    except rawstore.RawMissingError:
        raise Http404 from None


def _neighbours(user, message: Message) -> dict[str, Message | None]:
    """The messages above and below in the folder's order."""
    listed = Message.objects.visible_to(user).in_mailbox(message.mailbox)
    older = listed.before(message.received_at, message.pk).newest_first().first()
    newer = (
        listed.exclude(pk=message.pk)
        .filter(received_at__gte=message.received_at)
        .exclude(received_at=message.received_at, pk__lt=message.pk)
        .order_by("received_at", "pk")
        .first()
    )
    return {"older": older, "newer": newer}


@function_required("webmail")
@require_safe
@never_cache
def message(request: HttpRequest, public_id) -> HttpResponse:
    """Show a message: the pane alone for a click in the list, the whole screen otherwise."""
    found = find(request.user, public_id)
    context = {
        "message": found,
        "mailbox": found.mailbox,
        "account": found.account,
        "content": content_of(found, request),
        "attachments": found.parts.filter(is_attachment=True).order_by("pk"),
        "in_trash": found.mailbox.role == "trash",
        "in_junk": found.mailbox.role == "junk",
        "is_read_only": mailbox.is_read_only(request.user, found.account),
        **_neighbours(request.user, found),
    }
    if request.htmx.target == "reading":
        context["targets"] = folders.rows_of(found.account.mailboxes.filter(is_selectable=True))
        return render(request, "webmail/_message.html", context)
    context |= mailbox.list_context(request.user, found.mailbox)
    return render(request, "webmail/mailbox.html", context)


@function_required("webmail")
@require_POST
def seen(request: HttpRequest, public_id) -> HttpResponse:
    """Mark a message read because it was opened. A POST of our own page: a mail cannot trigger it."""
    found = find(request.user, public_id)
    before = figures_of(request.user)
    if not found.is_seen:
        actions.mark_seen(
            request.user, Message.objects.visible_to(request.user).filter(pk=found.pk)
        )
        ring(tasks.push_operations, found.account_id)
        found.refresh_from_db()
    return HttpResponse(rows_of(request, [found]) + counts(request, before))


def rows_of(request: HttpRequest, changed: list[Message]) -> str:
    """Out-of-band pieces: the rows as they are now."""
    rows = []
    for row in changed:
        context = {
            "row": row,
            "is_swap": True,
            "shows_recipients": row.mailbox.role in mailbox.RECIPIENT_ROLES,
        }
        rows.append(render_to_string("webmail/_row.html", context, request=request))
    return "".join(rows)


def figures_of(user) -> dict[UUID, int]:
    """The figures of every folder in the pane of ``user``."""
    return folders.figures(Mailbox.objects.visible_to(user))


def counts(request: HttpRequest, before: dict[UUID, int]) -> str:
    """Out-of-band pieces: the figures of the folder pane that are not what they were in ``before``."""
    changed = [pair for pair in figures_of(request.user).items() if before.get(pair[0]) != pair[1]]
    return render_to_string("webmail/_counts.html", {"figures": changed}, request=request)


@function_required("webmail")
@require_safe
@never_cache
def headers(request: HttpRequest, public_id) -> HttpResponse:
    """The header section as it came, as text."""
    found = find(request.user, public_id)
    raw = _raw(found)[:HEADERS_SHOWN]
    section = raw.replace(b"\r\n", b"\n").split(b"\n\n", 1)[0]
    text = section.decode("utf-8", "replace")
    return render(request, "webmail/_headers.html", {"message": found, "header_text": text})


@function_required("webmail")
@require_safe
def source(request: HttpRequest, public_id) -> HttpResponse:
    """Download the message as it came (RFC 5322), as an .eml file."""
    found = find(request.user, public_id)
    response = download(_raw(found), "application/octet-stream")
    name = file_name(found.subject, "message") + ".eml"
    response["Content-Disposition"] = content_disposition_header(True, name)
    return response
