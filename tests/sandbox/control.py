"""What tests hold in their hands: one authorization server of a running sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from tests.sandbox.levers import Mailboxes, Registration
from tests.sandbox.people import CONTOSO_TENANT
from tests.sandbox.visitor import Visitor

_SECRET_HEADER = "X-Sandbox-Secret"


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


class AuthorizationServer(Registration, Mailboxes, Visitor):
    """An authorization server and the levers a test can pull at it."""

    def __init__(self, key: str, facts: dict[str, Any], inner: Inner, ca_file: str) -> None:
        super().__init__(ca_file)
        self.key = key
        self.base_url: str = facts["base_url"]
        self.client_id: str = facts["client_id"]
        self.client_secret: str = facts["client_secret"]
        self._inner = inner

    # -- addresses -----------------------------------------------------------------------------

    @property
    def issuer(self) -> str:
        """The issuer; at the Microsoft-shaped server the one of `common`, with its placeholder."""
        return self.base_url + ("/{tenantid}/v2.0" if self.key == "microsoft" else "")

    @property
    def endpoint(self) -> str:
        """What an administrator types for Microsoft: up to and including `/oauth2/v2.0`."""
        return self.tenant_endpoint("common")

    @property
    def endpoint_of_tenant(self) -> str:
        """The same for the one tenant of the Microsoft-shaped people."""
        return self.tenant_endpoint(CONTOSO_TENANT)

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

    def counters(self) -> dict[str, int]:
        """How often each endpoint was asked."""
        return dict(self._do("counters")["counts"])

    def token_requests(self, grant_type: str | None = None) -> list[dict[str, Any]]:
        """Every token request so far: `grant_type`, `status`, `error`, `address`, `at`."""
        found = self._do("counters")["requests"]
        return [r for r in found if grant_type in (None, r["grant_type"])]

    def reset_counters(self) -> None:
        self._do("reset_counters")


def callback_parameters(url: str) -> dict[str, str]:
    """The query of a redirect, one value per name."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
