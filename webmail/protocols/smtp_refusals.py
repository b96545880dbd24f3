"""What a refusal of an SMTP server means: reply code, enhanced code (RFC 3463), known words."""

import re

from webmail.protocols.errors import (
    AuthenticationError,
    CapabilityError,
    MailServerError,
    ProtocolError,
    SubmissionRejectedError,
    ThrottledError,
)
from webmail.protocols.refusals import ANYWHERE, AUTHENTICATING, Rule, closing, match

_SMTP = (
    Rule(
        r"sender thread limit|\b4\.3\.2\b|concurrent",
        ThrottledError,
        "too_many_connections",
        "The server allows no further connection at present",
    ),
    Rule(
        r"submission rate|rate limit|too many messages|sending too (fast|many)",
        ThrottledError,
        "sending_rate_exceeded",
        "The server asks to send more slowly",
    ),
    Rule(
        r"SubmissionQuotaExceeded|daily (user )?sending (limit|quota)|\b5\.4\.5\b",
        ThrottledError,
        "sending_quota_exceeded",
        "The mailbox has used up its sending allowance for now",
    ),
)

_SMTP_REJECTIONS = (
    (r"\b5\.7\.60\b|\b5\.2\.252\b|send ?as ?denied|not owned by|not allowed to send", "send_as"),
    (r"\b5\.3\.4\b|\b5\.2\.3\b|message (size|too (large|big))|exceeds.{0,30}size", "size"),
    (r"\b5\.2\.253\b|not licensed|no (valid )?licen[cs]e", "licence"),
    (r"\b5\.2\.2\b|\b4\.2\.2\b|mailbox (is )?full|quota", "quota"),
)
_REJECTIONS = {
    "send_as": ("send_as_denied", "The mailbox may not send with this sender address"),
    "licence": ("licence_missing", "The mailbox has no licence for sending"),
    "size": ("message_too_large", "The message is larger than the server takes"),
    "quota": ("quota_exceeded", "A mailbox is full"),
}
_ENHANCED_CODE = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")


def authentication(code: int, text: str) -> MailServerError:
    """A refusal during AUTH (RFC 4954 section 6).

    Only 535, 534 and 538 speak of the credentials. 500 to 504 are faults of framing, which
    some servers give for a long token; calling those a wrong password would be a lie.
    """
    if code == 421:
        return closing(text)
    if 400 <= code < 500:
        return match((*ANYWHERE, *_SMTP), text) or AuthenticationError(
            "The server cannot check sign-ins at present",
            code="authentication_temporarily_unavailable",
            server_text=text,
            retryable=True,
        )
    if code in (530, 534, 535, 538, 550, 554):
        return match((*ANYWHERE, *AUTHENTICATING[:-1]), text) or AuthenticationError(
            "The server does not accept the sign-in", server_text=text
        )
    if code == 504:
        return CapabilityError(
            "The server does not know this sign-in method",
            code="authentication_mechanism_missing",
            server_text=text,
        )
    return ProtocolError("The server does not understand the sign-in", server_text=text)


def enhanced_code(text: str) -> str:
    """The enhanced status code (RFC 3463) in the words, or ""."""
    found = _ENHANCED_CODE.search(text)
    return found.group(1) if found else ""


def submission(code: int, text: str, rejection: str = "submission_rejected") -> MailServerError:
    """A refusal of MAIL, RCPT, DATA or the message itself; `rejection` is the code to give
    where the words say nothing better.
    """
    if code == 421 or code == 432:
        return match((*_SMTP, *ANYWHERE), text) or closing(text)
    if code == 530:
        return AuthenticationError(
            "The server asks for a sign-in first",
            code="authentication_required",
            server_text=text,
        )
    throttled = match((*_SMTP, *ANYWHERE), text) if code >= 400 else None
    if throttled:
        return throttled
    policy = match(AUTHENTICATING[:5], text) if code >= 500 else None
    if policy:
        return policy
    if not 400 <= code < 600:
        return ProtocolError("The server gave an answer which is none", server_text=text)
    message = "The server did not take the message"
    for pattern, name in _SMTP_REJECTIONS:
        if re.search(pattern, text, re.IGNORECASE):
            rejection, message = _REJECTIONS[name]
            break
    return SubmissionRejectedError(
        message,
        reply_code=code,
        code=rejection,
        server_text=text,
        enhanced_code=enhanced_code(text),
        permanent=code >= 500,
    )
