"""An IMAP connection: greeting, STARTTLS, sign-in, one command at a time."""

import contextlib
import imaplib
from collections.abc import Callable
from typing import Any, TypeVar

from webmail.protocols import sasl
from webmail.protocols.arguments import check_credentials, check_endpoint
from webmail.protocols.errors import (
    AuthenticationError,
    CapabilityError,
    CommandRefusedError,
    MailServerError,
    ProtocolError,
    TlsError,
)
from webmail.protocols.imap_client import Client
from webmail.protocols.imap_replies import Record, Reply, fetched, quoted
from webmail.protocols.types import (
    BearerCredentials,
    Credentials,
    Endpoint,
    PasswordCredentials,
    Security,
)
from webmail.protocols.wire import dial

_Result = TypeVar("_Result")
# With each of these the libraries were seen to stumble over a malformed reply.
_BAD_REPLY = (
    imaplib.IMAP4.error,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    OverflowError,
    RecursionError,
)
_GOODBYE_SECONDS = 5.0


class ImapConnection:
    """A signed-in connection. A reply which breaks the rules closes it."""

    def __init__(self, endpoint: Endpoint, credentials: Credentials) -> None:
        check_endpoint(endpoint)
        check_credentials(credentials)
        if credentials is None:
            raise AuthenticationError("IMAP needs a user name", code="authentication_required")
        self._secrets = sasl.secrets_of(credentials)
        self._wire = dial(endpoint)
        try:
            self._client: Any = self._guarded(lambda: Client(self._wire, endpoint))
            self._imap: Any = self._client._imap
            if endpoint.security is Security.STARTTLS:
                self._start_tls()
            self._imap.is_authenticating = True
            self._guarded(lambda: self._sign_in(credentials))
            self._imap.is_authenticating = False
            self.capabilities = self._read_capabilities()
        except BaseException:
            self._wire.close()
            raise

    @property
    def is_open(self) -> bool:
        return self._wire.is_open

    def on_traffic(self, action: Callable[[], None]) -> None:
        """Call `action` while octets come or go; what it raises ends the connection."""
        self._wire.on_traffic = action

    def run(self, name: str, *arguments: bytes, uid: bool = False) -> list[Reply | None]:
        """One command; the untagged replies of its name. Arguments are already encoded.

        Raises any `MailServerError`.
        """
        reply_name = "FETCH" if name == "STORE" else name

        def command() -> list[Reply | None]:
            self.take(reply_name)
            self._imap._simple_command(*(("UID", name) if uid else (name,)), *arguments)
            return self.take(reply_name)

        return self._guarded(command)

    def fetch(self, *arguments: bytes) -> list[tuple[int, Record]]:
        """UID FETCH, read apart: (UID, items) of each reply."""
        replies = self.run("FETCH", *arguments, uid=True)
        return self._guarded(lambda: list(fetched(replies)))

    def append(self, *arguments: bytes, message: bytes) -> None:
        """APPEND; the message goes as a literal."""

        def command() -> None:
            self._imap.literal = message
            self._imap._simple_command("APPEND", *arguments)

        self._guarded(command)

    def search(self, *arguments: bytes) -> list[Reply | None]:
        """UID SEARCH; words with 8-bit characters go as literals, which only IMAPClient does."""

        def command() -> list[Reply | None]:
            self.take("SEARCH")
            self._client._raw_command(b"SEARCH", list(arguments))
            return self.take("SEARCH")

        return self._guarded(command)

    def take(self, name: str) -> list[Reply | None]:
        """The untagged replies or response codes of this name, which are then forgotten."""
        found: list[Reply | None] = self._imap.untagged_responses.pop(name, [])
        return found

    def seen(self, name: str) -> list[Reply | None]:
        """As `take`, without forgetting."""
        found: list[Reply | None] = self._imap.untagged_responses.get(name, [])
        return found

    def enter(self, state: str, is_readonly: bool = False) -> None:
        """Tell imaplib which commands are legal now: AUTH or SELECTED."""
        self._imap.state = state
        self._imap.is_readonly = is_readonly

    def close(self) -> None:
        """LOGOUT, then close; a server which does not answer is left at once."""
        if self._wire.is_open:
            self._wire.read_timeout = min(_GOODBYE_SECONDS, self._wire.read_timeout)
            with contextlib.suppress(MailServerError):
                self._guarded(lambda: self._imap._simple_command("LOGOUT"))
        self._wire.close()

    def _start_tls(self) -> None:
        # PREAUTH forbids STARTTLS: somebody on the way may have put it there to prevent it.
        if self._imap.state != "NONAUTH" or "STARTTLS" not in self._imap.capabilities:
            raise TlsError("The server does not offer STARTTLS", code="tls_starttls_missing")
        try:
            self.run("STARTTLS")
        except (CommandRefusedError, ProtocolError) as exc:
            raise TlsError(
                "The server refuses STARTTLS",
                code="tls_starttls_refused",
                server_text=exc.server_text,
            ) from None
        self._wire.start_tls()
        self._imap.untagged_responses.clear()
        # What was said in the open is forgotten (RFC 9051 section 6.2.1).
        self._imap.capabilities = tuple(self._read_capabilities())

    def _read_capabilities(self) -> frozenset[str]:
        """What the server said with its last answer, else what it says when asked."""
        replies = self.take("CAPABILITY") or self.run("CAPABILITY")
        words = b" ".join(r for r in replies if isinstance(r, bytes)).upper().split()
        # IMAPClient looks for LITERAL+ here.
        self._client._cached_capabilities = tuple(words)
        return frozenset(word.decode("ascii", "replace") for word in words)

    def _sign_in(self, credentials: PasswordCredentials | BearerCredentials) -> None:
        if self._imap.state != "NONAUTH":
            raise ProtocolError("The server let us in before the sign-in")
        offered = frozenset(self._imap.capabilities)
        mechanisms = [word[5:] for word in offered if word.startswith("AUTH=")]
        if isinstance(credentials, BearerCredentials):
            mechanism = sasl.choose_mechanism(credentials.mechanisms, mechanisms)
        elif "PLAIN" in mechanisms:
            mechanism = "PLAIN"
        else:
            self._log_in(credentials, offered)
            return
        responder = sasl.Responder(mechanism, credentials)
        try:
            self._client.sasl_login(mechanism, responder.step)
        except AuthenticationError as exc:
            exc.detail.update(responder.detail)
            raise

    def _log_in(self, credentials: PasswordCredentials, offered: frozenset[str]) -> None:
        if "LOGINDISABLED" in offered:
            raise CapabilityError(
                "The server accepts no password here", code="authentication_mechanism_missing"
            )
        try:
            user = credentials.username.encode("ascii")
            password = credentials.password.encode("ascii")
        except UnicodeError:
            raise CapabilityError(
                "The server takes user names and passwords in ASCII only",
                code="authentication_mechanism_missing",
            ) from None
        self._imap._simple_command("LOGIN", quoted(user), quoted(password))
        self._imap.state = "AUTH"

    def _guarded(self, action: Callable[[], _Result]) -> _Result:
        """Run it; whatever the libraries raise leaves as a typed error.

        The new error is raised outside of the handler, so that it drags no other along:
        imaplib quotes lines in its exceptions, and a server may have echoed a token.
        """
        try:
            return action()
        except MailServerError as exc:
            failure = exc
        except _BAD_REPLY as exc:
            self._wire.close()
            failure = ProtocolError(
                "The server's reply breaks the rules of IMAP", server_text=str(exc)
            )
        failure.server_text = sasl.without_secrets(failure.server_text, self._secrets)
        raise failure
