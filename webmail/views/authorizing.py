"""Leave for an authorization server from the account form, and come back to it with a connection.

One consent covers both directions where both servers trust the same authorization server. A failed or cancelled
attempt touches nothing: the connection that the account had stays.
"""

from __future__ import annotations

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from groupware.audit.record import record
from groupware.functions.permissions import function_required
from groupware.parameters import public_id as public_id_of
from oauthservers.errors import OAuthError
from oauthservers.flows import authorization_code
from oauthservers.models import AuthorizationServer, Grant
from webmail import sync, tasks
from webmail.models import MailAccount
from webmail.views.bell import ring

Send = MailAccount.SendAuthentication


def receives_with_grant(account: MailAccount) -> bool:
    """Whether receiving needs a connection."""
    return account.receive_authentication == MailAccount.ReceiveAuthentication.OAUTH2


def sends_with_grant(account: MailAccount) -> bool:
    """Whether sending needs a connection of its own or shares that of receiving."""
    if account.send_authentication == Send.SAME_AS_RECEIVING:
        return receives_with_grant(account)
    return account.send_authentication == Send.OAUTH2


def server_of(account: MailAccount, direction: str) -> AuthorizationServer | None:
    """The authorization server of one direction, when that direction uses one."""
    if direction == "receive" and receives_with_grant(account):
        return account.incoming_server.authorization_server
    if direction == "send" and sends_with_grant(account) and account.outgoing_server:
        return account.outgoing_server.authorization_server
    return None


def _directions(account: MailAccount, server: AuthorizationServer) -> list[str]:
    """The directions that one consent at ``server`` serves."""
    return [name for name in ("receive", "send") if server_of(account, name) == server]


def leave(request: HttpRequest, account: MailAccount, direction: str) -> HttpResponse:
    """Redirect to the authorization server of ``direction``, asking for all that the account needs from it."""
    server = server_of(account, direction)
    if server is None:
        return redirect("webmail:account", account.public_id)
    protocols = []
    for name in _directions(account, server):
        side = account.incoming_server if name == "receive" else account.outgoing_server
        if side is not None:
            protocols.append(side.protocol)
    if not request.session.session_key:
        request.session.create()
    try:
        address = authorization_code.begin(
            server=server,
            user=request.user,
            session_key=request.session.session_key,
            mailbox_address=account.address,
            protocols=protocols,
            next_url=reverse("webmail:account_authorized", args=[account.public_id]),
        )
    except OAuthError as error:
        return redirect("oauthservers:refused", error.code)
    return redirect(address)


def bind(account: MailAccount, grant: Grant) -> list[str]:
    """Use ``grant`` for the directions it is for; return them. Empty when it is for another mailbox or server."""
    if grant.mailbox_address.casefold() != account.address.casefold():
        return []
    if grant.state != Grant.State.ACTIVE:
        return []
    directions = _directions(account, grant.server)
    if not directions:
        return []
    columns = set()
    for name in directions:
        if name == "send" and account.send_authentication == Send.SAME_AS_RECEIVING:
            account.send_health = MailAccount.Health.UNTRIED
            columns.add("send_health")
            continue
        setattr(account, f"{name}_grant", grant)
        setattr(account, f"{name}_health", MailAccount.Health.UNTRIED)
        columns |= {f"{name}_grant", f"{name}_health"}
    account.save(update_fields=columns)
    sync.resume(account)
    return directions


@function_required("webmail")
@require_safe
@never_cache
def authorized(request: HttpRequest, public_id) -> HttpResponse:
    """Where the authorization server's answer ends: bind the connection and go back to the form."""
    account = get_object_or_404(MailAccount.objects.visible_to(request.user), public_id=public_id)
    form_url = reverse("webmail:account", args=[account.public_id])
    if attempt := request.GET.get("authorization"):
        known = public_id_of(attempt)
        return redirect(f"{form_url}?authorization={known}" if known else form_url)
    grant = _grant(request)
    if grant is None or not bind(account, grant):
        flash.error(request, _("The connection is not for this mail account. Nothing was changed."))
        return redirect(form_url)
    record("webmail.account.authorized", target=account)
    ring(tasks.receive_now, account.pk)
    flash.success(
        request,
        _("%(address)s is authorized. Mail is being received.") % {"address": account.address},
    )
    return redirect(form_url)


def _grant(request: HttpRequest) -> Grant | None:
    usable = Grant.objects.usable_by(request.user).select_related("server")
    return usable.filter(public_id=public_id_of(request.GET.get("grant"))).first()
