"""One's own settings."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from groupware.users.forms import DisplayForm, ProfileForm


@login_required
@require_http_methods(["GET", "POST"])
def own_settings(request: HttpRequest) -> HttpResponse:
    """Name, language, time zone and how pages look."""
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        person = form.save()
        if person.language:
            translation.activate(person.language)  # the answer already speaks it
        messages.success(request, _("Your settings are saved."))
        return redirect("users:settings")
    if form.errors:
        request.user.refresh_from_db()  # the page shows the person as stored, not as refused
    return render(request, "users/settings.html", {"form": form})


@require_POST
def display(request: HttpRequest) -> HttpResponse:
    """Keep one choice of the person's menu; before sign-in the language goes into a cookie."""
    form = DisplayForm(
        request.POST, instance=request.user if request.user.is_authenticated else None
    )
    if not form.fields or not form.is_valid():
        return HttpResponseBadRequest()
    response = HttpResponseRedirect(_internal(request, request.POST.get("next", "")))
    if request.user.is_authenticated:
        form.instance.save(update_fields=list(form.cleaned_data))
    elif language := form.cleaned_data.get("language"):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=365 * 24 * 3600,
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )
    return response


def _internal(request: HttpRequest, address: str) -> str:
    is_ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, request.is_secure())
    return address if is_ours else reverse("portal")
