"""Every error of an authorization server in one table: what happened, what still works, whose turn it is, the button.

Codes come from ``oauthservers.errors``, ``oauthservers.vendor_codes`` and the flows. What an administrator does about
one, step by step, stands in ``oauthservers.remedies``.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy

from oauthservers.attempt_errors import NOT_AUTHORIZED, NOT_BELIEVED
from oauthservers.error_words import (
    AGAIN,
    CONNECT,
    MAIL_STAYS,
    NOBODY,
    NOTHING_SAVED,
    OTHER_ACCOUNT,
    PERSON,
    PROVIDER_ADMINISTRATOR,
    RETRIES,
    SYSTEM_ADMINISTRATOR,
    Row,
    each,
)

# A grant that ended.
_ENDED = each(
    {
        "invalid_grant": gettext_lazy("Access to this mailbox ended."),
        "refresh_interrupted": gettext_lazy(
            "Access to this mailbox ended because renewing it was interrupted."
        ),
        "sign_in_frequency": gettext_lazy(
            "Your organization asks for a new sign-in from time to time."
        ),
        "grant_revoked": gettext_lazy(
            "Access to this mailbox ended because the password was changed or the access was taken back."
        ),
        "refresh_expired": gettext_lazy(
            "Access to this mailbox ended because it was not used for too long."
        ),
        "second_factor_setup": gettext_lazy(
            "Your organization asks for a second factor, and this account has none yet. Set it up while you sign in."
        ),
        "second_factor_needed": gettext_lazy("Your organization asks for the second factor again."),
        "extra_check_needed": gettext_lazy(
            "Your organization asks for one more check while you sign in."
        ),
        "password_expired": gettext_lazy(
            "The password of the account has run out. Choose a new one while you sign in."
        ),
        "password_wrong": gettext_lazy("The user name or the password is not right."),
        "account_locked": gettext_lazy(
            "The account is locked for a while after too many attempts. Wait, then sign in."
        ),
        "disconnected": gettext_lazy("This mailbox is disconnected."),
        "ended_by_administrator": gettext_lazy(
            "An administrator ended the access to this mailbox."
        ),
    },
    MAIL_STAYS,
    PERSON,
    CONNECT,
)

# The organisation's administrator at the provider acts first; signing in again would meet the same wall.
_AT_PROVIDER = each(
    {
        "account_disabled": gettext_lazy("The account is switched off at %(server)s."),
        "not_assigned": gettext_lazy(
            "This account is not among those that may use the groupware at %(server)s."
        ),
        "policy_blocks": gettext_lazy("A rule of your organization blocks this sign-in."),
        "device_policy": gettext_lazy(
            "A rule of your organization allows this sign-in from managed devices only."
        ),
        "security_defaults": gettext_lazy(
            "The security defaults of your organization block this sign-in."
        ),
        "tenant_restricted": gettext_lazy(
            "Your organization's network allows sign-in to certain organizations only."
        ),
    },
    MAIL_STAYS,
    PROVIDER_ADMINISTRATOR,
    CONNECT,
)

# A registration that does not work.
REGISTRATION = each(
    {
        "invalid_client": gettext_lazy(
            "%(server)s does not accept the client ID or client secret of the groupware."
        ),
        "client_secret_expired": gettext_lazy("The client secret for %(server)s has expired."),
        "client_secret_wrong": gettext_lazy(
            "The client secret for %(server)s is wrong. The value is needed, not the secret's ID."
        ),
        "client_secret_missing": gettext_lazy(
            "%(server)s asks for a client secret or a certificate, and none is registered here."
        ),
        "client_secret_not_wanted": gettext_lazy(
            "%(server)s takes no client secret from this kind of application."
        ),
        "client_unknown": gettext_lazy("%(server)s does not know the client ID."),
        "tenant_wrong": gettext_lazy(
            "The endpoint of %(server)s names a tenant that does not fit the registration."
        ),
        "permission_undeclared": gettext_lazy(
            "A permission that is asked for is missing from the registration at %(server)s."
        ),
        "app_is_internal": gettext_lazy(
            "The registration at %(server)s is for accounts of its own organization only."
        ),
        "request_malformed": gettext_lazy(
            "%(server)s does not understand what the groupware sent. This is a fault of the groupware."
        ),
        "registration_refused": gettext_lazy(
            "%(server)s refuses the registration of the groupware."
        ),
        "invalid_scope": gettext_lazy("%(server)s does not know the scopes that it is asked for."),
        "redirect_uri_mismatch": gettext_lazy("The redirect URI is not registered at %(server)s."),
        "client_certificate_invalid": gettext_lazy(
            "The client certificate for %(server)s or its private key cannot be read."
        ),
        "service_account_key_invalid": gettext_lazy(
            "The key of the service account at %(server)s cannot be read."
        ),
        "public_client_refused": gettext_lazy(
            "%(server)s gives no codes to this application: public client flows are switched off in its registration."
        ),
        "device_flow_unavailable": gettext_lazy(
            "%(server)s gives no access to mail by a code for another device."
        ),
        "flow_not_offered": gettext_lazy("This way of signing in is not offered for %(server)s."),
        "server_switched_off": gettext_lazy("%(server)s is switched off in the groupware."),
        "authorization_server_missing": gettext_lazy(
            "No authorization server is chosen for the mail server."
        ),
        "encryption_key_missing": gettext_lazy(
            "Stored access cannot be opened: its encryption key is missing."
        ),
        "ca_certificates_invalid": gettext_lazy(
            "The CA certificates entered for %(server)s cannot be read."
        ),
        "address_refused": gettext_lazy(
            "The groupware may not connect to the address of %(server)s."
        ),
        "port_refused": gettext_lazy("The groupware may not connect to the port of %(server)s."),
        "metadata_missing": gettext_lazy("%(server)s publishes no metadata at the given address."),
        "metadata_invalid": gettext_lazy("The metadata of %(server)s cannot be used."),
        "keys_invalid": gettext_lazy("The keys that %(server)s publishes cannot be used."),
        "endpoint_invalid": gettext_lazy(
            "The endpoint of %(server)s does not have the form https://host/<tenant>/oauth2/v2.0."
        ),
        "endpoints_missing": gettext_lazy("Neither issuer nor endpoints of %(server)s are known."),
    },
    MAIL_STAYS,
    SYSTEM_ADMINISTRATOR,
    "",
)

# Trouble that passes.
PASSING = each(
    {
        "unreachable": gettext_lazy("%(server)s cannot be reached."),
        "timeout": gettext_lazy("%(server)s does not answer in time."),
        "throttled": gettext_lazy("%(server)s asks us to wait."),
        "server_error": gettext_lazy("%(server)s has trouble of its own."),
        "unreadable_answer": gettext_lazy("%(server)s answered with something unreadable."),
        "temporarily_unavailable": gettext_lazy("%(server)s is not available at the moment."),
        "refresh_busy": gettext_lazy("Access is being renewed."),
        "name_lookup_failed": gettext_lazy("The name of %(server)s could not be looked up."),
    },
    RETRIES,
    NOBODY,
    AGAIN,
)
PASSING |= each(
    {
        "name_not_found": gettext_lazy("The name of %(server)s is not known."),
        "name_invalid": gettext_lazy("The address of %(server)s is not a name of a server."),
        "tls_failed": gettext_lazy("The certificate of %(server)s could not be verified."),
        "tls_unknown_authority": gettext_lazy(
            "The certificate of %(server)s comes from an authority that is not known here."
        ),
        "tls_self_signed": gettext_lazy("%(server)s has a certificate of its own making."),
        "tls_expired": gettext_lazy("The certificate of %(server)s has expired."),
        "tls_not_yet_valid": gettext_lazy("The certificate of %(server)s is not valid yet."),
        "tls_name_mismatch": gettext_lazy(
            "The certificate of %(server)s is made out to another name."
        ),
    },
    RETRIES,
    SYSTEM_ADMINISTRATOR,
    AGAIN,
)

_SPECIAL: dict[str, Row] = {
    "identity_mismatch": (
        gettext_lazy("You signed in as %(signed_in_as)s; this mailbox is %(mailbox)s."),
        NOTHING_SAVED,
        PERSON,
        OTHER_ACCOUNT,
    ),
    "identity_unknown": (
        gettext_lazy("%(server)s did not tell who signed in."),
        NOTHING_SAVED,
        PROVIDER_ADMINISTRATOR,
        AGAIN,
    ),
    "identity_unverified": (
        gettext_lazy("%(server)s has not verified the address of the account that signed in."),
        NOTHING_SAVED,
        PROVIDER_ADMINISTRATOR,
        OTHER_ACCOUNT,
    ),
    "missing_refresh_token": (
        gettext_lazy("%(server)s allowed access for the moment only and not for longer."),
        gettext_lazy(
            "Nothing was saved. Remove this application from the account's settings there, then authenticate again."
        ),
        PERSON,
        AGAIN,
    ),
    "mailbox_not_permitted": (
        gettext_lazy("%(server)s does not let the groupware open this mailbox."),
        RETRIES,
        PROVIDER_ADMINISTRATOR,
        "",
    ),
    "already_authorized": (
        gettext_lazy("This mailbox was authorized in another window meanwhile."),
        gettext_lazy("That connection is used."),
        NOBODY,
        "",
    ),
    "administrator_consent": (
        gettext_lazy("Your organization must approve this application first."),
        MAIL_STAYS,
        PROVIDER_ADMINISTRATOR,
        AGAIN,
    ),
    "signed_out": (
        gettext_lazy("You are signed out of the groupware."),
        gettext_lazy("Nothing was saved. Sign in, then authenticate again."),
        PERSON,
        gettext_lazy("Sign in"),
    ),
}

UNKNOWN: Row = (
    gettext_lazy("The connection was not made."),
    NOTHING_SAVED,
    PERSON,
    AGAIN,
)

CODES: Mapping[str, Row] = {
    **_ENDED,
    **_AT_PROVIDER,
    **NOT_AUTHORIZED,
    **NOT_BELIEVED,
    **REGISTRATION,
    **PASSING,
    **_SPECIAL,
}
