"""One attempt with a code: the code for another device, or the field into which the code is pasted.

The row is the truth. The page can be closed, reloaded and opened again; while it is open it asks how the attempt stands
and goes on by itself when it has ended.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from oauthservers.error_messages import advise
from oauthservers.errors import CallbackRefusedError, OAuthError
from oauthservers.flows import authorization_code, device_code
from oauthservers.flows.attempts import return_address
from oauthservers.models import AuthorizationRequest
from oauthservers.views.sessions import session_key

_Outcome, _Flow = AuthorizationRequest.Outcome, AuthorizationRequest.Flow
#: Nobody should begin to type a code that is over before they have finished.
MARGIN = timedelta(seconds=15)
_ADDRESSES = "authorization_addresses"
_KEPT = 5


def keep_address(request: HttpRequest, attempt: AuthorizationRequest, address: str) -> None:
    """Remember the sign-in address of a pasted attempt in the session that it belongs to, for when the page is reloaded."""
    kept = request.session.get(_ADDRESSES, {}) | {str(attempt.public_id): address}
    request.session[_ADDRESSES] = dict(list(kept.items())[-_KEPT:])


def _find(request: HttpRequest, attempt_id: UUID) -> AuthorizationRequest:
    mine = AuthorizationRequest.objects.of(request.user).select_related("server", "grant", "owner")
    return get_object_or_404(mine, public_id=attempt_id, flow__in=[_Flow.DEVICE, _Flow.PASTED])


@sensitive_post_parameters("answer")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def attempt(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """Show the code or the field; a POST brings what was pasted."""
    found = _find(request, attempt_id)
    wrong = None
    if request.method == "POST" and found.flow == _Flow.PASTED and _is_open(found):
        try:
            found = authorization_code.complete_pasted(
                attempt=found,
                text=request.POST.get("answer", ""),
                user=request.user,
                session_key=session_key(request),
            )
        except CallbackRefusedError as refusal:
            wrong = refusal.code
            found = _find(request, attempt_id)
    if found.outcome == _Outcome.SUCCEEDED:
        return redirect(return_address(found))
    context = _context(request, found) | {"wrong": _words(found, wrong) if wrong else None}
    return render(request, "oauthservers/attempt.html", context, status=422 if wrong else 200)


@login_required
@require_safe
@never_cache
def state(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """How the attempt stands, for the page that waits: nothing new, the end, or where to go on."""
    found = _find(request, attempt_id)
    if found.outcome == _Outcome.SUCCEEDED:
        response = HttpResponse(status=204)
        response["HX-Redirect"] = return_address(found)
        return response
    if _is_open(found):
        return HttpResponse(status=204)
    return render(request, "oauthservers/_attempt.html", _context(request, found))


@login_required
@require_POST
def again(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """A new code, for the same mailbox by the same way."""
    old = _find(request, attempt_id)
    asked: dict[str, Any] = {
        "server": old.server,
        "user": request.user,
        "owner": old.owner,
        "session_key": session_key(request),
        "mailbox_address": old.mailbox_address,
        "protocols": old.server.protocols_within(old.scopes.split()),
        "next_url": old.next_url,
    }
    try:
        if old.flow == _Flow.DEVICE:
            new = device_code.begin(**asked, language=get_language() or "en")
        else:
            new, address = authorization_code.begin_pasted(**asked)
            keep_address(request, new, address)
    except OAuthError as error:
        context = _context(request, old) | {"advice": _words(old, error.code)}
        return render(request, "oauthservers/attempt.html", context, status=422)
    return redirect("oauthservers:attempt", new.public_id)


def _is_open(found: AuthorizationRequest) -> bool:
    return found.outcome == _Outcome.PENDING and found.expires_at > timezone.now()


def _context(request: HttpRequest, found: AuthorizationRequest) -> dict[str, Any]:
    is_open = _is_open(found)
    code = found.error_code or "expired"
    return {
        "attempt": found,
        "is_open": is_open,
        "is_device": found.flow == _Flow.DEVICE,
        "shown_until": found.expires_at - MARGIN,
        "address": request.session.get(_ADDRESSES, {}).get(str(found.public_id), ""),
        "advice": None if is_open else _words(found, code),
        "code": code,
    }


def _words(found: AuthorizationRequest, code: str) -> Any:
    return advise(
        code,
        server=found.server.name,
        mailbox=found.mailbox_address,
        signed_in_as=found.signed_in_as,
        scopes=found.error_detail,
    )
