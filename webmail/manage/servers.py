"""The mail servers that people may choose: registered once, used by every account."""

from __future__ import annotations

from django.contrib import messages as flash
from django.db import transaction
from django.db.models import Count, ProtectedError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from groupware.audit.changes import changes, snapshot
from groupware.audit.record import record
from groupware.functions.permissions import function_admin_required
from groupware.parameters import public_id as public_id_of
from oauthservers.models import AuthorizationServer
from webmail import server_check
from webmail.forms.server import MailServerForm
from webmail.models import MailAccount, MailServer


def _servers():
    return (
        MailServer.objects.registered()
        .select_related("authorization_server")
        .order_by("name", "protocol")
    )


def accounts_of(server: MailServer):
    """The accounts that use a server in either direction."""
    return (
        MailAccount.objects.filter(incoming_server=server)
        | MailAccount.objects.filter(outgoing_server=server)
    ).distinct()


@function_admin_required("webmail")
@require_safe
@never_cache
def server_list(request: HttpRequest) -> HttpResponse:
    """Every registered server, and how many accounts use it."""
    servers = _servers().annotate(
        receiving=Count("receiving_accounts", distinct=True),
        sending=Count("sending_accounts", distinct=True),
    )
    context = {
        "servers": servers,
        "columns": [
            {"label": _("Name")},
            {"label": _("Server")},
            {"label": _("Security")},
            {"label": _("Authorization server")},
            {"label": _("Accounts"), "is_figures": True},
            {"label": _("State")},
        ],
    }
    return render(request, "webmail/manage/servers.html", context)


def _page(
    request: HttpRequest, form: MailServerForm, server: MailServer | None, **more: object
) -> HttpResponse:
    users = accounts_of(server).select_related("owner") if server else MailAccount.objects.none()
    context = {
        "form": form,
        "server": server,
        "used_by": users[:20],
        "used_count": users.count(),
        **more,
    }
    return render(
        request, "webmail/manage/server.html", context, status=422 if form.errors else 200
    )


def _asked_for(request: HttpRequest) -> dict[str, object]:
    """The authorization server whose page sent the administrator here."""
    named = public_id_of(request.GET.get("authorization_server"))
    return {"authorization_server": AuthorizationServer.objects.filter(public_id=named).first()}


@function_admin_required("webmail")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def server_new(request: HttpRequest) -> HttpResponse:
    """Register a server."""
    form = MailServerForm(request.POST or None, initial=_asked_for(request))
    if request.method == "POST" and form.is_valid():
        made = form.save()
        given = changes({}, snapshot(made, form.fields))
        record("webmail.server.created", target=made, details=given)
        flash.success(request, _("Saved."))
        return redirect("webmail:manage_servers")
    return _page(request, form, None)


@function_admin_required("webmail")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def server(request: HttpRequest, public_id) -> HttpResponse:
    """Change a server for all accounts that use it."""
    found = get_object_or_404(_servers(), public_id=public_id)
    form = MailServerForm(request.POST or None, instance=found)
    before = snapshot(found, form.fields)
    if request.method == "POST" and form.is_valid():
        form.save()
        if details := changes(before, snapshot(found, form.fields)):
            record("webmail.server.updated", target=found, details=details)
        flash.success(request, _("Saved."))
        return redirect("webmail:manage_servers")
    if form.errors:
        found = get_object_or_404(_servers(), public_id=public_id)
    return _page(request, form, found)


@function_admin_required("webmail")
@require_POST
@never_cache
def test(request: HttpRequest, public_id) -> HttpResponse:
    """Try the way to the server, step by step; nobody signs in."""
    found = get_object_or_404(_servers(), public_id=public_id)
    context = {"server": found, "checks": server_check.check(found)}
    if request.headers.get("HX-Request"):
        return render(request, "webmail/manage/_server_test.html", context)
    return _page(request, MailServerForm(instance=found), found, checks=context["checks"])


@function_admin_required("webmail")
@require_POST
def delete(request: HttpRequest, public_id) -> HttpResponse:
    """Remove a server that no account uses."""
    found = get_object_or_404(_servers(), public_id=public_id)
    name = found.name
    try:
        with transaction.atomic():
            record("webmail.server.deleted", target=found)
            found.delete()
    except ProtectedError:
        flash.error(request, _("%(server)s is in use and was not removed.") % {"server": name})
        return redirect("webmail:manage_server", public_id)
    flash.success(request, _("%(server)s was removed.") % {"server": name})
    return redirect("webmail:manage_servers")
