"""Error code → what an administrator does about it, step by step. Names of menus as the vendors write them in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

_CHECK_AGAIN = _("Come back here and press Test the connection.")
_ENTER_SECRET = _(
    "Enter it in the groupware under System, Authorization servers, %(server)s. Nobody has to sign in again."
)
_SIGN_IN_LOG = _(
    "In the Microsoft Entra admin center, open Sign-in logs, search for the account and open the failed sign-in: it "
    "names the policy."
)
_PERSON_AGAIN = _("Afterwards the owner of the mailbox presses Authenticate again.")

STEPS: Mapping[str, tuple[Any, ...]] = {
    "client_secret_expired": (
        _(
            "Make a new client secret at %(server)s. At Microsoft: App registrations, your application, "
            "Certificates & secrets, New client secret."
        ),
        _("Copy the secret's value, not its ID. It is shown once only."),
        _ENTER_SECRET,
    ),
    "client_secret_wrong": (
        _(
            "Look at the list of secrets at %(server)s: the column Value is what is needed, not the column Secret ID."
        ),
        _("The value is shown once only. If it is not at hand, make a new client secret."),
        _ENTER_SECRET,
    ),
    "client_secret_missing": (
        _(
            "Enter a client secret or a certificate in the groupware, or set Allow public client flows to Yes at "
            "Microsoft, App registrations, your application, Authentication."
        ),
        _CHECK_AGAIN,
    ),
    "client_secret_not_wanted": (
        _(
            "At Microsoft, App registrations, your application, Authentication: the redirect URI must stand under the "
            "platform Web, not under Mobile and desktop applications or Single-page application."
        ),
        _CHECK_AGAIN,
    ),
    "client_unknown": (
        _("Compare the client ID with the one that %(server)s shows, character by character."),
        _("Make sure that the endpoint names the tenant in which the application was registered."),
        _("If the application was deleted at %(server)s, register a new one and enter its values."),
    ),
    "invalid_client": (
        _("Compare client ID and client secret with what %(server)s shows."),
        _("If the secret may have been changed or deleted, make a new one."),
        _ENTER_SECRET,
    ),
    "registration_refused": (
        _(
            "Look at the application at %(server)s: it may have been switched off, or it may lack the permission for "
            "this kind of access."
        ),
        _(
            "For a Google service account: grant its client ID domain-wide delegation for the mail scopes."
        ),
        _CHECK_AGAIN,
    ),
    "redirect_uri_mismatch": (
        _("Copy the redirect URI from the page of %(server)s in the groupware."),
        _("Add it at %(server)s exactly as it stands, with https and the last slash."),
    ),
    "tenant_wrong": (
        _("Find the tenant ID: Microsoft Entra admin center, Overview, Tenant ID."),
        _(
            "Enter the endpoint as https://login.microsoftonline.com/<tenant ID>/oauth2/v2.0. An application for one "
            "organization does not work with common."
        ),
    ),
    "invalid_scope": (
        _(
            "Compare the scopes on the page of %(server)s with the guide; all must belong to one service."
        ),
        _CHECK_AGAIN,
    ),
    "permission_undeclared": (
        _(
            "At Microsoft, App registrations, your application, API permissions: add what the guide lists."
        ),
        _("Press Grant admin consent there."),
    ),
    "app_is_internal": (
        _("Sign in with an account of the organization that owns the application, or"),
        _("change the user type of the consent screen at Google from Internal to External."),
    ),
    "request_malformed": (
        _("Send the details below to whoever operates the groupware: settings cannot mend this."),
    ),
    "administrator_consent": (
        _(
            "At Microsoft: Microsoft Entra admin center, Enterprise applications, your application, Permissions, Grant "
            "admin consent."
        ),
        _(
            "At Google: Admin console, Security, API controls, Manage app access: mark the client ID as trusted."
        ),
        _PERSON_AGAIN,
    ),
    "account_disabled": (
        _("See at %(server)s whether the account is switched off on purpose."),
        _("If it is to be used again, switch it on there."),
        _PERSON_AGAIN,
    ),
    "not_assigned": (
        _(
            "Microsoft Entra admin center, Enterprise applications, your application, Users and groups: add the "
            "account or a group that it belongs to."
        ),
        _PERSON_AGAIN,
    ),
    "policy_blocks": (
        _SIGN_IN_LOG,
        _(
            "Exclude the application from the policy, or allow the address of the groupware as a named location."
        ),
        _PERSON_AGAIN,
    ),
    "device_policy": (
        _SIGN_IN_LOG,
        _("A server has no managed device: exclude the application from the policy."),
        _PERSON_AGAIN,
    ),
    "security_defaults": (
        _(
            "Microsoft Entra admin center, Overview, Properties, Manage security defaults: replace them by Conditional "
            "Access policies that allow the application."
        ),
        _PERSON_AGAIN,
    ),
    "tenant_restricted": (
        _(
            "Allow your tenant in the tenant restrictions of the proxy between groupware and Microsoft."
        ),
    ),
    "encryption_key_missing": (
        _(
            "Put the missing key back into GROUPWARE_ENCRYPTION_KEYS; it is in the backup of the keys."
        ),
        _("Restart the groupware. Everything that was stored opens again; nobody has to sign in."),
    ),
}
