"""An error from the wire → the state of a direction: who has to act, or nobody.

Decided by the type and the stable code of the error, never by a server's sentence.
"""

from __future__ import annotations

from dataclasses import dataclass

from groupware.outbound import NameNotFoundError, OutboundError
from oauthservers.errors import (
    AccessDeniedError,
    AdministratorRequiredError,
    OAuthError,
    ReauthorizationRequiredError,
    TemporaryOAuthError,
)
from oauthservers.vendor_codes import AT_PROVIDER
from webmail.models import MailAccount
from webmail.protocols.errors import (
    AuthenticationError,
    CapabilityError,
    InvalidArgumentError,
    MailServerError,
    SubmissionRejectedError,
    ThrottledError,
    TlsError,
)

Health = MailAccount.Health

# Refusals which a fresh token or another password does not cure: a switch on the server does.
_POLICY_CODES = {
    "fresh_token_refused",
    "basic_authentication_disabled",
    "smtp_auth_disabled",
    "smtp_auth_disabled_for_mailbox",
    "protocol_disabled",
    "blocked_by_policy",
    "blocked_by_security_defaults",
    "authentication_required",
}
# Refusals of a message that every other message of the account would meet too.
_SENDER_CODES = {"send_as_denied", "licence_missing"}
_ADMINISTRATOR_KINDS = (TlsError, CapabilityError, InvalidArgumentError)


class StoredSecretError(Exception):
    """A stored password or token does not open with the keys of this installation."""

    code = "secret_unreadable"


Known = (MailServerError, OAuthError, OutboundError, StoredSecretError)
"""What may go wrong on the way to a mail server; everything else is a fault of ours."""


@dataclass(frozen=True)
class Failure:
    """What is written on the account. ``retry_after`` is in seconds, 0 when nothing was said."""

    code: str
    server_text: str
    health: MailAccount.Health
    retry_after: float = 0.0

    @property
    def is_temporary(self) -> bool:
        """Whether time alone may help."""
        return self.health == Health.RETRYING


def classify(error: Exception) -> Failure:
    """The failure that ``error`` (one of ``Known``) means for its direction."""
    if isinstance(error, OAuthError):
        return _of_authorization(error)
    if isinstance(error, MailServerError):
        return _of_mail_server(error)
    if isinstance(error, OutboundError):
        passes = isinstance(error, NameNotFoundError)  # a name server that is away looks the same
        return Failure(error.code, "", Health.RETRYING if passes else Health.ADMINISTRATOR_REQUIRED)
    return Failure(StoredSecretError.code, "", Health.ADMINISTRATOR_REQUIRED)


def _of_authorization(error: OAuthError) -> Failure:
    health = Health.RETRYING
    if isinstance(error, AdministratorRequiredError) or error.code in AT_PROVIDER:
        health = Health.ADMINISTRATOR_REQUIRED
    elif isinstance(error, ReauthorizationRequiredError | AccessDeniedError):
        health = Health.OWNER_REQUIRED
    retry_after = error.retry_after if isinstance(error, TemporaryOAuthError) else None
    return Failure(error.code, error.description, health, retry_after or 0.0)


def _of_mail_server(error: MailServerError) -> Failure:
    health = Health.RETRYING
    if isinstance(error, AuthenticationError) and not error.retryable:
        policy = error.code in _POLICY_CODES
        health = Health.ADMINISTRATOR_REQUIRED if policy else Health.OWNER_REQUIRED
    elif isinstance(error, _ADMINISTRATOR_KINDS) or error.code in _SENDER_CODES:
        health = Health.ADMINISTRATOR_REQUIRED
    elif isinstance(error, SubmissionRejectedError) and error.permanent:
        health = Health.WORKING  # the server works; it does not want this message
    retry_after = error.retry_after if isinstance(error, ThrottledError) else None
    return Failure(error.code, error.server_text, health, float(retry_after or 0))
