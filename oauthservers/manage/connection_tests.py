"""The connection test: started by a button, run by a worker, shown step by step."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from groupware.functions.permissions import system_admin_required
from oauthservers import diagnosis, tasks
from oauthservers.models import AuthorizationServer


class MailboxForm(forms.Form):
    """The one mailbox at which a token for application access is tried; empty: none."""

    mailbox = forms.EmailField(max_length=320, required=False)


@system_admin_required
@require_POST
def test(request: HttpRequest, server_id: UUID) -> HttpResponse:
    """Let a worker test the connection; without a broker, test it here."""
    server = _server(request, server_id)
    form = MailboxForm(request.POST)
    if not form.is_valid():
        messages.error(
            request,
            _("This is not a mail address. Write it as haruka@example.jp, or leave it out."),
        )
    elif not diagnosis.claim(server):
        messages.info(request, _("A test is running already."))
    else:
        given = (server.pk, form.cleaned_data["mailbox"])
        try:
            tasks.test_server.apply_async(args=given, retry=False)
        except OperationalError:
            tasks.test_server(*given)
    if request.headers.get("HX-Request"):
        return checks(request, server_id)
    return redirect("oauthservers:server", server_id)


def ask_for(server: AuthorizationServer) -> None:
    """Have a server that was just saved tested by a worker; nobody need press anything to learn that it works."""

    def ring() -> None:
        if not server.is_enabled or not diagnosis.claim(server):
            return
        try:
            tasks.test_server.apply_async(
                args=[server.pk], kwargs={"is_routine": True}, retry=False
            )
        except OperationalError:  # the next sweep finds it
            diagnosis.give_back(server)

    transaction.on_commit(ring)


@never_cache
@system_admin_required
def checks(request: HttpRequest, server_id: UUID) -> HttpResponse:
    """The live part of the page."""
    context: dict[str, Any] = {"server": _server(request, server_id)}
    return render(request, "oauthservers/_checks.html", context)


live = require_safe(checks)


def _server(request: HttpRequest, server_id: UUID) -> AuthorizationServer:
    servers = AuthorizationServer.objects.manageable_by(request.user)
    return get_object_or_404(servers, public_id=server_id)
