"""The composer: begin, answer, forward, save while typing, attach, send, discard.

A draft is begun by a POST, so that a link in a mail cannot make one. Saving answers with the version now in force;
the composer sends that version along with the next save.
"""

from __future__ import annotations

import uuid

from django.contrib import messages as flash
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from groupware import parameters
from groupware.functions.permissions import function_required
from webmail import compose, outbox, tasks
from webmail.forms.compose import DraftForm, SendForm
from webmail.models import (
    MailAccount,
    Message,
    OutgoingAttachment,
    OutgoingMessage,
    WebmailPolicy,
)
from webmail.views import folders
from webmail.views.bell import ring
from webmail.views.troubles import troubles_of

Draft = OutgoingMessage.State.DRAFT


def find(user, public_id) -> OutgoingMessage:
    """An outgoing message of ``user``; Http404 otherwise."""
    outgoing = OutgoingMessage.objects.visible_to(user).select_related(
        "account", "original__mailbox"
    )
    return get_object_or_404(outgoing, public_id=public_id)


@function_required("webmail")
@require_POST
def new(request: HttpRequest) -> HttpResponse:
    """Begin an empty message from the account that is open, or from the first one."""
    accounts = MailAccount.objects.sendable_by(request.user).personal_first()
    chosen = request.POST.get("account", "")
    account = None
    if chosen:
        try:
            account = accounts.filter(public_id=uuid.UUID(chosen)).first()
        except ValueError:
            raise Http404 from None
    account = account or accounts.first()
    if account is None:
        flash.info(
            request, _("None of your mail accounts sends. Set up an outgoing mail server first.")
        )
        return redirect("webmail:account_list")
    draft = compose.new(request.user, account, to=parameters.words(request.POST.get("to"))[:2000])
    return redirect("webmail:draft", draft.public_id)


@function_required("webmail")
@require_POST
def answer(request: HttpRequest, public_id, kind: str) -> HttpResponse:
    """Begin a reply, a reply to all or a forward of one message."""
    answerable = Message.objects.changeable_by(request.user).select_related("account")
    original = get_object_or_404(answerable, public_id=public_id)
    if original.account.send_authentication == MailAccount.SendAuthentication.OFF:
        flash.info(
            request, _("This mail account does not send. Set up an outgoing mail server first.")
        )
        return redirect("webmail:account", original.account.public_id)
    if kind == "forward":
        draft = compose.start_forward(original, request.user)
    else:
        draft = compose.start_reply(original, request.user, to_all=kind == "reply-all")
    return redirect("webmail:draft", draft.public_id)


def _composer(request: HttpRequest, draft: OutgoingMessage, form: DraftForm) -> HttpResponse:
    context = {
        **folders.pane(request.user, section="drafts"),
        "draft": draft,
        "form": form,
        "attachments": draft.attachments.all(),
        "size": compose.size_of(draft),
        "limit": compose.limit(),
        "troubles": troubles_of(draft.account, request.user, request.path),
    }
    return render(request, "webmail/composer.html", context, status=422 if form.errors else 200)


@function_required("webmail")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def draft(request: HttpRequest, public_id) -> HttpResponse:
    """Show the composer; a POST sends. A message that already left the draft state leads to the outbox."""
    found = find(request.user, public_id)
    if found.state != Draft:
        return redirect("webmail:outbox")
    if request.method != "POST":
        return _composer(request, found, DraftForm(user=request.user, instance=found))
    form = SendForm(request.POST, user=request.user, instance=found)
    if not form.is_valid():
        return _composer(request, found, form)
    return _send(request, found, form)


def _send(request: HttpRequest, found: OutgoingMessage, form: SendForm) -> HttpResponse:
    """Save what the window shows and queue it, in one transaction; a second press finds it queued already."""
    try:
        with transaction.atomic():
            saved = compose.save_draft(found, form.cleaned_data["version"], form.values())
            if saved.is_conflict:
                form.add_error(None, _conflict_sentence())
                return _composer(request, found, form)
            outbox.queue(found)
    except compose.NotADraftError:
        return redirect("webmail:outbox")
    except outbox.ComposeError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        found.refresh_from_db()
        return _composer(request, found, form)
    ring(tasks.deliver, found.pk, after=WebmailPolicy.current().undo_seconds)
    if found.original:
        return redirect("webmail:message", found.original.public_id)
    inbox = found.account.mailboxes.filter(role="inbox").first()
    return redirect("webmail:mailbox", inbox.public_id) if inbox else redirect("webmail:outbox")


def _conflict_sentence() -> str:
    return _(
        "This draft was changed in another window. Open it again to see what is kept, or copy your text first."
    )


@function_required("webmail")
@require_POST
def save(request: HttpRequest, public_id) -> JsonResponse:
    """Keep what was typed. Answers ``version`` and ``state``: saved, conflict (409), sent (410) or refused (422)."""
    found = find(request.user, public_id)
    form = DraftForm(request.POST, user=request.user, instance=found)
    if not form.is_valid():
        return JsonResponse({"state": "refused", "sentence": _("Not saved yet.")}, status=422)
    try:
        saved = compose.save_draft(found, form.cleaned_data["version"], form.values())
    except compose.NotADraftError:
        sentence = _("This message was sent from another window.")
        return JsonResponse({"state": "sent", "sentence": sentence}, status=410)
    if saved.is_conflict:
        answer = {"state": "conflict", "version": saved.version, "sentence": _conflict_sentence()}
        return JsonResponse(answer, status=409)
    return JsonResponse({"state": "saved", "version": saved.version, "sentence": _("Draft saved.")})


def _attachment_list(request: HttpRequest, draft: OutgoingMessage, error: str = "") -> HttpResponse:
    context = {
        "draft": draft,
        "attachments": draft.attachments.all(),
        "size": compose.size_of(draft),
        "limit": compose.limit(),
        "error": error,
    }
    return render(request, "webmail/_attachments.html", context)


@function_required("webmail")
@require_POST
def attach(request: HttpRequest, public_id) -> HttpResponse:
    """Keep the uploaded files with the draft; those that do not fit are named."""
    found = find(request.user, public_id)
    refused = []
    sentence = ""
    try:
        for file in request.FILES.getlist("file"):
            try:
                compose.attach(found, file)
            except compose.AttachmentTooLargeError as error:
                refused.append(file.name)
                sentence = _(
                    "%(files)s: not attached. A message may have %(limit)d MB including its attachments."
                ) % {"files": ", ".join(refused), "limit": error.limit}
    except compose.NotADraftError:
        sentence = _("This message was sent from another window.")
    return _attachment_list(request, found, sentence)


@function_required("webmail")
@require_POST
def detach(request: HttpRequest, public_id) -> HttpResponse:
    """Take one file out of a draft."""
    visible = OutgoingMessage.objects.visible_to(request.user)
    files = OutgoingAttachment.objects.filter(outgoing__in=visible).select_related("outgoing")
    attachment = get_object_or_404(files, public_id=public_id)
    try:
        compose.remove_attachment(attachment)
    except compose.NotADraftError:
        return _attachment_list(
            request, attachment.outgoing, _("This message was sent from another window.")
        )
    return _attachment_list(request, attachment.outgoing)


@function_required("webmail")
@require_POST
def discard(request: HttpRequest, public_id) -> HttpResponse:
    """Throw a draft or a message that was not sent away."""
    if outbox.discard(find(request.user, public_id)):
        flash.success(request, _("Draft discarded."))
        return redirect("webmail:drafts")
    flash.info(request, _("The message is on its way and cannot be discarded."))
    return redirect("webmail:outbox")


@function_required("webmail")
@require_safe
@never_cache
def drafts(request: HttpRequest) -> HttpResponse:
    """Messages still being written, the newest first."""
    found = OutgoingMessage.objects.visible_to(request.user).drafts().exclude(version=0)
    context = {
        **folders.pane(request.user, section="drafts"),
        "drafts": found.select_related("account").order_by("-updated_at")[:200],
    }
    return render(request, "webmail/drafts.html", context)
