"""An SMTP connection: greeting, EHLO, STARTTLS, sign-in."""

import base64
import contextlib
import smtplib
from collections.abc import Callable, Mapping
from typing import Self, TypeVar

from webmail.protocols import refusals, sasl, smtp_refusals
from webmail.protocols.arguments import check_credentials, check_endpoint
from webmail.protocols.errors import (
    AuthenticationError,
    MailServerError,
    ProtocolError,
    TlsError,
    UnreachableError,
    printable,
)
from webmail.protocols.types import (
    BearerCredentials,
    Credentials,
    Endpoint,
    PasswordCredentials,
    Security,
)
from webmail.protocols.wire import Wire, dial

_GOODBYE_SECONDS = 5.0
BAD_REPLY = (smtplib.SMTPException, ValueError, LookupError, TypeError)
_Result = TypeVar("_Result")


class _Smtp(smtplib.SMTP):
    """smtplib on a `Wire`."""

    def __init__(self, wire: Wire, endpoint: Endpoint) -> None:
        self.wire = wire
        # Without a name smtplib asks the DNS for ours; RFC 5321 section 4.1.3 allows this.
        super().__init__(local_hostname="[127.0.0.1]")
        self.command_encoding = "utf-8"
        code, text = self.connect(endpoint.host, endpoint.port)
        if code != 220:
            raise _greeting_failure(code, words(text))

    def _get_socket(self, host: str, port: int, timeout: float | None) -> Wire:
        return self.wire


def _greeting_failure(code: int, text: str) -> MailServerError:
    if code == 421 or 400 <= code < 500:
        return refusals.closing(text)
    if 500 <= code < 600:
        return UnreachableError("The server does not serve us", server_text=text, retryable=False)
    return ProtocolError("The server does not greet as SMTP servers do", server_text=text)


def words(reply: bytes) -> str:
    """The server's words on one line."""
    return printable(reply)


class SmtpConnection:
    """A signed-in connection; `with` leaves it by QUIT."""

    def __init__(self, endpoint: Endpoint, credentials: Credentials) -> None:
        check_endpoint(endpoint)
        check_credentials(credentials)
        self._secrets = sasl.secrets_of(credentials)
        self._wire = dial(endpoint)
        try:
            self._smtp = self._guarded(lambda: _Smtp(self._wire, endpoint))
            self._guarded(self._say_hello)
            if endpoint.security is Security.STARTTLS:
                self._guarded(self._start_tls)
            if credentials is not None:
                self._guarded(lambda: self._sign_in(credentials))
        except BaseException:
            self._wire.close()
            raise

    @classmethod
    def open(cls, endpoint: Endpoint, credentials: Credentials) -> Self:
        """Connect and sign in; `credentials` None: without signing in.

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

    @property
    def extensions(self) -> Mapping[str, str]:
        """Extension in lower case -> its parameters."""
        return {name: text.strip() for name, text in self._smtp.esmtp_features.items()}

    def close(self) -> None:
        """QUIT, then close; a server which does not answer is left at once."""
        if self._wire.is_open:
            self._wire.read_timeout = min(_GOODBYE_SECONDS, self._wire.read_timeout)
            with contextlib.suppress(MailServerError):
                self._guarded(lambda: self._smtp.docmd("QUIT"))
        self._wire.close()

    def _say_hello(self) -> None:
        code, text = self._smtp.ehlo()
        if code in (500, 501, 502, 504):
            code, text = self._smtp.helo()
        if code != 250:
            raise _greeting_failure(code, words(text))

    def _start_tls(self) -> None:
        if not self._smtp.has_extn("starttls"):
            raise TlsError("The server does not offer STARTTLS", code="tls_starttls_missing")
        code, text = self._smtp.docmd("STARTTLS")
        if code != 220:
            raise TlsError(
                "The server refuses STARTTLS",
                code="tls_starttls_refused",
                server_text=words(text),
            )
        self._wire.start_tls()
        # RFC 3207 section 4.2: forget what was said in the open.
        self._smtp.esmtp_features = {}
        self._say_hello()

    def _sign_in(self, credentials: PasswordCredentials | BearerCredentials) -> None:
        offered = self._smtp.esmtp_features.get("auth", "").upper().split()
        if isinstance(credentials, BearerCredentials):
            self._authenticate(credentials, sasl.choose_mechanism(credentials.mechanisms, offered))
        elif sasl.choose_mechanism(("PLAIN", "LOGIN"), offered) == "PLAIN":
            self._authenticate(credentials, "PLAIN")
        else:
            self._log_in(credentials)

    def _authenticate(
        self, credentials: PasswordCredentials | BearerCredentials, mechanism: str
    ) -> None:
        """AUTH in two steps always: a token does not fit a command line of 512 octets, and a
        server which cuts it calls it a wrong password (RFC 4954 section 4).
        """
        responder = sasl.Responder(mechanism, credentials)
        code, text = self._smtp.docmd(f"AUTH {mechanism}")
        while code == 334:
            answer = responder.step(sasl.decode_challenge(text))
            line = "*" if answer is None else base64.b64encode(answer).decode("ascii")
            code, text = self._smtp.docmd(line)
        self._check_signed_in(code, text, responder.detail)

    def _log_in(self, credentials: PasswordCredentials) -> None:
        code, text = self._smtp.docmd("AUTH LOGIN")
        for word in (credentials.username, credentials.password):
            if code == 334:
                code, text = self._smtp.docmd(base64.b64encode(word.encode()).decode("ascii"))
        self._check_signed_in(code, text, {})

    def _check_signed_in(self, code: int, text: bytes, detail: Mapping[str, object]) -> None:
        if code == 235:
            return
        failure = smtp_refusals.authentication(code, words(text))
        if isinstance(failure, AuthenticationError):
            failure.detail.update(detail)
        raise failure

    def _guarded(self, action: Callable[[], _Result]) -> _Result:
        """Run it; what it raises leaves as a typed error which carries no other exception."""
        failure: MailServerError
        try:
            return action()
        except MailServerError as exc:
            failure = exc
        except BAD_REPLY:
            self._wire.close()
            failure = ProtocolError("The server's reply breaks the rules of SMTP")
        failure.server_text = sasl.without_secrets(failure.server_text, self._secrets)
        raise failure
