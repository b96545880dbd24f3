"""The groupware's addresses and one page more: its frame for a person who is signed in, with no mail asked for."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path


@login_required
def skeleton(request: HttpRequest) -> HttpResponse:
    """What any page of the groupware costs before it shows anything of its own."""
    return render(request, "base.html")


urlpatterns = [path("skeleton/", skeleton, name="skeleton"), path("", include("groupware.urls"))]
