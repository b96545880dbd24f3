"""Error code → what happened, what still works, whose turn it is, what to press. Never a server's own words.

Codes come from ``webmail.protocols.errors``, ``webmail.failures`` and ``webmail.outbox``; those of authorization
servers are worded in ``oauthservers.error_messages``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oauthservers import error_messages as authorization

RECEIVE = "receive"
SEND = "send"

_OWNER = _("You can mend this.")
_ADMINISTRATOR = _("Your administrator has to act.")
_NOBODY = _("Nobody has to act; it is tried again by itself.")

_AUTHENTICATE = _("Authenticate again")
_SETTINGS = _("Open the settings")
_NONE = ""


@dataclass(frozen=True)
class Advice:
    """Four sentences for one error; ``button`` is empty when there is nothing to press."""

    headline: str
    still_works: str
    who: str
    button: str


_Row = tuple[Any, Any, Any]  # headline, who, button

_SIGN_IN: dict[str, _Row] = {
    "authentication_failed": (
        _("The mail server refuses the user name or the password."),
        _OWNER,
        _SETTINGS,
    ),
    "not_authorized": (_("This mailbox has not been authorized yet."), _OWNER, _("Authenticate")),
    "fresh_token_refused": (
        _("You are signed in, but the mail server refuses access to this mailbox."),
        _ADMINISTRATOR,
        _SETTINGS,
    ),
    "authenticated_but_not_connected": (
        _("You are signed in, but the mail server does not open the mailbox."),
        _NOBODY,
        _NONE,
    ),
    "authentication_temporarily_unavailable": (
        _("The mail server cannot check sign-ins at the moment."),
        _NOBODY,
        _NONE,
    ),
    "authentication_required": (
        _("The mail server asks for a sign-in; the account has none."),
        _OWNER,
        _SETTINGS,
    ),
    "basic_authentication_disabled": (
        _("The mail server does not accept passwords any more. It wants OAuth 2.0."),
        _OWNER,
        _SETTINGS,
    ),
    "smtp_auth_disabled": (
        _("Sending with a sign-in (SMTP AUTH) is switched off at the mail provider."),
        _ADMINISTRATOR,
        _NONE,
    ),
    "smtp_auth_disabled_for_mailbox": (
        _(
            "Sending with a sign-in (SMTP AUTH) is switched off for this mailbox at the mail provider."
        ),
        _ADMINISTRATOR,
        _NONE,
    ),
    "protocol_disabled": (
        _("This protocol is switched off for the mailbox at the mail provider."),
        _ADMINISTRATOR,
        _NONE,
    ),
    "blocked_by_policy": (
        _("A rule of the mail provider blocks the sign-in."),
        _ADMINISTRATOR,
        _NONE,
    ),
    "blocked_by_security_defaults": (
        _("The security defaults of the organization block the sign-in at the mail server."),
        _ADMINISTRATOR,
        _NONE,
    ),
    "secret_unreadable": (
        _("A stored password or token cannot be opened with the keys of this installation."),
        _ADMINISTRATOR,
        _NONE,
    ),
    "sending_is_off": (_("This account does not send."), _OWNER, _SETTINGS),
    "account_off": (_("This mail account is switched off."), _OWNER, _SETTINGS),
}

_CONNECTION: dict[str, _Row] = {
    "unreachable": (_("The mail server cannot be reached."), _NOBODY, _NONE),
    "dns_failed": (_("The mail server's name cannot be resolved."), _NOBODY, _NONE),
    "name_not_found": (
        _("The mail server's name is not known. Its name may be misspelled."),
        _ADMINISTRATOR,
        _NONE,
    ),
    "name_invalid": (_("The mail server's name is not a host name."), _ADMINISTRATOR, _NONE),
    "name_lookup_failed": (
        _("The mail server's name cannot be resolved at the moment."),
        _NOBODY,
        _NONE,
    ),
    "connection_refused": (_("The mail server refuses the connection."), _NOBODY, _NONE),
    "timeout": (_("The mail server does not answer in time."), _NOBODY, _NONE),
    "connection_lost": (_("The connection to the mail server was lost."), _NOBODY, _NONE),
    "server_closing": (_("The mail server ended the connection."), _NOBODY, _NONE),
    "address_refused": (
        _("The mail server lies in a network that may not be reached from here."),
        _ADMINISTRATOR,
        _NONE,
    ),
    "port_refused": (_("The port of the mail server may not be used."), _ADMINISTRATOR, _NONE),
    "protocol_error": (
        _("The mail server sent something that is not part of its protocol."),
        _NOBODY,
        _NONE,
    ),
    "mail_server_error": (_("The mail server reports an error."), _NOBODY, _NONE),
    "internal_error": (
        _("The groupware failed while working on this account."),
        _ADMINISTRATOR,
        _NONE,
    ),
    "capability_missing": (
        _("The mail server lacks something that is needed."),
        _ADMINISTRATOR,
        _NONE,
    ),
    "authentication_mechanism_missing": (
        _("The mail server does not offer the chosen way to sign in."),
        _ADMINISTRATOR,
        _SETTINGS,
    ),
    "uidl_missing": (
        _("The mail server gives its messages no lasting names, so POP3 cannot be used."),
        _ADMINISTRATOR,
        _NONE,
    ),
    "mailbox_missing": (_("The folder does not exist on the mail server."), _NOBODY, _NONE),
    "mailbox_exists": (
        _("A folder of this name exists on the mail server already."),
        _OWNER,
        _NONE,
    ),
    "message_missing": (_("The message is no longer on the mail server."), _NOBODY, _NONE),
    "read_only": (_("The mail server allows reading only in this folder."), _OWNER, _NONE),
    "command_refused": (_("The mail server refuses what was asked of it."), _NOBODY, _NONE),
    "permission_denied": (_("The mail server does not allow this."), _ADMINISTRATOR, _NONE),
    "invalid_argument": (
        _("A setting holds characters that cannot be sent to the mail server."),
        _OWNER,
        _SETTINGS,
    ),
}

_TLS: dict[str, _Row] = {
    "tls_failed": (
        _("No encrypted connection to the mail server could be made."),
        _ADMINISTRATOR,
        _NONE,
    ),
    "tls_verify_failed": (_("The mail server's certificate is not valid."), _ADMINISTRATOR, _NONE),
    "tls_name_mismatch": (
        _("The mail server's certificate is for another name."),
        _ADMINISTRATOR,
        _NONE,
    ),
    "tls_expired": (_("The mail server's certificate has expired."), _ADMINISTRATOR, _NONE),
    "tls_not_yet_valid": (
        _("The mail server's certificate is not valid yet."),
        _ADMINISTRATOR,
        _NONE,
    ),
    "tls_unknown_authority": (
        _("The mail server's certificate comes from an authority that is not trusted."),
        _ADMINISTRATOR,
        _NONE,
    ),
    "tls_self_signed": (
        _("The mail server's certificate is signed by itself."),
        _ADMINISTRATOR,
        _NONE,
    ),
    "tls_starttls_missing": (_("The mail server does not offer STARTTLS."), _ADMINISTRATOR, _NONE),
    "tls_starttls_refused": (_("The mail server refuses STARTTLS."), _ADMINISTRATOR, _NONE),
    "tls_starttls_injection": (
        _("Something between us and the mail server interferes with the encryption."),
        _ADMINISTRATOR,
        _NONE,
    ),
    "tls_ca_invalid": (
        _("The CA certificates registered for the mail server cannot be read."),
        _ADMINISTRATOR,
        _NONE,
    ),
}

_LIMITS: dict[str, _Row] = {
    "throttled": (_("The mail server asks for fewer requests."), _NOBODY, _NONE),
    "too_many_connections": (
        _("The mail server has too many connections for this mailbox."),
        _NOBODY,
        _NONE,
    ),
    "bandwidth_exceeded": (
        _("The mail provider's limit for transferred mail is reached for today."),
        _NOBODY,
        _NONE,
    ),
    "mailbox_in_use": (_("Another program has the mailbox open."), _NOBODY, _NONE),
    "sending_rate_exceeded": (
        _("The mail provider's limit for messages per minute is reached."),
        _NOBODY,
        _NONE,
    ),
    "sending_quota_exceeded": (
        _("The mail provider's limit for messages per day is reached."),
        _NOBODY,
        _NONE,
    ),
    "quota_exceeded": (_("The mailbox is full."), _OWNER, _NONE),
}

_MESSAGE: dict[str, _Row] = {
    "submission_rejected": (_("The mail server refuses the message."), _OWNER, _NONE),
    "sender_refused": (_("The mail server refuses the sender address."), _OWNER, _NONE),
    "send_as_denied": (
        _("This sign-in may not send from the address of the account."),
        _ADMINISTRATOR,
        _NONE,
    ),
    "licence_missing": (
        _("The mailbox has no licence for sending at the mail provider."),
        _ADMINISTRATOR,
        _NONE,
    ),
    "recipients_refused": (_("The mail server refuses every recipient."), _OWNER, _NONE),
    "message_too_large": (_("The message is larger than the mail server takes."), _OWNER, _NONE),
    "smtputf8_missing": (_("The mail server takes no addresses beyond ASCII."), _OWNER, _NONE),
    "eight_bit_missing": (_("The mail server takes no messages beyond ASCII."), _OWNER, _NONE),
    "raw_missing": (_("The stored message is gone. Write it again."), _OWNER, _NONE),
    "submission_unclear": (
        _("The connection was lost before the mail server said whether it took the message."),
        _("Check in the Sent folder or with the recipient, then decide here."),
        _NONE,
    ),
    "worker_lost": (
        _("Sending was interrupted before the mail server said whether it took the message."),
        _("Check in the Sent folder or with the recipient, then decide here."),
        _NONE,
    ),
}

CODES: dict[str, _Row] = {**_SIGN_IN, **_CONNECTION, **_TLS, **_LIMITS, **_MESSAGE}

_STILL = {
    RECEIVE: _("Mail already here stays readable, and sending goes on."),
    SEND: _("Receiving goes on, and nothing that you wrote is lost."),
}
# Before the first consent there is no mail here, and sending may wait for the same consent.
_NOT_YET = {"not_authorized": _("Mail is received as soon as the mailbox is authorized.")}


# A state (value of MailAccount.Health) that waits for a person: who that is, what to press, and which sentences would say otherwise.
_TURNS = {
    "owner_required": (_OWNER, _SETTINGS, (_NOBODY,)),
    "administrator_required": (_ADMINISTRATOR, _NONE, (_NOBODY, _OWNER)),
}


def advise(code: str, direction: str, health: str = "") -> Advice:
    """The sentences for ``code`` in the reader's language. ``direction`` is ``receive`` or ``send``.

    ``health`` is the value of ``MailAccount.Health`` that the error led to, where there is one: whose turn it is agrees with it.
    """
    advice = _of_code(code, direction)
    if health in _TURNS:
        who, button, otherwise = _TURNS[health]
        if advice.who in {str(sentence) for sentence in otherwise}:
            return replace(advice, who=str(who), button=str(button))
    return advice


def _of_code(code: str, direction: str) -> Advice:
    still_works = str(
        _STILL[direction] if direction == SEND else _NOT_YET.get(code, _STILL[RECEIVE])
    )
    if code in CODES:
        headline, who, button = CODES[code]
        return Advice(str(headline), still_works, str(who), str(button))
    if code in authorization.CODES:
        told = authorization.advise(code)
        return Advice(told.headline, still_works, told.who, told.button)
    unknown = gettext("The mail server reports an error that is not known here.")
    return Advice(unknown, still_works, str(_NOBODY), "")
