"""Remembers the request being answered, so that ``record()`` knows who acts and from where."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse

_request: ContextVar[HttpRequest | None] = ContextVar("audited_request", default=None)


def current_request() -> HttpRequest | None:
    """The request being answered in this thread; None in a task or a command."""
    return _request.get()


def client_address(request: HttpRequest) -> str | None:
    """The client's address; behind proxies it is read from the header as far as TRUSTED_PROXY_COUNT trusts it."""
    address: str | None = get_adapter(request).get_client_ip(request)
    return address or None


class AuditMiddleware:
    """Keeps the request for the time of its answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _request.set(request)
        try:
            return self.get_response(request)
        finally:
            _request.reset(token)
