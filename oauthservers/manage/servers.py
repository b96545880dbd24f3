"""The registry of authorization servers: list, add, change, switch, test, delete."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, ProtectedError, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from groupware.audit.record import record
from groupware.functions.permissions import system_admin_required
from groupware.tables import columns
from oauthservers import diagnosis
from oauthservers.error_messages import advise
from oauthservers.manage.forms import ServerForm
from oauthservers.models import AuthorizationServer, Grant

_USERS_SHOWN = 5
_CHECKS = "oauthservers.connection_test"


@system_admin_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """All servers with what is known of them."""
    mailboxes = Count("grants", filter=~Q(grants__state=Grant.State.REVOKED))
    servers = AuthorizationServer.objects.manageable_by(request.user).annotate(mailboxes=mailboxes)
    context = {
        "servers": servers,
        "columns": columns(_("Name"), _("Kind"), _("Use"), _("Connection"), _("Mailboxes")),
    }
    return render(request, "oauthservers/servers.html", context)


@system_admin_required
@require_safe
def choose_kind(request: HttpRequest) -> HttpResponse:
    """What kind of server is to be added."""
    return render(
        request, "oauthservers/choose_kind.html", {"kinds": AuthorizationServer.Kind.choices}
    )


@system_admin_required
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, kind: str) -> HttpResponse:
    """Add a server. Its redirect URI is known once it is saved, so that comes next."""
    if kind not in AuthorizationServer.Kind.values:
        raise Http404
    form = ServerForm(request.POST or None, request.FILES or None, kind=kind)
    if request.method == "POST" and form.is_valid():
        server = form.save()
        record("oauthservers.server.added", target=server, details={"kind": kind})
        messages.success(
            request, _("%(server)s is added. Register its redirect URI there.") % {"server": server}
        )
        return redirect("oauthservers:server", server.public_id)
    context = {"form": form, "kind": AuthorizationServer.Kind(kind)}
    return render(request, "oauthservers/server.html", context)


@system_admin_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, server_id: UUID) -> HttpResponse:
    """Change a server; its client secret is never shown."""
    server = _server(request, server_id)
    form = ServerForm(
        request.POST or None, request.FILES or None, instance=server, kind=server.provider
    )
    if request.method == "POST" and form.is_valid():
        server = form.save()
        record(
            "oauthservers.server.changed",
            target=server,
            details={"fields": sorted(form.changed_data)},
        )
        messages.success(request, _("%(server)s is saved.") % {"server": server})
        return redirect("oauthservers:server", server.public_id)
    return _page(request, _server(request, server_id), form)


def _page(request: HttpRequest, server: AuthorizationServer, form: ServerForm) -> HttpResponse:
    tested = request.session.pop(_CHECKS, {})
    context = {
        "form": form,
        "server": server,
        "kind": AuthorizationServer.Kind(server.provider),
        "users": _users(server),
        "fault": advise(server.fault_code, server=server.name) if server.fault_code else None,
        "checks": tested.get("checks") if tested.get("server") == str(server.public_id) else None,
    }
    return render(request, "oauthservers/server.html", context)


@system_admin_required
@require_POST
def test(request: HttpRequest, server_id: UUID) -> HttpResponse:
    """Test the connection now, and show the steps."""
    checks = diagnosis.check(_server(request, server_id))
    request.session[_CHECKS] = {
        "server": str(server_id),
        "checks": [asdict(check) for check in checks],
    }
    return redirect("oauthservers:server", server_id)


@system_admin_required
@require_POST
def switch(request: HttpRequest, server_id: UUID) -> HttpResponse:
    """Take a server into use or out of it."""
    server = _server(request, server_id)
    server.is_enabled = request.POST.get("use") == "1"
    server.save(update_fields=["is_enabled", "updated_at"])
    record("oauthservers.server.switched", target=server, details={"use": server.is_enabled})
    text = _("%(server)s is in use.") if server.is_enabled else _("%(server)s is switched off.")
    messages.success(request, text % {"server": server})
    return redirect("oauthservers:servers")


@system_admin_required
@require_POST
def delete(request: HttpRequest, server_id: UUID) -> HttpResponse:
    """Delete a server that nothing refers to; otherwise say what does."""
    server = _server(request, server_id)
    name = str(server)
    if users := _users(server):
        messages.error(
            request,
            _("%(server)s is in use and stays. It is used by: %(users)s")
            % {"server": name, "users": ", ".join(users)},
        )
        return redirect("oauthservers:server", server.public_id)
    Grant.objects.filter(server=server, state=Grant.State.REVOKED).delete()
    try:
        server.delete()
    except ProtectedError:  # taken into use between the question and the answer
        messages.error(request, _("%(server)s is in use and stays.") % {"server": name})
        return redirect("oauthservers:server", server.public_id)
    record("oauthservers.server.deleted", target=server)
    messages.success(request, _("%(server)s is deleted.") % {"server": name})
    return redirect("oauthservers:servers")


def _server(request: HttpRequest, server_id: UUID) -> AuthorizationServer:
    return get_object_or_404(
        AuthorizationServer.objects.manageable_by(request.user), public_id=server_id
    )


def _users(server: AuthorizationServer) -> list[str]:
    """Who uses the server, by name: mail servers that name it, then mailboxes that are connected through it."""
    names = [str(mail_server) for mail_server in server.mail_servers.all()[:_USERS_SHOWN]]
    grants = server.grants.exclude(state=Grant.State.REVOKED).order_by("mailbox_address")
    names += [grant.mailbox_address for grant in grants[:_USERS_SHOWN]]
    more = server.mail_servers.count() + grants.count() - len(names)
    return [*names, _("and %(count)d more") % {"count": more}] if more > 0 else names
