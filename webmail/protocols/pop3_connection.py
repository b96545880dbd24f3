"""A POP3 connection: greeting, CAPA, STLS, sign-in (RFC 1939, RFC 2449, RFC 5034)."""

import base64
import contextlib
import poplib
import re
from collections.abc import Callable
from typing import Self, TypeVar

from webmail.protocols import refusals, sasl
from webmail.protocols.arguments import check_credentials, check_endpoint
from webmail.protocols.errors import (
    AuthenticationError,
    CommandRefusedError,
    MailServerError,
    ProtocolError,
    TlsError,
)
from webmail.protocols.types import BearerCredentials, Credentials, Endpoint, Security
from webmail.protocols.wire import Wire, dial

_Result = TypeVar("_Result")
_BAD_REPLY = (poplib.error_proto, ValueError, LookupError, TypeError)
# poplib gives up at 2048; real messages hold base64 in one line of megabytes.
_MAXIMUM_LINE = 64 * 1024 * 1024
_GOODBYE_SECONDS = 5.0


class _Refused(Exception):
    """-ERR, with the server's words."""


class _Pop3(poplib.POP3):
    """poplib on a `Wire`; only `+OK` is a success (poplib takes any plus, also a challenge)."""

    def __init__(self, wire: Wire, endpoint: Endpoint) -> None:
        self.wire = wire
        super().__init__(endpoint.host, endpoint.port)

    def _create_socket(self, timeout: float | None) -> Wire:
        return self.wire

    def line(self) -> bytes:
        """One line as it came, with its end."""
        line = self.wire.readline(_MAXIMUM_LINE)
        if not line.endswith(b"\n"):
            raise poplib.error_proto("line too long")
        return line

    def send(self, command: str) -> None:
        self.wire.sendall(command.encode() + b"\r\n")

    def _getresp(self) -> bytes:
        line = self.line().strip()
        if line.startswith(b"-ERR"):
            raise _Refused(line[4:].strip().decode("utf-8", "replace"))
        if not re.match(rb"\+OK\b", line):
            raise poplib.error_proto("neither +OK nor -ERR")
        return line[3:].strip()

    def command(self, text: str) -> bytes:
        """Send; the words after +OK."""
        self.send(text)
        return self._getresp()

    def text(self, command: str) -> bytes:
        """Send; the text after +OK, its lines ended by CRLF, dots unstuffed."""
        self.command(command)
        text = bytearray()
        while (line := self.line()) not in (b".\r\n", b".\n"):
            # RFC 1939 section 3: any line which begins with a dot was given one more.
            text += line[1:-1] if line.startswith(b".") else line[:-1]
            text += b"\n" if text.endswith(b"\r") else b"\r\n"
        return bytes(text)


class Pop3Connection:
    """A signed-in connection; `with` leaves it without QUIT."""

    def __init__(self, endpoint: Endpoint, credentials: Credentials) -> None:
        check_endpoint(endpoint)
        check_credentials(credentials)
        if credentials is None:
            raise AuthenticationError("POP3 needs a user name", code="authentication_required")
        self._secrets = sasl.secrets_of(credentials)
        self._is_authenticating = False
        self._has_deleted = False
        self._wire = dial(endpoint)
        try:
            self._pop = self._guarded(lambda: _Pop3(self._wire, endpoint))
            self.capabilities = self._read_capabilities()
            if endpoint.security is Security.STARTTLS:
                self._start_tls()
            self._is_authenticating = True
            self._guarded(lambda: self._sign_in(credentials))
            self._is_authenticating = False
            self.capabilities = self._read_capabilities()
        except BaseException:
            self._wire.close()
            raise

    @classmethod
    def open(cls, endpoint: Endpoint, credentials: Credentials) -> Self:
        """Connect and sign in.

        Raises `UnreachableError`, `TlsError`, `AuthenticationError`, `CapabilityError`,
        `ThrottledError`, `ProtocolError`, `InvalidArgumentError`.
        """
        return cls(endpoint, credentials)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def is_open(self) -> bool:
        return self._wire.is_open

    def on_traffic(self, action: Callable[[], None]) -> None:
        """Call `action` while octets come or go; what it raises ends the connection."""
        self._wire.on_traffic = action

    def close(self) -> None:
        """Close without QUIT: RFC 1939 section 6 then forbids the server to delete.

        RSET goes first where something was marked, for servers which do not keep to that.
        """
        if self._has_deleted and self._wire.is_open:
            self._wire.read_timeout = min(_GOODBYE_SECONDS, self._wire.read_timeout)
            with contextlib.suppress(MailServerError):
                self._guarded(lambda: self._pop.command("RSET"))
        self._wire.close()

    def _broken(self, message: str) -> ProtocolError:
        self._wire.close()
        return ProtocolError(message)

    def _read_capabilities(self) -> frozenset[str]:
        """In upper case: names, and "SASL XOAUTH2" for each method. Empty without CAPA."""
        try:
            text = self._guarded(lambda: self._pop.text("CAPA"))
        except CommandRefusedError:
            return frozenset()
        found: set[str] = set()
        for line in text.decode("latin-1").upper().split("\r\n"):
            words = line.split()
            if words:
                found.add(words[0])
                found.update(f"{words[0]} {word}" for word in words[1:])
        return frozenset(found)

    def _start_tls(self) -> None:
        if self.capabilities and "STLS" not in self.capabilities:
            raise TlsError("The server does not offer STLS", code="tls_starttls_missing")
        try:
            self._guarded(lambda: self._pop.command("STLS"))
        except CommandRefusedError as exc:
            raise TlsError(
                "The server refuses STLS",
                code="tls_starttls_refused",
                server_text=exc.server_text,
            ) from None
        self._wire.start_tls()
        self.capabilities = self._read_capabilities()

    def _sign_in(self, credentials: Credentials) -> None:
        offered = [c[5:] for c in self.capabilities if c.startswith("SASL ")]
        if isinstance(credentials, BearerCredentials):
            wanted = [m.upper() for m in credentials.mechanisms]
            # Some servers take XOAUTH2 without saying so in CAPA.
            unsaid = ["XOAUTH2"] if "XOAUTH2" in wanted else wanted[:1]
            chosen = next((m for m in wanted if m in offered), None)
            mechanism = chosen or sasl.choose_mechanism(wanted, unsaid)
            self._authenticate(sasl.Responder(mechanism, credentials))
        elif credentials is None:
            raise AuthenticationError("POP3 needs a user name", code="authentication_required")
        elif self.capabilities and "USER" not in self.capabilities and "PLAIN" in offered:
            self._authenticate(sasl.Responder("PLAIN", credentials))
        else:
            self._pop.command(f"USER {credentials.username}")
            self._pop.command(f"PASS {credentials.password}")

    def _authenticate(self, responder: sasl.Responder) -> None:
        """AUTH in two steps always: a token never fits the 255 octets which RFC 5034 section 4
        leaves to an initial response, and Exchange wants it so.
        """
        self._pop.send(f"AUTH {responder.mechanism}")
        while True:
            line = self._pop.line().strip()
            if re.match(rb"\+OK\b", line):
                return
            if line.startswith(b"-ERR"):
                text = line[4:].strip().decode("utf-8", "replace")
                failure = refusals.pop3(text, authenticating=True)
                if isinstance(failure, AuthenticationError):
                    failure.detail.update(responder.detail)
                raise failure
            if not line.startswith(b"+"):
                raise ProtocolError("The server's answer to the sign-in is none")
            answer = responder.step(sasl.decode_challenge(line[1:].strip()))
            self._pop.send("*" if answer is None else base64.b64encode(answer).decode("ascii"))

    def _guarded(self, action: Callable[[], _Result]) -> _Result:
        """Run it; what it raises leaves as a typed error which carries no other exception."""
        failure: MailServerError
        try:
            return action()
        except MailServerError as exc:
            failure = exc
        except _Refused as exc:
            failure = refusals.pop3(str(exc), self._is_authenticating)
        except _BAD_REPLY:
            failure = self._broken("The server's reply breaks the rules of POP3")
        failure.server_text = sasl.without_secrets(failure.server_text, self._secrets)
        raise failure
