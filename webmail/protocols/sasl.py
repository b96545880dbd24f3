"""SASL: PLAIN (RFC 4616), XOAUTH2 (Google's and Microsoft's), OAUTHBEARER (RFC 7628)."""

import base64
import binascii
import json
import re
from collections.abc import Iterable

from webmail.protocols.arguments import check_argument, check_credentials
from webmail.protocols.errors import CapabilityError, ProtocolError
from webmail.protocols.types import BearerCredentials, PasswordCredentials

__all__ = [
    "Responder",
    "check_argument",
    "choose_mechanism",
    "decode_challenge",
    "oauthbearer",
    "plain",
    "secrets_of",
    "without_secrets",
    "xoauth2",
]

# The answer to the failure challenge: an empty line for XOAUTH2, 0x01 for OAUTHBEARER
# (RFC 7628 section 3.2.3). Without it both sides wait until a time-out.
_CLOSING_REPLY = {"XOAUTH2": b"", "OAUTHBEARER": b"\x01"}
_WORD = re.compile(r"[^\s\"'<>()\[\]{},;]+")
_HIDDEN = "[hidden]"


def xoauth2(user: str, token: str) -> bytes:
    """The initial response of XOAUTH2, before base64."""
    check_credentials(BearerCredentials(user, token))
    return f"user={user}\x01auth=Bearer {token}\x01\x01".encode()


def oauthbearer(user: str, token: str) -> bytes:
    """The initial response of OAUTHBEARER, before base64 (RFC 7628 section 3.1)."""
    check_credentials(BearerCredentials(user, token))
    authorization_identity = user.replace("=", "=3D").replace(",", "=2C")
    return f"n,a={authorization_identity},\x01auth=Bearer {token}\x01\x01".encode()


def plain(user: str, password: str) -> bytes:
    """The only message of PLAIN, before base64."""
    check_credentials(PasswordCredentials(user, password))
    return f"\0{user}\0{password}".encode()


def choose_mechanism(wanted: Iterable[str], offered: Iterable[str]) -> str:
    """The first wanted mechanism which the server offers.

    Raises `CapabilityError` (authentication_mechanism_missing).
    """
    offers = {name.upper() for name in offered}
    for mechanism in wanted:
        if mechanism.upper() in offers:
            return mechanism.upper()
    raise CapabilityError(
        "The server offers none of the sign-in methods asked for",
        code="authentication_mechanism_missing",
        server_text=" ".join(sorted(offers)),
    )


def decode_challenge(line: bytes | None) -> bytes:
    """A challenge as it came after base64; one that is not base64 is kept as it stands."""
    try:
        return base64.b64decode(line or b"", validate=True)
    except binascii.Error:
        return line or b""


class Responder:
    """Sends the token once; answers the failure challenge; never sends the token again."""

    def __init__(self, mechanism: str, credentials: BearerCredentials | PasswordCredentials):
        self.mechanism = mechanism.upper()
        self._first: bytes | None = _initial_response(self.mechanism, credentials)
        self._challenge: bytes | None = None
        self._aborted = False

    def step(self, challenge: bytes = b"") -> bytes | None:
        """The next answer; None asks the caller to abort with "*".

        Raises `ProtocolError` when the server goes on after the abort.
        """
        if self._first is not None:
            first, self._first = self._first, None
            return first
        if self._aborted:
            raise ProtocolError("The server goes on asking after the sign-in was aborted")
        if self._challenge is None and self.mechanism in _CLOSING_REPLY:
            self._challenge = challenge
            return _CLOSING_REPLY[self.mechanism]
        self._aborted = True
        return None

    @property
    def detail(self) -> dict[str, object]:
        """The JSON object of the failure challenge, {} where there was none."""
        try:
            detail = json.loads(self._challenge or b"")
        except ValueError:
            return {}
        return detail if isinstance(detail, dict) else {}


def _initial_response(
    mechanism: str, credentials: BearerCredentials | PasswordCredentials
) -> bytes:
    if isinstance(credentials, PasswordCredentials):
        return plain(credentials.username, credentials.password)
    if mechanism == "XOAUTH2":
        return xoauth2(credentials.username, credentials.access_token)
    if mechanism == "OAUTHBEARER":
        return oauthbearer(credentials.username, credentials.access_token)
    raise CapabilityError(
        f"The sign-in method {mechanism} is not known",
        code="authentication_mechanism_missing",
    )


def secrets_of(
    credentials: BearerCredentials | PasswordCredentials | None,
) -> tuple[str, ...]:
    """The secret in each form in which it goes over the wire."""
    if credentials is None:
        return ()
    if isinstance(credentials, PasswordCredentials):
        secret = credentials.password
        forms = [plain(credentials.username, secret), secret.encode()]
    else:
        secret = credentials.access_token
        forms = [
            xoauth2(credentials.username, secret),
            oauthbearer(credentials.username, secret),
        ]
    return (secret, *(base64.b64encode(form).decode() for form in forms))


def without_secrets(text: str | bytes, secrets: Iterable[str]) -> str:
    """The server's words without a secret which it echoed, whole, cut or in base64."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    forms = [form for form in secrets if form]
    for form in forms:
        if len(form) >= 4:
            text = text.replace(form, _HIDDEN)

    def hide(match: re.Match[str]) -> str:
        word = match.group()
        is_piece = any(word == f or (len(word) >= 6 and word in f) for f in forms)
        return _HIDDEN if is_piece or len(word) > 100 else word

    return _WORD.sub(hide, text)
