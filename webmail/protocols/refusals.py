"""What a refusal of an IMAP or POP3 server means: response codes first, then the words known servers use.

Pure functions from the words to a typed error. The order of the tables matters: a policy
refusal often stands beside the code of a wrong password and is not cured by a new token.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from webmail.protocols.errors import (
    AuthenticationError,
    CapabilityError,
    CommandRefusedError,
    MailboxMissingError,
    MailServerError,
    ProtocolError,
    ThrottledError,
    UnreachableError,
)


class Rule(NamedTuple):
    """Words of a server (a regular expression, in any case) and what they mean."""

    pattern: str
    kind: type[MailServerError]
    code: str
    message: str
    retryable: bool | None = None


# True in any protocol and at any moment.
ANYWHERE = (
    Rule(
        r"too many (simultaneous |concurrent |open )?connections|maximum number of connections",
        ThrottledError,
        "too_many_connections",
        "The server allows no further connection at present",
    ),
    Rule(
        r"bandwidth limit|exceeded command",
        ThrottledError,
        "bandwidth_exceeded",
        "The mailbox has used up its traffic allowance for now",
    ),
    Rule(
        r"\[IN-?USE\]|(mailbox|maildrop) (is )?(already )?(locked|in use)",
        ThrottledError,
        "mailbox_in_use",
        "Another program holds the mailbox",
    ),
    Rule(
        r"\[THROTTLED\]|\[LOGIN-DELAY\]|is throttled|server (is )?busy|too many requests",
        ThrottledError,
        "throttled",
        "The server asks for fewer requests",
    ),
    Rule(
        r"authenticated but not connected",
        AuthenticationError,
        "authenticated_but_not_connected",
        "The sign-in was accepted, yet the server does not open the mailbox",
        True,
    ),
)

AUTHENTICATING = (  # the first five, switches and policies, also come in answer to a message
    Rule(
        r"SmtpClientAuthentication is disabled for the Mailbox",
        AuthenticationError,
        "smtp_auth_disabled_for_mailbox",
        "Sending by SMTP is switched off for this mailbox",
    ),
    Rule(
        r"SmtpClientAuthentication is disabled|smtp_auth_disabled",
        AuthenticationError,
        "smtp_auth_disabled",
        "Sending by SMTP is switched off for this mailbox or organisation",
    ),
    Rule(
        r"basic authentication is (disabled|not supported)|\b5\.7\.30\b",
        AuthenticationError,
        "basic_authentication_disabled",
        "The server does not accept passwords",
    ),
    Rule(
        r"security defaults",
        AuthenticationError,
        "blocked_by_security_defaults",
        "The security defaults of the organisation forbid this sign-in",
    ),
    Rule(
        r"conditional access|\b5\.7\.139\b",
        AuthenticationError,
        "blocked_by_policy",
        "A policy of the organisation forbids this sign-in",
    ),
    Rule(
        r"(imap|pop3?)( access| protocol)? (is )?(disabled|not enabled|turned off)"
        r"|not enabled for (imap|pop)",
        AuthenticationError,
        "protocol_disabled",
        "This way of access is switched off for the mailbox",
    ),
    Rule(
        r"\[(UNAVAILABLE|SYS/TEMP|SERVERBUG)\]|\btemporary\b|\btemporarily\b|try again later"
        r"|internal (server )?error|socket error|\b4\.7\.\d",
        AuthenticationError,
        "authentication_temporarily_unavailable",
        "The server cannot check sign-ins at present",
        True,
    ),
)

_UNKNOWN_MECHANISM = re.compile(
    r"(unsupported|unknown|unrecogni[sz]ed|invalid|not supported|not available|not implemented)"
    r".{0,40}(mechanism|auth(entication)? (type|method)|command)"
    r"|(mechanism|auth(entication)? (type|method)|command).{0,40}"
    r"(unsupported|unknown|unrecogni[sz]ed|invalid|not supported|not available|not implemented)",
    re.IGNORECASE,
)

_IMAP = (
    Rule(
        r"\[OVERQUOTA\]|quota exceeded|over quota|mailbox is full",
        CommandRefusedError,
        "quota_exceeded",
        "The mailbox is full",
    ),
    Rule(
        r"\[(NONEXISTENT|TRYCREATE)\]|(mailbox|folder).{0,80}(does not|doesn't) exist"
        r"|(no such|unknown|non-?existent) (mailbox|folder)|(mailbox|folder).{0,80}not found",
        MailboxMissingError,
        "mailbox_missing",
        "The folder does not exist on the server",
    ),
    Rule(
        r"\[ALREADYEXISTS\]|already exists|duplicate folder name",
        CommandRefusedError,
        "mailbox_exists",
        "A folder of this name exists already",
    ),
    Rule(
        r"\[(NOPERM|AUTHORIZATIONFAILED)\]|permission denied|access denied|not permitted",
        CommandRefusedError,
        "permission_denied",
        "The server does not permit this to the user",
    ),
    Rule(
        r"\[READ-ONLY\]|read-?only",
        CommandRefusedError,
        "read_only",
        "The folder can only be read",
    ),
    Rule(
        r"\[(UNAVAILABLE|SERVERBUG|INUSE)\]|try again later|temporarily|temporary",
        CommandRefusedError,
        "command_refused",
        "The server cannot do this at present",
        True,
    ),
)


def match(rules: Iterable[Rule], text: str) -> MailServerError | None:
    """The error of the first rule which fits."""
    for rule in rules:
        if re.search(rule.pattern, text, re.IGNORECASE):
            return rule.kind(
                rule.message, code=rule.code, server_text=text, retryable=rule.retryable
            )
    return None


def closing(text: str) -> MailServerError:
    """The server says goodbye: BYE in IMAP, 421 in SMTP. Always worth another try later."""
    return match(ANYWHERE, text) or UnreachableError(
        "The server ended the connection", code="server_closing", server_text=text
    )


def imap(status: str, text: str, authenticating: bool = False) -> MailServerError:
    """A tagged NO or BAD (RFC 9051 section 7.1, response codes of RFC 5530)."""
    if authenticating:
        return _authentication(text, status == "BAD")
    failure = match((*ANYWHERE, *_IMAP), text)
    if failure:
        return failure
    if status == "BAD":
        return ProtocolError("The server does not understand the command", server_text=text)
    return CommandRefusedError("The server refused the command", server_text=text)


def pop3(text: str, authenticating: bool = False) -> MailServerError:
    """An -ERR (response codes of RFC 2449 section 8 and RFC 3206)."""
    if authenticating:
        return _authentication(text, False)
    failure = match(ANYWHERE, text)
    if failure:
        return failure
    is_temporary = bool(re.search(r"\[SYS/TEMP\]|try again later|temporar", text, re.IGNORECASE))
    return CommandRefusedError(
        "The server refused the command", server_text=text, retryable=is_temporary
    )


def _authentication(text: str, is_framing_fault: bool) -> MailServerError:
    failure = match((*ANYWHERE, *AUTHENTICATING), text)
    if failure:
        return failure
    if _UNKNOWN_MECHANISM.search(text):
        return CapabilityError(
            "The server does not know this sign-in method",
            code="authentication_mechanism_missing",
            server_text=text,
        )
    if is_framing_fault:
        return ProtocolError("The server does not understand the sign-in", server_text=text)
    return AuthenticationError("The server does not accept the sign-in", server_text=text)
