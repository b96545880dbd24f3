"""What can go wrong between us and a mail server.

Each error carries `code` (stable, never translated, chosen from the list of its class),
`server_text` (the server's own words, made printable, without secrets) and `retryable`
(whether the same call may succeed later without anybody doing anything).
"""

from collections.abc import Mapping
from typing import ClassVar

MAXIMUM_SERVER_TEXT = 500


def printable(text: str | bytes) -> str:
    """The server's words on one line, without control characters, of bounded length."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    words = "".join(c if c.isprintable() else " " for c in text).split()
    return " ".join(words)[:MAXIMUM_SERVER_TEXT]


class MailServerError(Exception):
    """The base of all failures of `webmail.protocols`."""

    default_code: ClassVar[str] = "mail_server_error"
    default_retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str = "",
        *,
        code: str = "",
        server_text: str | bytes = "",
        retryable: bool | None = None,
    ) -> None:
        super().__init__(message or type(self).default_code)
        self.message = message or type(self).default_code
        self.code = code or type(self).default_code
        self.server_text = printable(server_text)
        self.retryable = type(self).default_retryable if retryable is None else retryable

    def __str__(self) -> str:
        text = f"{self.message} [{self.code}]"
        return f"{text}: {self.server_text}" if self.server_text else text

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"


class UnreachableError(MailServerError):
    """No usable connection: unreachable, dns_failed, connection_refused, timeout,
    connection_lost, server_closing.
    """

    default_code = "unreachable"
    default_retryable = True


class TlsError(MailServerError):
    """No trusted encryption: tls_failed, tls_verify_failed, tls_name_mismatch, tls_expired,
    tls_not_yet_valid, tls_unknown_authority, tls_self_signed, tls_starttls_missing,
    tls_starttls_refused, tls_starttls_injection, tls_ca_invalid.
    """

    default_code = "tls_failed"


class AuthenticationError(MailServerError):
    """The server does not let this user in.

    Only `authentication_failed` may be cured by a fresh access token. The others:
    authentication_temporarily_unavailable (retryable), authenticated_but_not_connected
    (retryable), authentication_required, basic_authentication_disabled, smtp_auth_disabled,
    smtp_auth_disabled_for_mailbox, protocol_disabled, blocked_by_policy,
    blocked_by_security_defaults.
    `detail` holds the JSON object of the failure challenge (RFC 7628 section 3.2.2).
    """

    default_code = "authentication_failed"

    def __init__(
        self,
        message: str = "",
        *,
        code: str = "",
        server_text: str | bytes = "",
        retryable: bool | None = None,
        detail: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message, code=code, server_text=server_text, retryable=retryable)
        self.detail: dict[str, object] = dict(detail or {})


class ThrottledError(MailServerError):
    """The server asks for fewer or slower requests: throttled, too_many_connections,
    bandwidth_exceeded, mailbox_in_use, sending_rate_exceeded, sending_quota_exceeded.
    `retry_after` is in seconds, or None when the server did not say.
    """

    default_code = "throttled"
    default_retryable = True

    def __init__(
        self,
        message: str = "",
        *,
        code: str = "",
        server_text: str | bytes = "",
        retryable: bool | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message, code=code, server_text=server_text, retryable=retryable)
        self.retry_after = retry_after


class CapabilityError(MailServerError):
    """The server lacks what was asked for: capability_missing, authentication_mechanism_missing,
    uidl_missing, smtputf8_missing, eight_bit_missing.
    """

    default_code = "capability_missing"


class MailboxMissingError(MailServerError):
    """There is no such mailbox: mailbox_missing."""

    default_code = "mailbox_missing"


class CommandRefusedError(MailServerError):
    """The server understood and said no: command_refused, quota_exceeded, permission_denied,
    mailbox_exists, message_missing, read_only.
    """

    default_code = "command_refused"


class ProtocolError(MailServerError):
    """The server broke the rules of its protocol: protocol_error."""

    default_code = "protocol_error"


class InvalidArgumentError(MailServerError, ValueError):
    """A value which must not reach the wire: invalid_argument. Nothing was sent."""

    default_code = "invalid_argument"


class SubmissionRejectedError(MailServerError):
    """The server did not take the message: submission_rejected, sender_refused, send_as_denied,
    licence_missing, recipients_refused, message_too_large, quota_exceeded.

    `reply_code` is the SMTP code, 0 when the message was refused before it was offered;
    `enhanced_code` is like "5.7.60" or ""; `refused`: address -> (reply code, words).
    `permanent` is the opposite of `retryable`.
    """

    default_code = "submission_rejected"

    def __init__(
        self,
        message: str = "",
        *,
        reply_code: int,
        code: str = "",
        server_text: str | bytes = "",
        enhanced_code: str = "",
        permanent: bool = True,
        refused: Mapping[str, tuple[int, str]] | None = None,
    ) -> None:
        super().__init__(message, code=code, server_text=server_text, retryable=not permanent)
        self.reply_code = reply_code
        self.enhanced_code = enhanced_code
        self.permanent = permanent
        self.refused: dict[str, tuple[int, str]] = dict(refused or {})


class SubmissionUnclearError(MailServerError):
    """The message was handed over and no answer came: submission_unclear. Never retried by
    itself, because it may have been delivered.
    """

    default_code = "submission_unclear"
