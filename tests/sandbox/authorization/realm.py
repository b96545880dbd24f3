"""What the three authorization servers have in common, and where they may differ."""

from __future__ import annotations

import secrets
import time
from typing import Any

from authlib.oauth2.rfc6749 import InvalidScopeError
from joserfc.jwk import RSAKey

from tests.sandbox.authorization.clients import Client
from tests.sandbox.authorization.directory import Directory
from tests.sandbox.authorization.settings import STRICT, Counters, FaultQueue, RealmSettings
from tests.sandbox.authorization.store import Store
from tests.sandbox.people import PEOPLE, Person, person_of

IDENTITY_SCOPES = {"openid", "profile", "email", "offline_access"}
PROTOCOLS = ("imap", "pop3", "smtp")


class Realm:
    """One authorization server: its address, its client, its people, its rules.

    `mail_scopes` says which mail protocols a scope opens, `application_scopes` which a permission
    of the application itself opens; `slows_down` is the setting of that name at the start. With
    `is_granular` the consent page lets the person take single scopes out.
    """

    key = ""
    title = ""
    rotation = STRICT
    mail_scopes: dict[str, tuple[str, ...]] = {}
    application_scopes: dict[str, tuple[str, ...]] = {}
    other_scopes: tuple[str, ...] = ()
    access_token_prefix = ""
    code_prefix = ""
    slows_down = True
    is_granular = False

    def __init__(self, base_url: str, client: Client, store: Store, key: RSAKey) -> None:
        # What `settings` goes back to when a test has finished.
        self.default_settings: dict[str, Any] = {
            "rotation": self.rotation,
            "slows_down": self.slows_down,
        }
        self.default_secret = client.client_secret
        self.default_certificates = dict(client.certificates)
        self.base_url = base_url
        self.client = client
        self.store = store
        self.signing_key = key
        self.people = [person for person in PEOPLE if person.signs_in_at == self.key]
        self.settings = RealmSettings(**self.default_settings)
        self.directory = Directory(self.key)
        self.faults = FaultQueue()
        self.counters = Counters()

    # -- identity ------------------------------------------------------------------------------

    def issuer(self, person: Person | None = None) -> str:
        """The issuer in this person's ID tokens."""
        return self.base_url

    def redirect_issuer(self) -> str:
        """The `iss` of RFC 9207 that goes into redirects; empty for none."""
        return ""

    def person(self, address: str) -> Person | None:
        found = person_of(address)
        return found if found in self.people else None

    def sign_in_problem(self, person: Person, tenant: str) -> str:
        """Why this person cannot use this entrance; empty when nothing speaks against it."""
        return ""

    def user_info(self, person: Person, scope: str) -> dict[str, Any]:
        """Claims about a person that the granted scopes allow (OpenID Connect Core 5.4)."""
        scopes = set(scope.split())
        claims: dict[str, Any] = {"sub": person.subject}
        if "profile" in scopes:
            claims |= {"name": person.display_name, "preferred_username": person.address}
        if "email" in scopes:
            claims |= {"email": person.address, "email_verified": True}
        return claims

    # -- scopes --------------------------------------------------------------------------------

    def canonical(self, scope: str) -> str:
        """The name under which a scope is compared."""
        return scope

    def allowed_scope(self, requested: str) -> str:
        """The requested scopes, when all exist. InvalidScopeError otherwise."""
        known = {self.canonical(name) for name in self.mail_scopes} | IDENTITY_SCOPES
        known |= {self.canonical(name) for name in self.other_scopes}
        scopes = requested.split()
        if not scopes or not all(self.canonical(name) in known for name in scopes):
            raise InvalidScopeError("The scope is unknown, malformed or missing.")
        return " ".join(dict.fromkeys(scopes))

    def token_scope(self, granted: str, requested: str | None) -> str:
        """Scopes of a new access token: never more than was granted (RFC 6749 section 6)."""
        if not requested:
            return granted
        known = {self.canonical(name) for name in granted.split()}
        if not all(self.canonical(name) in known for name in requested.split()):
            raise InvalidScopeError("The scope exceeds what was granted.")
        return requested

    def protocols(self, scope: str) -> list[str]:
        """The mail protocols which an access token with this scope opens."""
        held = {self.canonical(name) for name in scope.split()}
        opened = {
            protocol
            for name, protocols in (self.mail_scopes | self.application_scopes).items()
            if self.canonical(name) in held
            for protocol in protocols
        }
        return [protocol for protocol in PROTOCOLS if protocol in opened]

    def is_offline(self, scope: str, parameters: dict[str, str], *, was_asked: bool) -> bool:
        """Whether this authorization brings a refresh token (OpenID Connect Core section 11).

        `was_asked`: the person has just seen the consent page.
        """
        return "offline_access" in scope.split()

    # -- answers -------------------------------------------------------------------------------

    def public_key(self) -> dict[str, Any]:
        """The key that proves ID tokens, in the form of RFC 7517."""
        return {**self.signing_key.as_dict(private=False), "use": "sig", "alg": "RS256"}

    def new_access_token(self) -> str:
        length = max(self.settings.access_token_length, len(self.access_token_prefix) + 16)
        return (self.access_token_prefix + secrets.token_urlsafe(length))[:length]

    def new_refresh_token(self) -> str:
        return secrets.token_urlsafe(48)

    def finish_token(
        self, answer: dict[str, Any], form: dict[str, str], person: Person | None
    ) -> None:
        """Adds to a successful token answer what only this server adds; None for the client."""

    def shape_error(self, status: int, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Gives an error answer the form this server is known for."""
        return status, body

    def redirect_error(self, error: str, description: str) -> dict[str, str]:
        """Parameters of an error that goes back to the client through the browser."""
        parameters = {"error": error}
        if description:
            parameters["error_description"] = description
        return parameters

    # -- tokens without a browser --------------------------------------------------------------

    def mint(self, address: str, scope: str, *, is_offline: bool = True) -> dict[str, Any]:
        """Tokens as if the person had just consented. LookupError for an unknown mailbox."""
        person = self.person(address)
        if person is None:
            raise LookupError(f"{address} does not sign in at {self.key}.")
        family, now = secrets.token_urlsafe(12), time.time()
        self.store.insert(
            "grants",
            family=family,
            realm=self.key,
            client_id=self.client.client_id,
            address=person.address,
            scope=scope,
            started_at=now,
        )
        answer = {
            "token_type": "Bearer",
            "access_token": self.new_access_token(),
            "expires_in": self.settings.access_token_seconds,
            "scope": self.token_scope(scope, None),
            "subject": self.user_info(person, "openid")["sub"],
        }
        self.keep_tokens(answer, family)
        if is_offline:
            answer["refresh_token"] = self.new_refresh_token()
            self.keep_refresh_token(answer["refresh_token"], family)
        return answer

    def keep_tokens(self, answer: dict[str, Any], family: str) -> None:
        now = time.time()
        self.store.insert(
            "access_tokens",
            token=answer["access_token"],
            family=family,
            scope=answer["scope"],
            issued_at=now,
            expires_at=now + self.settings.access_token_seconds,
        )

    def keep_refresh_token(self, token: str, family: str) -> None:
        self.store.insert("refresh_tokens", token=token, family=family, issued_at=time.time())
