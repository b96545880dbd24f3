"""Pages through the WSGI application: whole requests, with session, middleware, queries and template."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from http.cookies import SimpleCookie
from io import BytesIO
from typing import Any

from django.conf import settings
from django.test import Client
from django.urls import reverse

from webmail.models import Mailbox, Message

REQUESTS = 60
_WARMING = 5


def pages(facts: dict[str, Any]) -> dict[str, Any]:
    """Milliseconds of each page for the mailbox that ``first_imap`` has received here, and of the bare skeleton."""
    settings.ROOT_URLCONF = "tests.benchmarks.ours.urls"
    inbox = Mailbox.objects.get(role=Mailbox.Role.INBOX)
    listed = Message.objects.in_mailbox(inbox).newest_first()
    opened = [message.public_id for message in listed[:REQUESTS]]
    html = listed.filter(parts__content_type="text/html").distinct()[:REQUESTS]
    bodies = [message.public_id for message in html]
    last = listed[max(listed.count() - 51, 0)]
    visit = visitor(inbox.account.owner)
    folder = reverse("webmail:mailbox", args=[inbox.public_id])
    rows = reverse("webmail:rows", args=[inbox.public_id])
    cursor = f"{last.received_at.isoformat()}~{last.pk}".replace("+", "%2B")
    pane = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "reading"}
    frame = {"HTTP_SEC_FETCH_DEST": "iframe"}
    requests = {
        "skeleton": lambda turn: visit(reverse("skeleton")),
        "list": lambda turn: visit(folder),
        "last_rows": lambda turn: visit(rows, f"before={cursor}"),
        "message": lambda turn: visit(_address("message", opened, turn), "", pane),
        "body": lambda turn: visit(_address("body", bodies, turn), "", frame),
    }
    return {**_times(requests), "messages": inbox.total}


def _address(name: str, public_ids: list[Any], turn: int) -> str:
    return reverse(f"webmail:{name}", args=[public_ids[turn % len(public_ids)]])


def visitor(person: Any) -> Callable[..., bytes]:
    """A browser of ``person``: gives the answer to a path, a query and headers, through the WSGI application."""
    from groupware.wsgi import application

    browser = Client()
    browser.force_login(person)
    cookies = SimpleCookie({name: morsel.value for name, morsel in browser.cookies.items()})
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())

    def visit(path: str, query: str = "", headers: dict[str, str] | None = None) -> bytes:
        answered: list[str] = []
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "localhost:8000",
            "HTTP_COOKIE": cookie,
            "wsgi.input": BytesIO(),
            "wsgi.url_scheme": "http",
            "wsgi.errors": BytesIO(),
            **(headers or {}),
        }
        response = application(environ, lambda status, _headers, *_: answered.append(status))
        content = b"".join(response)
        response.close()
        if not answered[0].startswith("200"):
            raise RuntimeError(f"{path} answered {answered[0]}.")
        return content

    return visit


def _times(requests: dict[str, Callable[[int], bytes]]) -> dict[str, dict[str, float]]:
    """Each request in turn, so that what disturbs the machine disturbs all of them alike."""
    wall: dict[str, list[float]] = {name: [] for name in requests}
    cpu: dict[str, list[float]] = {name: [] for name in requests}
    octets: dict[str, int] = {}
    for turn in range(-_WARMING, REQUESTS):
        for name, request in requests.items():
            began, used = time.perf_counter(), time.process_time()
            octets[name] = len(request(turn))
            if turn >= 0:
                wall[name].append((time.perf_counter() - began) * 1000)
                cpu[name].append((time.process_time() - used) * 1000)
    return {
        name: {
            "cpu": statistics.median(cpu[name]),
            "p50": statistics.median(wall[name]),
            "p95": statistics.quantiles(wall[name], n=20)[-1],
            "octets": octets[name],
        }
        for name in requests
    }
