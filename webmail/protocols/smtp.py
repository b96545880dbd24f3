"""`SmtpSession`: handing over messages (RFC 6409, RFC 5321)."""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from webmail.protocols import smtp_refusals
from webmail.protocols.arguments import check_address
from webmail.protocols.errors import (
    CapabilityError,
    InvalidArgumentError,
    MailServerError,
    SubmissionRejectedError,
    SubmissionUnclearError,
)
from webmail.protocols.smtp_connection import BAD_REPLY, SmtpConnection, words
from webmail.protocols.types import SubmissionResult

__all__ = ["FINAL_REPLY_SECONDS", "SmtpSession", "SubmissionResult"]

# RFC 5321 section 4.5.3.2.6: the server may take ten minutes after the final dot.
FINAL_REPLY_SECONDS = 600.0
_SLICE = 256 * 1024
_LINE_END = re.compile(rb"\r\n|\r|\n")
_END_OF_HEADER = re.compile(rb"\r?\n\r?\n")
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)


def _no_phase(phase: str) -> None:
    pass


class SmtpSession(SmtpConnection):
    """`with SmtpSession.open(endpoint, credentials) as session:`

    Every method may raise any `MailServerError`.
    """

    @property
    def max_size(self) -> int | None:
        """The largest message taken, in octets (RFC 1870); None when not said or unbounded."""
        words = self._smtp.esmtp_features.get("size", "").split()
        return int(words[0]) or None if words and words[0].isdecimal() else None

    def check_sender(self, address: str) -> None:
        """MAIL FROM and RSET: would the server take mail from this address?

        Raises `SubmissionRejectedError` (sender_refused, send_as_denied).
        """
        sender, options = self._sender(address, b"", 0)
        self._guarded(lambda: self._mail(sender, options))
        self._guarded(lambda: self._expect("RSET", "submission_rejected"))

    def submit(
        self,
        raw: bytes,
        envelope_from: str,
        envelope_to: Sequence[str],
        on_phase: Callable[[str], None] = _no_phase,
    ) -> SubmissionResult:
        """Hand a message over. "" as `envelope_from` is the null reverse-path.

        `on_phase` is told "mail", "rcpt", "data_started", "handed_over", "accepted".
        "handed_over" comes just before the final dot: up to then the server must forget the
        message when the connection ends (RFC 5321 section 4.1.1.4), so trying again is safe.

        Raises `SubmissionRejectedError`, also when all recipients are refused;
        `SubmissionUnclearError` when no answer came after the dot; `CapabilityError`
        (smtputf8_missing, eight_bit_missing); `UnreachableError`, `ThrottledError`,
        `AuthenticationError`, `ProtocolError`, `InvalidArgumentError`.
        """
        if not envelope_to:
            raise InvalidArgumentError("There is no recipient")
        size = _wire_size(raw)
        self._check_size(size)
        recipients = [self._path(check_address(a, "recipient")) for a in envelope_to]
        sender, options = self._sender(envelope_from, raw, size, recipients)
        self._guarded(lambda: self._mail(sender, options))
        on_phase("mail")
        named = list(zip(envelope_to, recipients, strict=True))
        refused = self._guarded(lambda: self._recipients(named))
        on_phase("rcpt")
        self._guarded(lambda: self._expect("DATA", "submission_rejected", 354))
        try:
            on_phase("data_started")
            self._guarded(lambda: self._send_text(raw))
            on_phase("handed_over")
        except BaseException:
            # Nothing but an end of the connection can take the message back now.
            self._wire.close()
            raise
        code, text = self._guarded(self._finish)
        on_phase("accepted")
        return SubmissionResult(code, text, refused)

    def _check_size(self, size: int) -> None:
        if self.max_size is not None and size > self.max_size:
            raise SubmissionRejectedError(
                f"The message has {size} octets, the server takes {self.max_size}",
                reply_code=0,
                code="message_too_large",
            )

    def _path(self, address: str) -> str:
        """The address as it goes over the wire: a domain alone needs no SMTPUTF8."""
        local, _, domain = address.rpartition("@")
        if domain.isascii() or "smtputf8" in self._smtp.esmtp_features:
            return address
        try:
            return f"{local}@{domain.encode('idna').decode('ascii')}"
        except UnicodeError:
            raise InvalidArgumentError("The domain of an address cannot be written") from None

    def _sender(
        self, address: str, raw: bytes, size: int, recipients: Sequence[str] = ()
    ) -> tuple[str, list[str]]:
        path = self._path(check_address(address, "sender")) if address else ""
        offered = self._smtp.esmtp_features
        options = [f"SIZE={size}"] if size and "size" in offered else []
        header = _END_OF_HEADER.split(raw, maxsplit=1)[0]
        needs_utf8 = not header.isascii() or not "".join((path, *recipients)).isascii()
        if needs_utf8 and "smtputf8" not in offered:
            raise CapabilityError(
                "The server takes no addresses or headers beyond ASCII", code="smtputf8_missing"
            )
        if not raw.isascii() and "8bitmime" not in offered:
            raise CapabilityError(
                "The server takes no messages beyond ASCII", code="eight_bit_missing"
            )
        if needs_utf8:
            options.append("SMTPUTF8")
        if not raw.isascii():
            options.append("BODY=8BITMIME")
        return path, options

    def _mail(self, sender: str, options: Sequence[str]) -> None:
        self._expect(" ".join((f"MAIL FROM:<{sender}>", *options)), "sender_refused")

    def _recipients(self, named: Sequence[tuple[str, str]]) -> dict[str, tuple[int, str]]:
        refused: dict[str, tuple[int, str]] = {}
        for address, path in named:
            code, text = self._smtp.docmd(f"RCPT TO:<{path}>")
            if code in (421, -1):
                self._wire.close()
                raise smtp_refusals.submission(code, words(text))
            if not 200 <= code < 300:
                refused[address] = (code, words(text))
        if len(refused) == len(dict(named)):
            self._smtp.docmd("RSET")
            raise _all_refused(refused)
        return refused

    def _expect(self, command: str, rejection: str, wanted: int = 250) -> None:
        code, text = self._smtp.docmd(command)
        if code == wanted:
            return
        failure = smtp_refusals.submission(code, words(text), rejection)
        if code == 421 or not 400 <= code < 600:
            self._wire.close()
        else:
            with contextlib.suppress(MailServerError):
                self._smtp.docmd("RSET")
        raise failure

    def _send_text(self, raw: bytes) -> None:
        for piece in _stuffed(raw):
            self._wire.sendall(piece)

    def _finish(self) -> tuple[int, str]:
        normal, self._wire.read_timeout = self._wire.read_timeout, FINAL_REPLY_SECONDS
        try:
            code, text = self._smtp.docmd(".")
        except (MailServerError, *BAD_REPLY) as exc:
            code, text = -1, str(exc).encode()
        self._wire.read_timeout = normal
        if 200 <= code < 300:
            return code, words(text)
        if 400 <= code < 600:
            raise smtp_refusals.submission(code, words(text))
        self._wire.close()
        raise SubmissionUnclearError(
            "The server did not say whether it took the message", server_text=text
        )


def _all_refused(refused: Mapping[str, tuple[int, str]]) -> MailServerError:
    code, text = next(iter(refused.values()))
    first = smtp_refusals.submission(code, text, "recipients_refused")
    if not isinstance(first, SubmissionRejectedError):
        return first
    return SubmissionRejectedError(
        "The server refuses all recipients",
        reply_code=code,
        code=first.code,
        server_text=text,
        enhanced_code=first.enhanced_code,
        permanent=all(code >= 500 for code, _ in refused.values()),
        refused=refused,
    )


def _wire_size(raw: bytes) -> int:
    """Octets after line ends were made CRLF, as RFC 1870 section 5 counts them."""
    pairs = raw.count(b"\r\n")
    size = len(raw) + raw.count(b"\r") + raw.count(b"\n") - 2 * pairs
    return size if raw.endswith((b"\r", b"\n")) else size + 2


def _stuffed(raw: bytes) -> Iterator[bytes]:
    """The text in pieces of whole lines: CRLF only, dots doubled (RFC 5321 section 4.5.2).

    A bare LF next to a dot is what mail smuggling lives on; none reaches the wire.
    """
    start = 0
    while start < len(raw):
        end = raw.find(b"\n", start + _SLICE) + 1 or len(raw)
        piece = _LINE_END.sub(b"\r\n", raw[start:end])
        yield _LEADING_DOT.sub(b"..", piece)
        start = end
    if not raw.endswith((b"\r", b"\n")):
        yield b"\r\n"
