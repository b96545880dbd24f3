"""Error code → what an administrator does about it, step by step. Names of menus as the vendors write them in English.

None of these is mended by signing in again: the mail server knows who it is and still says no.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from oauthservers import error_messages as authorization

_CHECK = _("Press Check this mailbox. A change at Microsoft may take up to an hour.")
_EMAIL_APPS = _(
    "Microsoft 365 admin center, Users, Active users, the person, Mail, Manage email apps: tick IMAP, POP and "
    "Authenticated SMTP as needed."
)
_SMTP_OF_MAILBOX = _(
    "In Exchange Online PowerShell: Set-CASMailbox -Identity %(mailbox)s -SmtpClientAuthenticationDisabled $false"
)
_LICENCE = _(
    "Make sure that the mailbox has a licence with Exchange Online, or is a shared mailbox."
)
_DELEGATE = _(
    "For a shared mailbox: give the person who signs in Full Access to it in the Exchange admin center, Recipients, "
    "Mailboxes, Delegation."
)
_USER_NAME = _(
    "Compare the user name in the account's settings with the mailbox: for a shared mailbox receiving needs its own "
    "address, sending the address of the person who signs in."
)
_GMAIL_IMAP = _(
    "At Google: Admin console, Apps, Google Workspace, Gmail, End User Access: switch IMAP and POP access on."
)
_CERTIFICATE = _(
    "Have the certificate replaced, or, for a server of your own house, enter its CA certificate at the mail server."
)

STEPS: Mapping[str, tuple[Any, ...]] = {
    "authenticated_but_not_connected": (_EMAIL_APPS, _LICENCE, _DELEGATE, _USER_NAME, _CHECK),
    "fresh_token_refused": (_USER_NAME, _EMAIL_APPS, _DELEGATE, _LICENCE, _GMAIL_IMAP, _CHECK),
    "protocol_disabled": (_EMAIL_APPS, _GMAIL_IMAP, _CHECK),
    "smtp_auth_disabled": (
        _(
            "Decide whether one mailbox or all may send this way; the setting of a mailbox wins over that of the "
            "organization."
        ),
        _SMTP_OF_MAILBOX,
        _("For all mailboxes: Set-TransportConfig -SmtpClientAuthenticationDisabled $false"),
        _(
            "If security defaults are on, they keep SMTP AUTH off: replace them by Conditional Access."
        ),
        _CHECK,
    ),
    "smtp_auth_disabled_for_mailbox": (_SMTP_OF_MAILBOX, _EMAIL_APPS, _CHECK),
    "blocked_by_security_defaults": (
        _(
            "Microsoft Entra admin center, Overview, Properties, Manage security defaults: replace them by Conditional "
            "Access policies that allow SMTP AUTH with OAuth 2.0."
        ),
        _SMTP_OF_MAILBOX,
        _CHECK,
    ),
    "blocked_by_policy": (
        _(
            "Microsoft Entra admin center, Sign-in logs: open the failed sign-in of %(mailbox)s; it names the policy."
        ),
        _("Exclude the application from that policy."),
        _CHECK,
    ),
    "basic_authentication_disabled": (
        _("Choose OAuth 2.0 as the authentication of the account. The server takes no password."),
    ),
    "send_as_denied": (
        _(
            "Exchange admin center, Recipients, Mailboxes, %(mailbox)s, Delegation: add the person who signs in under "
            "Send As."
        ),
        _("Make sure that the address of the account is an address of that mailbox."),
        _CHECK,
    ),
    "licence_missing": (_LICENCE, _CHECK),
    "authentication_mechanism_missing": (
        _(
            "Choose another authentication in the account's settings, or switch OAuth 2.0 on at the mail server."
        ),
    ),
    "tls_name_mismatch": (
        _("Enter the mail server's name as it stands in its certificate."),
        _CERTIFICATE,
    ),
    "tls_expired": (_CERTIFICATE,),
    "tls_unknown_authority": (_CERTIFICATE,),
    "tls_self_signed": (_CERTIFICATE,),
    "address_refused": (
        _("For a server of your own house, add its network to OUTBOUND_ALLOWED_NETWORKS."),
    ),
    "secret_unreadable": authorization.STEPS["encryption_key_missing"],
}


def steps(code: str, *, server: str = "", mailbox: str = "") -> tuple[str, ...]:
    """What an administrator does about ``code``, in the reader's language; empty where nothing can be said."""
    if code not in STEPS:
        return authorization.advise(code, server=server, mailbox=mailbox).steps
    names = {"server": server, "mailbox": mailbox or "ADDRESS"}
    return tuple(str(step) % names for step in STEPS[code])
