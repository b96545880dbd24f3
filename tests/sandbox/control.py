"""What tests hold in their hands: one authorization server of a running sandbox."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from tests.sandbox.people import PASSWORD

_SECRET_HEADER = "X-Sandbox-Secret"
_FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


@dataclass(frozen=True)
class TokenSet:
    """Tokens of one mailbox. `refresh_token` is None when none was issued."""

    access_token: str
    refresh_token: str | None
    expires_in: int
    scope: str
    subject: str


class Inner:
    """The sandbox's inner entrance."""

    def __init__(self, port: int, secret: str) -> None:
        self._address = f"http://127.0.0.1:{port}/control"
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers[_SECRET_HEADER] = secret

    def do(self, name: str, **wish: Any) -> Any:
        """Asks for an action. ValueError tells what the sandbox did not understand."""
        answer = self._session.post(self._address, json={"do": name, **wish}, timeout=60)
        body = answer.json()
        if "error" in body:
            raise ValueError(body["error"])
        return body["result"]


class AuthorizationServer:
    """An authorization server and the levers a test can pull at it."""

    def __init__(self, key: str, facts: dict[str, str], inner: Inner, ca_file: str) -> None:
        self.key = key
        self.base_url = facts["base_url"]
        self.client_id = facts["client_id"]
        self.client_secret = facts["client_secret"]
        self._inner = inner
        self._ca_file = ca_file

    # -- addresses -----------------------------------------------------------------------------

    @property
    def issuer(self) -> str:
        """The issuer; at the Microsoft-shaped server the one of `common`, with its placeholder."""
        return self.base_url + ("/{tenantid}/v2.0" if self.key == "microsoft" else "")

    @property
    def endpoint(self) -> str:
        """What an administrator types for Microsoft: up to and including `/oauth2/v2.0`."""
        return self.tenant_endpoint("common")

    def tenant_endpoint(self, tenant: str) -> str:
        return f"{self.base_url}/{tenant}/oauth2/v2.0"

    @property
    def authorization_endpoint(self) -> str:
        return {
            "microsoft": f"{self.endpoint}/authorize",
            "google": f"{self.base_url}/o/oauth2/v2/auth",
        }.get(self.key, f"{self.base_url}/authorize")

    @property
    def token_endpoint(self) -> str:
        return f"{self.endpoint if self.key == 'microsoft' else self.base_url}/token"

    @property
    def metadata_url(self) -> str:
        prefix = "/common/v2.0" if self.key == "microsoft" else ""
        return f"{self.base_url}{prefix}/.well-known/openid-configuration"

    @property
    def mail_scopes(self) -> list[str]:
        """The scopes that open IMAP, POP3 and SMTP here."""
        outlook = "https://outlook.office.com/"
        return {
            "microsoft": [
                outlook + "IMAP.AccessAsUser.All",
                outlook + "POP.AccessAsUser.All",
                outlook + "SMTP.Send",
            ],
            "google": ["https://mail.google.com/"],
        }.get(self.key, ["mail:imap", "mail:pop3", "mail:smtp"])

    # -- levers --------------------------------------------------------------------------------

    def _do(self, name: str, **wish: Any) -> Any:
        return self._inner.do(name, realm=self.key, **wish)

    def issue(
        self, address: str, scopes: list[str] | None = None, *, is_offline: bool = True
    ) -> TokenSet:
        """Tokens without a browser, for all mail scopes or the given ones."""
        scope = " ".join(scopes if scopes is not None else [*self.mail_scopes, "openid"])
        answer = self._do("issue", address=address, scope=scope, is_offline=is_offline)
        return TokenSet(
            answer["access_token"],
            answer.get("refresh_token"),
            answer["expires_in"],
            answer["scope"],
            answer["subject"],
        )

    def set(self, **changes: Any) -> dict[str, Any]:
        """Changes settings (`authorization.settings.RealmSettings` lists them); all of them."""
        return dict(self._do("set", **changes))

    def reset(self) -> None:
        """Settings, faults, counters and secret as at the start; tokens and consents stay."""
        self._do("reset")

    def fault(self, kind: str, **details: Any) -> None:
        """Queues a fault (`authorization.faulting.answered` lists the kinds).

        Details for all: `times` (1), `endpoint` ("token"), `grant_type` (any).
        """
        self._do("fault", kind=kind, **details)

    def clear_faults(self) -> None:
        self._do("clear_faults")

    def expire_access_tokens(self, address: str) -> int:
        """Lets this mailbox's access tokens be over; how many there were."""
        return int(self._do("expire", address=address))

    def revoke(self, address: str) -> int:
        """Ends every grant of this mailbox and forgets its consent; how many there were."""
        return int(self._do("revoke", address=address))

    def forget_consent(self, address: str) -> None:
        self._do("forget_consent", address=address)

    def allow_redirect(self, uri: str) -> None:
        """Registers an exact address, or, when it ends in `/`, every address below it."""
        self._do("allow_redirect", uri=uri)

    def change_secret(self, client_secret: str) -> None:
        """The client secret from now on, until `reset`."""
        self._do("change_secret", client_secret=client_secret)

    def counters(self) -> dict[str, int]:
        """How often each endpoint was asked."""
        return dict(self._do("counters")["counts"])

    def token_requests(self, grant_type: str | None = None) -> list[dict[str, Any]]:
        """Every token request so far: `grant_type`, `status`, `error`, `address`, `at`."""
        found = self._do("counters")["requests"]
        return [r for r in found if grant_type in (None, r["grant_type"])]

    def reset_counters(self) -> None:
        self._do("reset_counters")

    # -- a person without a browser ------------------------------------------------------------

    def browser(self) -> requests.Session:
        """A session that trusts the sandbox and has signed in nowhere."""
        session = requests.Session()
        session.trust_env = False
        session.verify = self._ca_file
        return session

    def approve(
        self, authorization_url: str, address: str, browser: requests.Session | None = None
    ) -> str:
        """Signs in and consents as this person; the address the browser is sent back to.

        ValueError with the page's text when the server does not send the browser back.
        """
        return self._walk(authorization_url, address, browser or self.browser(), "accept")

    def decline(
        self, authorization_url: str, address: str, browser: requests.Session | None = None
    ) -> str:
        """Signs in and presses Cancel on the consent page."""
        return self._walk(authorization_url, address, browser or self.browser(), "cancel")

    def _walk(self, url: str, address: str, browser: requests.Session, decision: str) -> str:
        sign_in = {"action": "sign_in", "email": address, "password": PASSWORD}
        answer = browser.get(url, allow_redirects=False, timeout=30)
        for _ in range(4):
            if answer.is_redirect:
                return answer.headers["Location"]
            if answer.status_code != 200 or 'role="alert"' in answer.text:
                raise ValueError(_words(answer.text))
            hidden = {name: html.unescape(value) for name, value in _FIELD.findall(answer.text)}
            if 'value="accept"' in answer.text:
                form = {**hidden, "action": decision}
            elif 'value="other"' in answer.text:
                form = {"action": "other"}
            else:
                form = {**hidden, **sign_in}
            answer = browser.post(url, data=form, allow_redirects=False, timeout=30)
        raise ValueError(_words(answer.text))


def callback_parameters(url: str) -> dict[str, str]:
    """The query of a redirect, one value per name."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def _words(page: str) -> str:
    body = page.partition("<main>")[2] or page
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())
