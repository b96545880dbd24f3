"""Every error of a mail server and of an account in one table: what happened, whose turn it is, what to press.

Codes come from ``webmail.protocols.errors``, ``webmail.failures`` and ``webmail.outbox``. What an administrator does
about one, step by step, stands in ``webmail.remedies``.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

OWNER = _("You can mend this.")
ADMINISTRATOR = _("Your administrator has to act.")
NOBODY = _("Nobody has to act; it is tried again by itself.")

AUTHENTICATE = _("Authenticate again")
SETTINGS = _("Open the settings")
NONE = ""

Row = tuple[Any, Any, Any]  # headline, who, button

_SIGN_IN: dict[str, Row] = {
    "authentication_failed": (
        _("The mail server refuses the user name or the password."),
        OWNER,
        SETTINGS,
    ),
    "not_authorized": (_("This mailbox has not been authorized yet."), OWNER, _("Authenticate")),
    "fresh_token_refused": (
        _("You are signed in, but the mail server refuses access to this mailbox."),
        ADMINISTRATOR,
        SETTINGS,
    ),
    "authenticated_but_not_connected": (
        _("You are signed in, but the mail server does not open the mailbox."),
        NOBODY,
        NONE,
    ),
    "authentication_temporarily_unavailable": (
        _("The mail server cannot check sign-ins at the moment."),
        NOBODY,
        NONE,
    ),
    "authentication_required": (
        _("The mail server asks for a sign-in; the account has none."),
        OWNER,
        SETTINGS,
    ),
    "basic_authentication_disabled": (
        _("The mail server does not accept passwords any more. It wants OAuth 2.0."),
        OWNER,
        SETTINGS,
    ),
    "smtp_auth_disabled": (
        _("Sending with a sign-in (SMTP AUTH) is switched off at the mail provider."),
        ADMINISTRATOR,
        NONE,
    ),
    "smtp_auth_disabled_for_mailbox": (
        _(
            "Sending with a sign-in (SMTP AUTH) is switched off for this mailbox at the mail provider."
        ),
        ADMINISTRATOR,
        NONE,
    ),
    "protocol_disabled": (
        _("This protocol is switched off for the mailbox at the mail provider."),
        ADMINISTRATOR,
        NONE,
    ),
    "blocked_by_policy": (
        _("A rule of the mail provider blocks the sign-in."),
        ADMINISTRATOR,
        NONE,
    ),
    "blocked_by_security_defaults": (
        _("The security defaults of the organization block the sign-in at the mail server."),
        ADMINISTRATOR,
        NONE,
    ),
    "secret_unreadable": (
        _("A stored password or token cannot be opened with the keys of this installation."),
        ADMINISTRATOR,
        NONE,
    ),
    "sending_is_off": (_("This account does not send."), OWNER, SETTINGS),
    "account_off": (_("This mail account is switched off."), OWNER, SETTINGS),
}

_CONNECTION: dict[str, Row] = {
    "unreachable": (_("The mail server cannot be reached."), NOBODY, NONE),
    "dns_failed": (_("The mail server's name cannot be resolved."), NOBODY, NONE),
    "name_not_found": (
        _("The mail server's name is not known. Its name may be misspelled."),
        ADMINISTRATOR,
        NONE,
    ),
    "name_invalid": (_("The mail server's name is not a host name."), ADMINISTRATOR, NONE),
    "name_lookup_failed": (
        _("The mail server's name cannot be resolved at the moment."),
        NOBODY,
        NONE,
    ),
    "connection_refused": (_("The mail server refuses the connection."), NOBODY, NONE),
    "timeout": (_("The mail server does not answer in time."), NOBODY, NONE),
    "connection_lost": (_("The connection to the mail server was lost."), NOBODY, NONE),
    "server_closing": (_("The mail server ended the connection."), NOBODY, NONE),
    "address_refused": (
        _("The mail server lies in a network that may not be reached from here."),
        ADMINISTRATOR,
        NONE,
    ),
    "port_refused": (_("The port of the mail server may not be used."), ADMINISTRATOR, NONE),
    "protocol_error": (
        _("The mail server sent something that is not part of its protocol."),
        NOBODY,
        NONE,
    ),
    "mail_server_error": (_("The mail server reports an error."), NOBODY, NONE),
    "internal_error": (
        _("The groupware failed while working on this account."),
        ADMINISTRATOR,
        NONE,
    ),
    "capability_missing": (
        _("The mail server lacks something that is needed."),
        ADMINISTRATOR,
        NONE,
    ),
    "authentication_mechanism_missing": (
        _("The mail server does not offer the chosen way to sign in."),
        ADMINISTRATOR,
        SETTINGS,
    ),
    "uidl_missing": (
        _("The mail server gives its messages no lasting names, so POP3 cannot be used."),
        ADMINISTRATOR,
        NONE,
    ),
    "mailbox_missing": (_("The folder does not exist on the mail server."), NOBODY, NONE),
    "mailbox_exists": (
        _("A folder of this name exists on the mail server already."),
        OWNER,
        NONE,
    ),
    "message_missing": (_("The message is no longer on the mail server."), NOBODY, NONE),
    "read_only": (_("The mail server allows reading only in this folder."), OWNER, NONE),
    "command_refused": (_("The mail server refuses what was asked of it."), NOBODY, NONE),
    "permission_denied": (_("The mail server does not allow this."), ADMINISTRATOR, NONE),
    "invalid_argument": (
        _("A setting holds characters that cannot be sent to the mail server."),
        OWNER,
        SETTINGS,
    ),
}

_TLS: dict[str, Row] = {
    "tls_failed": (
        _("No encrypted connection to the mail server could be made."),
        ADMINISTRATOR,
        NONE,
    ),
    "tls_verify_failed": (_("The mail server's certificate is not valid."), ADMINISTRATOR, NONE),
    "tls_name_mismatch": (
        _("The mail server's certificate is for another name."),
        ADMINISTRATOR,
        NONE,
    ),
    "tls_expired": (_("The mail server's certificate has expired."), ADMINISTRATOR, NONE),
    "tls_not_yet_valid": (
        _("The mail server's certificate is not valid yet."),
        ADMINISTRATOR,
        NONE,
    ),
    "tls_unknown_authority": (
        _("The mail server's certificate comes from an authority that is not trusted."),
        ADMINISTRATOR,
        NONE,
    ),
    "tls_self_signed": (
        _("The mail server's certificate is signed by itself."),
        ADMINISTRATOR,
        NONE,
    ),
    "tls_starttls_missing": (_("The mail server does not offer STARTTLS."), ADMINISTRATOR, NONE),
    "tls_starttls_refused": (_("The mail server refuses STARTTLS."), ADMINISTRATOR, NONE),
    "tls_starttls_injection": (
        _("Something between us and the mail server interferes with the encryption."),
        ADMINISTRATOR,
        NONE,
    ),
    "tls_ca_invalid": (
        _("The CA certificates registered for the mail server cannot be read."),
        ADMINISTRATOR,
        NONE,
    ),
}

_LIMITS: dict[str, Row] = {
    "throttled": (_("The mail server asks for fewer requests."), NOBODY, NONE),
    "too_many_connections": (
        _("The mail server has too many connections for this mailbox."),
        NOBODY,
        NONE,
    ),
    "bandwidth_exceeded": (
        _("The mail provider's limit for transferred mail is reached for today."),
        NOBODY,
        NONE,
    ),
    "mailbox_in_use": (_("Another program has the mailbox open."), NOBODY, NONE),
    "sending_rate_exceeded": (
        _("The mail provider's limit for messages per minute is reached."),
        NOBODY,
        NONE,
    ),
    "sending_quota_exceeded": (
        _("The mail provider's limit for messages per day is reached."),
        NOBODY,
        NONE,
    ),
    "quota_exceeded": (_("The mailbox is full."), OWNER, NONE),
}

_MESSAGE: dict[str, Row] = {
    "submission_rejected": (_("The mail server refuses the message."), OWNER, NONE),
    "sender_refused": (_("The mail server refuses the sender address."), OWNER, NONE),
    "send_as_denied": (
        _("This sign-in may not send from the address of the account."),
        ADMINISTRATOR,
        NONE,
    ),
    "licence_missing": (
        _("The mailbox has no licence for sending at the mail provider."),
        ADMINISTRATOR,
        NONE,
    ),
    "recipients_refused": (_("The mail server refuses every recipient."), OWNER, NONE),
    "message_too_large": (_("The message is larger than the mail server takes."), OWNER, NONE),
    "smtputf8_missing": (_("The mail server takes no addresses beyond ASCII."), OWNER, NONE),
    "eight_bit_missing": (_("The mail server takes no messages beyond ASCII."), OWNER, NONE),
    "raw_missing": (_("The stored message is gone. Write it again."), OWNER, NONE),
    "submission_unclear": (
        _("The connection was lost before the mail server said whether it took the message."),
        _("Check in the Sent folder or with the recipient, then decide here."),
        NONE,
    ),
    "worker_lost": (
        _("Sending was interrupted before the mail server said whether it took the message."),
        _("Check in the Sent folder or with the recipient, then decide here."),
        NONE,
    ),
}

CODES: dict[str, Row] = {**_SIGN_IN, **_CONNECTION, **_TLS, **_LIMITS, **_MESSAGE}
