"""Mail accounts as a file: written out, read in, looked through, applied."""

from __future__ import annotations

from django import forms
from django.contrib import messages as flash
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from groupware.audit.record import record
from groupware.functions.permissions import function_admin_required
from groupware.tables import Column, columns
from webmail import transfer
from webmail.models import AccountImport, MailAccount
from webmail.transfer.columns import COLUMNS

PAGE = 100
_RECENT = 10
#: The parts of a preview: what the rows would do, in words, with the state that the dot shows.
ACTS = {
    "problem": (gettext_lazy("Problems"), gettext_lazy("Left out"), "act"),
    "add": (gettext_lazy("Added"), gettext_lazy("Is added"), "active"),
    "change": (gettext_lazy("Changed"), gettext_lazy("Is changed"), "waiting"),
    "nothing": (gettext_lazy("Unchanged"), gettext_lazy("Stays as it is"), "off"),
}


class UploadForm(forms.Form):
    """The file."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "CSV with commas, semicolons or tabs, in UTF-8, UTF-16 or Shift_JIS. Up to 5 MB."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
        allow_empty_file=True,
    )


@function_admin_required("webmail")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def files(request: HttpRequest) -> HttpResponse:
    """Where files come from and go to. A file that can be read becomes a preview; nothing else happens."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            text = transfer.decoded(upload.read(transfer.LARGEST + 1))
            transfer.table(text)
        except transfer.ReadError as error:
            form.add_error("file", str(error))
        else:
            found = AccountImport.objects.create(
                file_name=upload.name[:255], content=text, created_by=request.user
            )
            return redirect("webmail:manage_import", found.public_id)
    done = AccountImport.objects.exclude(applied_at=None).select_related("created_by")
    context = {
        "form": form,
        "file_columns": COLUMNS,
        "recent": done.order_by("-applied_at")[:_RECENT],
        "columns": columns(_("Column"), _("Meaning"), _("Example")),
        "recent_columns": columns(
            _("File"),
            _("Applied"),
            _("By"),
            *(Column(words, is_figures=True) for words, _long, _state in ACTS.values()),
        ),
    }
    status = 422 if form.errors else 200
    return render(request, "webmail/manage/transfer.html", context, status=status)


@function_admin_required("webmail")
@require_POST
def export(request: HttpRequest) -> StreamingHttpResponse:
    """All accounts as a file that can be read in again. Exporting is recorded, hence a POST."""
    accounts = MailAccount.objects.manageable_by(request.user)
    accounts = accounts.order_by("kind", "owner__username", "address", "pk")
    record("webmail.accounts.exported", details={"accounts": accounts.count()})
    return as_file(transfer.exported(accounts), "mail-accounts.csv")


def as_file(lines, name: str) -> StreamingHttpResponse:
    """An answer that is saved as a file, line by line, and kept by nobody in between."""
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


def _planned(request: HttpRequest, found: AccountImport) -> transfer.Plan | None:
    """What the file would do now; None once it was applied or is out of date."""
    if found.applied_at or not found.content:
        return None
    return transfer.plan(
        transfer.table(found.content), MailAccount.objects.manageable_by(request.user)
    )


@function_admin_required("webmail")
@require_safe
@never_cache
def preview(request: HttpRequest, public_id) -> HttpResponse:
    """Every row with what it would do, the ones with problems first. Nothing has changed yet."""
    found = get_object_or_404(AccountImport.objects, public_id=public_id)
    planned = _planned(request, found)
    if planned is None:
        return render(request, "webmail/manage/import_done.html", {"found": found})
    shown = request.GET.get("show", "")
    if shown not in ACTS:
        shown = next((act for act in ACTS if planned.counts[act]), "nothing")
    page = Paginator(planned.of(shown), PAGE).get_page(request.GET.get("page"))
    context = {
        "found": found,
        "planned": planned,
        "to_do": planned.counts["add"] + planned.counts["change"],
        "shown": shown,
        "pages_query": f"show={shown}",
        "word": ACTS[shown][1],
        "state": ACTS[shown][2],
        "page": page,
        "tabs": [
            {
                "label": words,
                "url": f"?show={act}",
                "is_current": act == shown,
                "count": planned.counts[act],
            }
            for act, (words, _long, _state) in ACTS.items()
        ],
        "columns": columns(
            Column(_("Row"), is_figures=True),
            _("Person"),
            _("Mail address"),
            _("What is wrong") if shown == "problem" else _("What it does"),
        ),
    }
    return render(request, "webmail/manage/import.html", context)


@function_admin_required("webmail")
@require_POST
def apply(request: HttpRequest, public_id) -> HttpResponse:
    """Do what the preview has shown, or say that it would be something else by now."""
    found = get_object_or_404(AccountImport.objects, public_id=public_id)
    address = reverse("webmail:manage_import", args=[found.public_id])
    try:
        done = transfer.apply(
            found,
            MailAccount.objects.manageable_by(request.user),
            request.POST.get("fingerprint", ""),
        )
    except transfer.ChangedMeanwhileError:
        flash.error(
            request,
            _(
                "Accounts, people or servers changed after the preview was made. Nothing was "
                "applied. Look through the preview again."
            ),
        )
        return redirect(address)
    record("webmail.accounts.imported", target=found, details=done.counts)
    flash.success(
        request,
        _("%(added)d accounts were added, %(changed)d changed.")
        % {"added": done.counts["add"], "changed": done.counts["change"]},
    )
    return redirect(address)


@function_admin_required("webmail")
@require_POST
def discard(request: HttpRequest, public_id) -> HttpResponse:
    """Erase a file that was not applied."""
    found = get_object_or_404(AccountImport.objects, public_id=public_id)
    if not found.applied_at:
        found.delete()
    return redirect("webmail:manage_transfer")
