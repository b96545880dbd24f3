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

from oauthservers.error_messages import CODES, advise
from oauthservers.errors import CallbackRefusedError, OAuthError
from oauthservers.flows import authorization_code
from oauthservers.models import AuthorizationServer

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
    if not request.user.is_authenticated:
        # Signing in here would carry code and state along in the address of the sign-in page.
        return _refusal("signed_out")
    if any(len(values) > 1 for _name, values in request.GET.lists()):
        return _refusal("state_unknown")  # a repeated parameter is nobody's answer (RFC 6749 §3.1)
    try:
        attempt = authorization_code.complete(
            server_id=server_id,
            parameters=request.GET.dict(),
            user=request.user,
            session_key=session_key(request),
        )
    except CallbackRefusedError as error:
        return _refusal(error.code)
    return authorization_code.return_address(attempt)


def _refusal(reason: str) -> str:
    return reverse("oauthservers:refused", args=[reason])


@never_cache
@require_safe
def refused(request: HttpRequest, reason: str) -> HttpResponse:
    """Say why an answer was not taken, or why the person could not be sent off, and where to go on."""
    if reason not in CODES:
        raise Http404
    context = {"advice": advise(reason), "reason": reason}
    return render(request, "oauthservers/refused.html", context)


def session_key(request: HttpRequest) -> str:
    """The key of the browser's session, made now if it has none yet."""
    if not request.session.session_key:
        request.session.save()
    return request.session.session_key or ""


def may_leave(response: HttpResponse) -> HttpResponse:
    """Let a form of this page end at an authorization server: Chromium checks ``form-action`` along redirects."""
    response._csp_update = {"form-action": authorization_code.form_action_origins()}  # type: ignore[attr-defined]
    return response
