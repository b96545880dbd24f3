"""An authorization code flow by hand, for tests of the sandbox's own servers."""

from __future__ import annotations

import base64
import hashlib
import secrets
from urllib.parse import urlencode

import requests

from tests.sandbox import AuthorizationServer, Sandbox, callback_parameters

ALICE, MARIA = "alice@contoso.example", "maria@contoso.example"
HARUKA, OLGA = "haruka@example.jp", "olga@lab.example"


def callback(sandbox: Sandbox) -> str:
    for server in (sandbox.microsoft, sandbox.google, sandbox.generic):
        server.allow_redirect("http://app.example/oauth/callback/")
    return "http://app.example/oauth/callback/1/"


class Attempt:
    """One authorization code flow with PKCE, by hand."""

    def __init__(self, server: AuthorizationServer, callback_uri: str, /, **extra: str) -> None:
        self.server, self.redirect_uri = server, callback_uri
        self.verifier, self.nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(12)
        digest = hashlib.sha256(self.verifier.encode()).digest()
        offline = [] if server.key == "google" else ["offline_access"]
        self.parameters = {
            "response_type": "code",
            "client_id": server.client_id,
            "redirect_uri": callback_uri,
            "scope": " ".join(["openid", "profile", "email", *server.mail_scopes, *offline]),
            "state": "the-state",
            "nonce": self.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
            **extra,
        }

    @property
    def url(self) -> str:
        return f"{self.server.authorization_endpoint}?{urlencode(self.parameters)}"

    def redeem(self, address: str, **changes: str) -> requests.Response:
        answer = callback_parameters(self.server.approve(self.url, address))
        form = {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
            **changes,
        }
        return post(self.server, **form)


def post(server: AuthorizationServer, **form: str) -> requests.Response:
    known = {"client_id": server.client_id, "client_secret": server.client_secret}
    return server.browser().post(server.token_endpoint, data={**known, **form}, timeout=30)


def refresh(server: AuthorizationServer, token: str) -> requests.Response:
    return post(server, grant_type="refresh_token", refresh_token=token)
