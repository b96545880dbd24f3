"""My connections: which mailboxes the groupware may open, and how to end that."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from oauthservers import vault
from oauthservers.models import AuthorizationRequest, Grant
from oauthservers.signals import uses_wanted
from oauthservers.views.authorize import may_leave


@login_required
@require_safe
def connections(request: HttpRequest) -> HttpResponse:
    """Every mailbox the person authorized, with its state."""
    grants = (
        Grant.objects.usable_by(request.user).select_related("server").order_by("mailbox_address")
    )
    context = {
        "connections": [(grant, _uses_of(grant)) for grant in grants],
        "authorization": _outcome(request),
    }
    response = render(request, "oauthservers/connections.html", context)
    return may_leave(response)


@login_required
@require_POST
def disconnect(request: HttpRequest, grant_id: UUID) -> HttpResponse:
    """Erase the tokens of a connection and tell its server."""
    grant = get_object_or_404(Grant.objects.usable_by(request.user), public_id=grant_id)
    was_told = vault.revoke(grant)
    if was_told:
        text = _("%(mailbox)s is disconnected.")
    else:
        text = _(
            "%(mailbox)s is disconnected here. %(server)s keeps its permission until you remove it in your account there."
        )
    messages.success(
        request, text % {"mailbox": grant.mailbox_address, "server": grant.server.name}
    )
    return redirect("oauthservers:grants")


def _uses_of(grant: Grant) -> list[str]:
    """What stops without this connection, in the words of those who use it."""
    answers = uses_wanted.send(sender=Grant, grant=grant)
    return [line for _receiver, lines in answers for line in lines]


def _outcome(request: HttpRequest) -> AuthorizationRequest | None:
    """The attempt that the person just came back from, if it failed."""
    try:
        public_id = UUID(request.GET.get("authorization", ""))
    except ValueError:
        return None
    return AuthorizationRequest.objects.of(request.user).filter(public_id=public_id).first()
