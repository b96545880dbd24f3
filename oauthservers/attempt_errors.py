"""Rows of the error table for attempts to authorize a mailbox: nothing came of it, and nothing was saved."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from oauthservers.error_words import AGAIN, NOTHING_SAVED, PERSON, SYSTEM_ADMINISTRATOR, each

# An attempt that the person can repeat.
NOT_AUTHORIZED = each(
    {
        "access_denied": gettext_lazy("You stopped the connection."),
        "wrong_organization": gettext_lazy(
            "The account that signed in belongs to another organization."
        ),
        "account_unknown": gettext_lazy("%(server)s does not know the account that signed in."),
        "missing_scope": gettext_lazy("Not everything was allowed. Missing: %(scopes)s"),
        "code_refused": gettext_lazy("%(server)s did not accept its own answer any more."),
        "code_missing": gettext_lazy("The answer of %(server)s was incomplete."),
        "pasted_empty": gettext_lazy("Nothing was pasted yet."),
        "pasted_unreadable": gettext_lazy(
            "What was pasted is neither a code nor the address of a page."
        ),
        "pasted_sign_in_page": gettext_lazy(
            "This is the address of the sign-in page. Sign in there; the address is needed of the page that does not open afterwards."
        ),
        "pasted_no_code": gettext_lazy(
            "There is no code in the pasted address. Copy the whole address, to its end."
        ),
        "pasted_state": gettext_lazy(
            "The pasted address belongs to another sign-in. Open the link once more and paste the address that comes then."
        ),
        "sign_in_interrupted": gettext_lazy(
            "The sign-in was interrupted shortly before its end. A new code is needed."
        ),
        "device_code_refused": gettext_lazy("%(server)s does not know this code any more."),
        "expired": gettext_lazy("This sign-in took too long."),
        "state_unknown": gettext_lazy("This sign-in took too long or was opened elsewhere."),
        "other_session": gettext_lazy("This sign-in was started in another browser."),
        "other_person": gettext_lazy("This sign-in was started by somebody else."),
    },
    NOTHING_SAVED,
    PERSON,
    AGAIN,
)

# An answer that should not be: somebody else's, or forged.
NOT_BELIEVED = each(
    {
        "identity_invalid": gettext_lazy("The proof of who signed in does not hold."),
        "issuer_mismatch": gettext_lazy("The answer came from another server than the one asked."),
        "issuer_missing": gettext_lazy("The answer did not say which server it came from."),
        "other_server": gettext_lazy("The answer came back to the address of another server."),
    },
    NOTHING_SAVED,
    SYSTEM_ADMINISTRATOR,
    AGAIN,
)
