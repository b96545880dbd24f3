"""Mail that attacks whoever reads it, and a witness of everything that the browser then does."""

from __future__ import annotations

import base64
import itertools
import re
from urllib.parse import quote, urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Request, Route

from tests.corpus.hostile_html import PAYLOADS

ALL = [payload for payloads in PAYLOADS.values() for payload in payloads]
RAN = ("Blocked script execution", "Ignored call to 'alert()'", "Ignored call to 'print()'")


def word(text: str) -> str:
    """Any text as one encoded word (RFC 2047), line breaks and all."""
    return f"=?utf-8?B?{base64.b64encode(text.encode()).decode()}?="


def _part(content_type: str, text: str, *headers: str) -> bytes:
    lines = [f"Content-Type: {content_type}", "Content-Transfer-Encoding: base64", *headers, ""]
    return "\r\n".join([*lines, base64.encodebytes(text.encode()).decode()]).encode()


def message(number: int, payload: str, html: str, names: list[str]) -> bytes:
    """The payload in every header; ``names`` are those of recipients and of attached files."""
    people = ", ".join(f"{word(name)} <b@evil.example>" for name in [payload, *names])
    head = [
        f"From: {word(payload)} <a@evil.example>",
        f"To: {people}",
        f"Subject: {word(payload)}",
        f"Message-ID: <{number}@evil.example>",
        "Date: Thu, 12 Nov 2026 12:00:00 +0900",
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="=_b"',
        "",
    ]
    body = _part("text/html; charset=utf-8", html) if html else _part("text/plain", payload)
    files = [
        _part(
            "text/html",
            name,
            f"Content-Disposition: attachment; filename*=utf-8''{quote(name, safe='')}",
        )
        for name in names
    ]
    pieces = itertools.chain.from_iterable(
        (b"--=_b\r\n" + part + b"\r\n") for part in [body, *files]
    )
    return "\r\n".join(head).encode() + b"\r\n" + bytes(pieces) + b"--=_b--\r\n"


class Witness:
    """Writes down what must not happen: scripts, foreign hosts, own addresses nobody meant, windows."""

    def __init__(self, context: BrowserContext, own: str, meant: str) -> None:
        self.scripts: list[str] = []
        self.foreign: list[str] = []
        self.unmeant: list[str] = []
        self.windows = 0
        self._own = own
        self._meant = re.compile(meant)
        context.on("dialog", self._dialog)
        context.on("console", self._console)
        context.on("request", self._request)
        context.on("page", self._window)
        context.route(lambda url: not url.startswith(own), self._answer)

    def _dialog(self, dialog: Dialog) -> None:
        self.scripts.append(dialog.message)
        dialog.dismiss()

    def _console(self, line: ConsoleMessage) -> None:
        if line.text.startswith(RAN):
            self.scripts.append(line.text)

    def _window(self, _: object) -> None:
        self.windows += 1

    def _request(self, request: Request) -> None:
        if request.url.startswith(("data:", "about:", "blob:")):
            return
        if not request.url.startswith(self._own):
            self.foreign.append(request.url)
        elif not self._meant.fullmatch(urlsplit(request.url).path):
            self.unmeant.append(request.url)

    def _answer(self, route: Route) -> None:
        """Every foreign host exists and answers, so that nothing stays away for want of a server."""
        route.fulfill(status=200, content_type="text/plain", body="alert(1)")
