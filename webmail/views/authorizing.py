"""The page on which one mailbox is authorized, by every way that its servers offer, and the way back to it.

A failed or cancelled attempt touches nothing: the connection that the account had stays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages as flash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from groupware.audit.record import record
from groupware.functions.permissions import RefusedError, function_required
from groupware.parameters import public_id as public_id_of
from oauthservers.errors import OAuthError
from oauthservers.flows import application, authorization_code, device_code
from oauthservers.models import AuthorizationRequest, AuthorizationServer
from oauthservers.views.attempts import keep_address
from oauthservers.views.authorize import may_leave
from oauthservers.views.sessions import session_key
from webmail import application_access, authorizations, tasks, token_status
from webmail.models import MailAccount
from webmail.views.authorizing_page import may_change, page_of
from webmail.views.bell import ring


def find(user: Any, public_id: Any) -> MailAccount:
    """An account that ``user`` may authorize; Http404 otherwise."""
    accounts = token_status.prepared(MailAccount.objects.authorizable_by(user), user)
    return get_object_or_404(accounts, public_id=public_id)


def own_path(text: str | None) -> str:
    """``text`` when it is a path of this installation; nothing otherwise."""
    path = (text or "")[:500]
    is_ours = url_has_allowed_host_and_scheme(path, allowed_hosts=None) and path.startswith("/")
    return path if is_ours else ""


@function_required("webmail")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def authorize(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Offer every way to authorize the account; a POST takes one of them."""
    account = find(request.user, public_id)
    if request.method == "POST":
        return _start(request, account, own_path(request.POST.get("next")))
    next_url = own_path(request.GET.get("next"))
    context = page_of(account, request.user, _attempt(request), next_url) | {
        "failed": request.GET.get("failed", "")[:64],
        "back_url": next_url or _home(request, account) or reverse("webmail:home"),
    }
    return may_leave(render(request, "webmail/authorize.html", context))


def _start(request: HttpRequest, account: MailAccount, next_url: str) -> HttpResponse:
    """Take the way that was posted: ``way``, ``server`` (its public id), ``direction`` where it is one alone."""
    servers = {str(server.public_id): server for server in authorizations.servers_of(account)}
    server = servers.get(request.POST.get("server", ""))
    way = _WAYS.get(request.POST.get("way", ""))
    if server is None or way is None:
        raise Http404
    served = authorizations.directions_at(account, server)
    wanted = [name for name in served if name in request.POST.getlist("direction")] or served
    return _taken(request, way, account, server, wanted, next_url)


def _taken(
    request: HttpRequest,
    way: Callable[..., HttpResponse],
    account: MailAccount,
    server: AuthorizationServer,
    wanted: list[str],
    next_url: str,
) -> HttpResponse:
    try:
        return way(request, account, server, wanted, next_url)
    except OAuthError as error:
        return redirect(page_address(account, next=next_url, failed=error.code))


def page_address(account: MailAccount, **query: str) -> str:
    """Where the account is authorized, with what the page shall know."""
    address = reverse("webmail:authorize", args=[account.public_id])
    known = {name: value for name, value in query.items() if value}
    return f"{address}?{urlencode(known)}" if known else address


# -- the ways --------------------------------------------------------------------------------------


def _asked(
    request: HttpRequest,
    account: MailAccount,
    server: AuthorizationServer,
    wanted: list[str],
    next_url: str,
) -> dict[str, Any]:
    return {
        "server": server,
        "user": request.user,
        "owner": account.owner,
        "session_key": session_key(request),
        "mailbox_address": account.sign_in_address,
        "protocols": authorizations.protocols_of(account, wanted),
        "next_url": authorizations.address_after(account, wanted, next_url),
    }


def _by_redirect(request: HttpRequest, *choice: Any) -> HttpResponse:
    return redirect(authorization_code.begin(**_asked(request, *choice)))


def _by_pasted_code(request: HttpRequest, *choice: Any) -> HttpResponse:
    attempt, address = authorization_code.begin_pasted(**_asked(request, *choice))
    keep_address(request, attempt, address)
    return redirect("oauthservers:attempt", attempt.public_id)


def _by_device_code(request: HttpRequest, *choice: Any) -> HttpResponse:
    attempt = device_code.begin(**_asked(request, *choice), language=get_language() or "en")
    return redirect("oauthservers:attempt", attempt.public_id)


def _by_existing(
    request: HttpRequest,
    account: MailAccount,
    server: AuthorizationServer,
    wanted: list[str],
    next_url: str,
) -> HttpResponse:
    usable = authorizations.usable_grants(account, server, request.user)
    grant = get_object_or_404(usable, public_id=public_id_of(request.POST.get("grant")))
    authorizations.bind(account, grant, wanted, by=request.user)
    return _done(request, account, next_url)


def _by_application(
    request: HttpRequest,
    account: MailAccount,
    server: AuthorizationServer,
    wanted: list[str],
    next_url: str,
) -> HttpResponse:
    if not application_access.may_open(account, request.user):
        raise RefusedError("webmail")
    grant = application.connect(
        server=server,
        mailbox_address=account.sign_in_address,
        protocols=authorizations.protocols_of(account, wanted),
        user=request.user,
    )
    authorizations.bind(account, grant, wanted, by=request.user)
    return _done(request, account, next_url)


def _by_delegate(
    request: HttpRequest,
    account: MailAccount,
    server: AuthorizationServer,
    wanted: list[str],
    next_url: str,
) -> HttpResponse:
    """Whoever signed in instead opens this mailbox for others: that is entered, and the sign-in begins again."""
    met = AuthorizationRequest.objects.of(request.user).filter(
        public_id=public_id_of(request.POST.get("attempt")),
        server=server,
        mailbox_address=account.sign_in_address,
        error_code="identity_mismatch",
    )
    attempt = get_object_or_404(met)
    if not may_change(account, request.user):
        raise RefusedError("webmail")
    account.authorized_as = attempt.signed_in_as
    account.save(update_fields=["authorized_as"])
    record("webmail.account.updated", target=account, details={"fields": ["authorized_as"]})
    return _by_redirect(request, account, server, wanted, next_url)


_WAYS = {
    "delegate": _by_delegate,
    "redirect": _by_redirect,
    "pasted": _by_pasted_code,
    "device": _by_device_code,
    "existing": _by_existing,
    "application": _by_application,
}


# -- the way back ----------------------------------------------------------------------------------


@function_required("webmail")
@require_safe
@never_cache
def authorized(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Where every attempt ends: with a connection to where the person came from, otherwise to the page again."""
    account = find(request.user, public_id)
    next_url = own_path(request.GET.get("next"))
    if "grant" in request.GET:
        attempt = _attempt_with(request, public_id_of(request.GET["grant"]))
        if attempt and authorizations.finish(attempt):
            return _done(request, account, next_url)
        flash.error(request, _("The connection is not for this mail account. Nothing was changed."))
    known = public_id_of(request.GET.get("authorization"))
    return redirect(page_address(account, next=next_url, authorization=str(known or "")))


def _done(request: HttpRequest, account: MailAccount, next_url: str) -> HttpResponse:
    ring(tasks.receive_now, account.pk)
    name = {"address": account.address}
    now = token_status.statuses_of(find(request.user, account.public_id))
    if any(status.wants_somebody for status in now.values()):
        flash.warning(request, _("A part of %(address)s still has to be authorized.") % name)
        return redirect(page_address(account, next=next_url))
    flash.success(request, _("%(address)s is authorized. Mail is being received.") % name)
    return redirect(next_url or _home(request, account) or page_address(account))


def _home(request: HttpRequest, account: MailAccount) -> str:
    """The account's own page, for those who have one there."""
    if account.owner_id == request.user.pk:
        return reverse("webmail:account", args=[account.public_id])
    return ""


def _attempt(request: HttpRequest) -> AuthorizationRequest | None:
    """The attempt that the person just came back from."""
    attempts = AuthorizationRequest.objects.of(request.user)
    return attempts.filter(public_id=public_id_of(request.GET.get("authorization"))).first()


def _attempt_with(request: HttpRequest, grant_id: Any) -> AuthorizationRequest | None:
    """The person's latest attempt that brought this connection."""
    attempts = AuthorizationRequest.objects.of(request.user).select_related("grant__server", "user")
    return attempts.filter(grant__public_id=grant_id).order_by("-pk").first()
