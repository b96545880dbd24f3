"""The browser session that an attempt belongs to."""

from __future__ import annotations

from django.http import HttpRequest


def session_key(request: HttpRequest) -> str:
    """The key of the browser's session, made now if it has none yet."""
    if not request.session.session_key:
        request.session.save()
    return request.session.session_key or ""
