"""Leave for an authorization server, come back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from groupware.audit.record import record
from groupware.parameters import public_id
from oauthservers.error_messages import CODES, advise
from oauthservers.errors import CallbackRefusedError, OAuthError
from oauthservers.flows import authorization_code
from oauthservers.flows.attempts import hashed
from oauthservers.models import AuthorizationRequest, AuthorizationServer
from oauthservers.views.sessions import session_key

_PROTOCOLS = [(name, name) for name in ("imap", "pop3", "smtp")]


class StartForm(forms.Form):
    """What an Authenticate button posts. ``protocols`` is a list with commas, as one hidden field carries it."""

    server = forms.ModelChoiceField(AuthorizationServer.objects.none(), to_field_name="public_id")
    address = forms.EmailField(max_length=320)
    protocols = forms.CharField()
    next = forms.CharField(max_length=500)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["server"].queryset = AuthorizationServer.objects.in_use()

    def clean_protocols(self) -> list[str]:
        """Known protocols only."""
        field = forms.MultipleChoiceField(choices=_PROTOCOLS)
        return field.clean([name for name in self.cleaned_data["protocols"].split(",") if name])


@login_required
@require_POST
def authorize(request: HttpRequest) -> HttpResponse:
    """Write an attempt down and send the browser to the authorization server."""
    form = StartForm(request.POST)
    if not form.is_valid():
        raise Http404
    given = form.cleaned_data
    try:
        address = authorization_code.begin(
            server=given["server"],
            user=request.user,
            session_key=session_key(request),
            mailbox_address=given["address"],
            protocols=given["protocols"],
            next_url=given["next"],
        )
    except ValueError:
        raise Http404 from None
    except OAuthError as error:
        return redirect("oauthservers:refused", error.code)
    return redirect(address)


@never_cache
@require_safe
def callback(request: HttpRequest, server_id: UUID) -> HttpResponse:
    """Take the answer of an authorization server and leave this address at once: the code must not stay in it."""
    response = redirect(_next_stop(request, server_id))
    response["Referrer-Policy"] = "no-referrer"
    return response


def _next_stop(request: HttpRequest, server_id: UUID) -> Any:
    if "admin_consent" in request.GET and "code" not in request.GET:
        # An administrator comes back from approving for the whole tenant; it is nobody's attempt.
        return (
            _refusal("access_denied")
            if "error" in request.GET
            else reverse("oauthservers:approved")
        )
    if not request.user.is_authenticated:
        # Signing in here would carry code and state along in the address of the sign-in page.
        return _recorded("signed_out")
    if any(len(values) > 1 for _name, values in request.GET.lists()):
        # A repeated parameter is nobody's answer (RFC 6749 §3.1).
        return _recorded("state_unknown")
    try:
        attempt = authorization_code.complete(
            server_id=server_id,
            parameters=request.GET.dict(),
            user=request.user,
            session_key=session_key(request),
        )
    except CallbackRefusedError as error:
        mine = AuthorizationRequest.objects.of(request.user)
        known = mine.filter(state_hash=hashed(request.GET.get("state", ""))).first()
        return _refusal(error.code, known)
    return authorization_code.return_address(attempt)


def _recorded(reason: str) -> str:
    record("oauthservers.authorization.refused", details={"error": reason})
    return _refusal(reason)


def _refusal(reason: str, attempt: AuthorizationRequest | None = None) -> str:
    address = reverse("oauthservers:refused", args=[reason])
    return f"{address}?attempt={attempt.public_id}" if attempt else address


@never_cache
@require_safe
def refused(request: HttpRequest, reason: str) -> HttpResponse:
    """Say why an answer was not taken, or why the person could not be sent off, and where to go on."""
    if reason not in CODES:
        raise Http404
    attempt = None
    if request.user.is_authenticated:
        mine = AuthorizationRequest.objects.of(request.user)
        attempt = mine.filter(public_id=public_id(request.GET.get("attempt"))).first()
    names = {"server": attempt.server.name, "mailbox": attempt.mailbox_address} if attempt else {}
    context = {"advice": advise(reason, **names), "reason": reason, "attempt": attempt}
    return render(request, "oauthservers/refused.html", context)


@never_cache
@require_safe
def approved(request: HttpRequest) -> HttpResponse:
    """Where an administrator arrives after approving the groupware for the whole organization."""
    return render(request, "oauthservers/approved.html")


def may_leave(response: HttpResponse) -> HttpResponse:
    """Let a form of this page end at an authorization server: Chromium checks ``form-action`` along redirects."""
    response._csp_update = {"form-action": authorization_code.form_action_origins()}  # type: ignore[attr-defined]
    return response
