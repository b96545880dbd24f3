"""Guides: how the groupware is registered at each kind of authorization server."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from groupware.functions.permissions import system_admin_required
from oauthservers import guides
from oauthservers.models import AuthorizationServer


@system_admin_required
@require_safe
def guide(request: HttpRequest, key: str) -> HttpResponse:
    """One guide; ``?server=`` fills in the values of a server that is registered already."""
    if key not in guides.GUIDES:
        raise Http404
    server = None
    if named := request.GET.get("server"):
        try:
            public_id = UUID(named)
        except ValueError:
            raise Http404 from None
        servers = AuthorizationServer.objects.manageable_by(request.user)
        server = servers.filter(public_id=public_id).first()
    others = [other for other in guides.GUIDES.values() if other.key != key]
    context = {"guide": guides.GUIDES[key], "server": server, "others": others}
    return render(request, "oauthservers/guide.html", context)
