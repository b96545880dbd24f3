"""A person with a browser that runs no scripts: real requests, cookies, forms with their tokens."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from tests.journeys.pages import Form, Page
from tests.sandbox import PASSWORD, AuthorizationServer

Files = list[tuple[str, tuple[str, bytes, str]]]


class Visitor:
    """Somebody at the groupware's address; ``page`` is what they see."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Accept-Language"] = "en"
        self.page = Page(0, "", "")

    def get(self, address: str) -> Page:
        """Open an address, following redirects inside the groupware."""
        answer = self._ask("GET", urljoin(self.base, address))
        return self._arrive(answer)

    def submit(
        self,
        form: Form,
        button: tuple[str, str] | None = None,
        files: Files | None = None,
        **fields: Any,
    ) -> Page:
        """Send a form of the present page with some fields changed; ``None`` leaves a field out."""
        values = {name: list(given) for name, given in form.fields.items()}
        for name, value in fields.items():
            values[name] = [] if value is None else value if isinstance(value, list) else [value]
        if button:
            values[button[0]] = [button[1]]
        address = urljoin(self.page.address, form.action or self.page.address)
        pairs = [(name, value) for name, given in values.items() for value in given]
        return self._arrive(self._ask(form.method.upper(), address, data=pairs, files=files))

    def post(self, address: str, files: Files | None = None, **fields: Any) -> Page:
        """Send what a script of the page would send, with the token of the forgery protection."""
        token = self.session.cookies.get("csrftoken") or ""
        pairs = [
            (name, item)
            for name, value in fields.items()
            for item in (value if isinstance(value, list) else [value])
        ]
        pairs.append(("csrfmiddlewaretoken", token))
        return self._arrive(self._ask("POST", urljoin(self.base, address), data=pairs, files=files))

    def sign_in(self, username: str) -> Page:
        """Sign in on the groupware's own page."""
        self.get("/accounts/login/")
        self.submit(self.page.form("password"), login=username, password=PASSWORD)
        assert self.page.status == 200 and "/accounts/login" not in self.page.address, (
            self.page.words
        )
        return self.page

    def consent(self, server: AuthorizationServer, address: str) -> Page:
        """Sign in at the authorization server that the page leads to, agree, and come back."""
        return self.get(server.approve(self.page.leaves_for, address))

    def cancel_consent(self, server: AuthorizationServer, address: str) -> Page:
        """Sign in at the authorization server, press Cancel, and come back."""
        return self.get(server.decline(self.page.leaves_for, address))

    def _ask(self, method: str, address: str, **content: Any) -> requests.Response:
        headers = {"Referer": self.page.address} if self.page.address else {}
        return self.session.request(
            method, address, allow_redirects=False, timeout=60, headers=headers, **content
        )

    def _arrive(self, answer: requests.Response) -> Page:
        for _step in range(10):
            if not answer.is_redirect:
                self.page = Page(answer.status_code, answer.url, answer.text)
                return self.page
            target = urljoin(answer.url, answer.headers["Location"])
            if urlsplit(target).netloc != urlsplit(self.base).netloc:
                self.page = Page(answer.status_code, answer.url, "", leaves_for=target)
                return self.page
            answer = self._ask("GET", target)
        raise AssertionError(f"Too many redirects, the last to {answer.url}")
