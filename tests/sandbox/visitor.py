"""A person at an authorization server's pages, without a browser."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

import requests

from tests.sandbox.people import PASSWORD

_FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
_TICKED = re.compile(r'<input type="checkbox" name="granted" value="([^"]*)" checked>')


class Visitor:
    """Follows the pages of one server; `ca_file` is what its sessions trust."""

    def __init__(self, ca_file: str) -> None:
        self._ca_file = ca_file

    def browser(self) -> requests.Session:
        """A session that trusts the sandbox and has signed in nowhere."""
        session = requests.Session()
        session.trust_env = False
        session.verify = self._ca_file
        return session

    def approve(
        self,
        authorization_url: str,
        address: str,
        browser: requests.Session | None = None,
        *,
        untick: Sequence[str] = (),
    ) -> str:
        """Signs in and consents as this person; the address the browser is sent back to.

        Nobody follows that address, so it may be one where nobody listens. `untick` are scopes the
        person takes out, where the consent page lets them.
        ValueError with the page's text when the server does not send the browser back.
        """
        browser = browser or self.browser()
        return self._walk(authorization_url, address, browser, "accept", frozenset(untick))

    def decline(
        self, authorization_url: str, address: str, browser: requests.Session | None = None
    ) -> str:
        """Signs in and presses Cancel on the consent page."""
        return self._walk(
            authorization_url, address, browser or self.browser(), "cancel", frozenset()
        )

    def _walk(
        self,
        url: str,
        address: str,
        browser: requests.Session,
        decision: str,
        unticked: frozenset[str],
    ) -> str:
        sign_in = {"action": "sign_in", "email": address, "password": PASSWORD}
        answer = browser.get(url, allow_redirects=False, timeout=30)
        for _ in range(4):
            if answer.is_redirect:
                return answer.headers["Location"]
            if answer.status_code != 200 or 'role="alert"' in answer.text:
                raise ValueError(_words(answer.text))
            hidden = _values(answer.text)
            form: dict[str, Any] = {**hidden, **sign_in}
            if 'value="accept"' in answer.text:
                ticked = set(map(html.unescape, _TICKED.findall(answer.text)))
                if unticked - ticked:
                    raise ValueError(f"There is nothing to untick for {unticked - ticked}.")
                form = {**hidden, "granted": sorted(ticked - unticked), "action": decision}
            elif 'value="other"' in answer.text:
                form = {"action": "other"}
            answer = browser.post(url, data=form, allow_redirects=False, timeout=30)
        raise ValueError(_words(answer.text))


def _values(page: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in _FIELD.findall(page)}


def _words(page: str) -> str:
    body = page.partition("<main>")[2] or page
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())
