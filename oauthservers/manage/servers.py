"""The registry of authorization servers: list, add, look at, change, switch, delete."""

from __future__ import annotations

from itertools import groupby
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, ProtectedError, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from groupware.audit.record import record
from groupware.functions.permissions import system_admin_required
from groupware.tables import Column, columns
from oauthservers.manage import connection_tests, editing, preset_words, settings_page
from oauthservers.manage.forms import ServerForm
from oauthservers.manage.usage import usage_of
from oauthservers.models import AuthorizationServer, Grant
from oauthservers.providers.presets import PRESETS_BY_KEY, Preset, preset_of
from oauthservers.signals import server_registered


@system_admin_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """All servers with what is known of them."""
    mailboxes = Count("grants", filter=~Q(grants__state=Grant.State.REVOKED))
    servers = AuthorizationServer.objects.manageable_by(request.user).annotate(mailboxes=mailboxes)
    for server in servers:
        server.warnings = settings_page.credential_warnings(server)
    context = {
        "servers": servers,
        "columns": columns(
            _("Name"),
            _("Kind"),
            _("Use"),
            _("Connection"),
            _("Client secret"),
            Column(_("Mailboxes"), is_figures=True),
        ),
    }
    return render(request, "oauthservers/servers.html", context)


@system_admin_required
@require_safe
def choose_kind(request: HttpRequest) -> HttpResponse:
    """What is known by name, in groups; the last one is for everything else."""
    listed = [(preset_words.group(p), p, preset_words.about(p)) for p in PRESETS_BY_KEY.values()]
    groups = [
        (title, [(preset, about) for _group, preset, about in presets])
        for title, presets in groupby(listed, key=lambda entry: entry[0])
    ]
    return render(request, "oauthservers/choose_kind.html", {"groups": groups})


@system_admin_required
@require_http_methods(["GET", "POST"])
@never_cache
def add(request: HttpRequest, kind: str) -> HttpResponse:
    """Add a server from a preset. Its redirect URI is known once it is saved, so that comes next."""
    preset = PRESETS_BY_KEY.get(kind)
    if preset is None:
        raise Http404
    form = ServerForm(
        request.POST or None,
        request.FILES or None,
        initial=preset_words.initial(preset),
        preset=preset,
    )
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            server = editing.save(form)
            made = _register_mail_servers(server, preset, form.cleaned_data.get("mail_servers", []))
        connection_tests.ask_for(server)
        messages.success(request, _added(server, made))
        return redirect("oauthservers:server", server.public_id)
    return _form_page(request, form, {"preset": preset, "about": preset_words.about(preset)})


def _register_mail_servers(
    server: AuthorizationServer, preset: Preset, keys: list[str]
) -> int | None:
    """Let the app that owns mail servers register the chosen ones; None when nobody was asked for any."""
    chosen = [entry for entry in preset.mail_servers if entry.key in keys]
    if not chosen:
        return None
    answers = server_registered.send(
        AuthorizationServer, server=server, preset=preset, mail_servers=chosen
    )
    return sum(answer for _receiver, answer in answers if isinstance(answer, int))


def _added(server: AuthorizationServer, made: int | None) -> str:
    text = _("%(server)s is added. Register its redirect URI there.") % {"server": server}
    if made is None:
        return text
    return f"{text} {_linked(made)}"


def _linked(made: int) -> str:
    return ngettext(
        "%(count)d mail server is linked to it.", "%(count)d mail servers are linked to it.", made
    ) % {"count": made}


@system_admin_required
@require_safe
@never_cache
def show(request: HttpRequest, server_id: UUID) -> HttpResponse:
    """Everything about a server that may be seen; secrets are never among it."""
    server = _server(request, server_id)
    return render(request, "oauthservers/server.html", settings_page.context(server))


@system_admin_required
@require_http_methods(["GET", "POST"])
@never_cache
def edit(request: HttpRequest, server_id: UUID) -> HttpResponse:
    """Change a server. Whoever comes second is told, and both changes are kept."""
    with transaction.atomic():
        server = _server(request, server_id, is_locked=request.method == "POST")
        form = editing.ServerEditForm(
            request.POST or None,
            request.FILES or None,
            instance=server,
            preset=preset_of(server.preset_key, server.provider),
        )
        context: dict[str, Any] = {}
        if request.method == "POST" and form.is_valid():
            conflicts = form.conflicts()
            if not conflicts:
                server = editing.save(form)
                connection_tests.ask_for(server)
                messages.success(request, _("%(server)s is saved.") % {"server": server})
                return redirect("oauthservers:server", server.public_id)
            context = {"conflicts": conflicts, "last_change": editing.last_change(server)}
            form = form.merged(_server(request, server_id))
    return _form_page(request, form, {"server": _server(request, server_id), **context})


def _form_page(request: HttpRequest, form: ServerForm, context: dict[str, Any]) -> HttpResponse:
    # A form that was refused, or that met somebody else's change, saved nothing.
    status = 422 if form.is_bound else 200
    return render(
        request, "oauthservers/server_form.html", {"form": form, **context}, status=status
    )


@system_admin_required
@require_POST
def switch(request: HttpRequest, server_id: UUID) -> HttpResponse:
    """Take a server into use or out of it. Connections stay what they are."""
    server = _server(request, server_id)
    is_used = request.POST.get("use") == "1"
    if is_used != server.is_enabled:
        server.is_enabled = is_used
        server.save(update_fields=["is_enabled", "updated_at"])
        record("oauthservers.server.switched", target=server, details={"use": is_used})
    text = (
        _("%(server)s is in use.")
        if is_used
        else _(
            "%(server)s is switched off. Its connections are kept and go on when it is switched on."
        )
    )
    messages.success(request, text % {"server": server})
    if request.POST.get("back") == "server":
        return redirect("oauthservers:server", server_id)
    return redirect("oauthservers:servers")


@system_admin_required
@require_POST
def register_mail_servers(request: HttpRequest, server_id: UUID) -> HttpResponse:
    """Register the mail servers of the preset that this server was made of."""
    server = _server(request, server_id)
    preset = preset_of(server.preset_key, server.provider)
    with transaction.atomic():
        made = _register_mail_servers(server, preset, [entry.key for entry in preset.mail_servers])
    if made:
        messages.success(request, _linked(made))
    return redirect("oauthservers:server", server_id)


@system_admin_required
@require_POST
def change_secrets(request: HttpRequest, server_id: UUID) -> HttpResponse:
    """Make the second secret the first, or remove the second."""
    with transaction.atomic():
        server = _server(request, server_id, is_locked=True)
        done = editing.change_secrets(server, request.POST.get("act", ""))
    if done:
        messages.success(request, done)
    else:
        messages.error(request, _("There is no second secret any more. Nothing was changed."))
    return redirect("oauthservers:server", server_id)


@system_admin_required
@require_POST
def delete(request: HttpRequest, server_id: UUID) -> HttpResponse:
    """Delete a server that nothing refers to; otherwise say what does."""
    server = _server(request, server_id)
    name, usage = str(server), usage_of(server)
    if usage.is_used:
        messages.error(
            request,
            _("%(server)s is in use and stays. It is used by: %(users)s")
            % {"server": name, "users": ", ".join(usage.names)},
        )
        return redirect("oauthservers:server", server.public_id)
    try:
        with transaction.atomic():
            Grant.objects.filter(server=server, state=Grant.State.REVOKED).delete()
            server.delete()
            record("oauthservers.server.deleted", target=server)
    except ProtectedError:  # taken into use between the question and the answer
        messages.error(request, _("%(server)s is in use and stays.") % {"server": name})
        return redirect("oauthservers:server", server_id)
    messages.success(request, _("%(server)s is deleted.") % {"server": name})
    return redirect("oauthservers:servers")


def _server(
    request: HttpRequest, server_id: UUID, *, is_locked: bool = False
) -> AuthorizationServer:
    servers = AuthorizationServer.objects.manageable_by(request.user)
    if is_locked:
        servers = servers.select_for_update()
    return get_object_or_404(servers, public_id=server_id)
