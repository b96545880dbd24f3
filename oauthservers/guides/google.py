"""Google Workspace, with a sign-in of each person and with a service account.

Sources: developers.google.com, "Using OAuth 2.0 for web server applications", "OAuth 2.0 for installed applications",
"XOAUTH2 protocol", "Domain-wide delegation"; support.google.com, "Control which apps access Google Workspace data".
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from oauthservers.guides.form import Guide, Sign, Step

_PROJECT = Step(
    _("Make a project"),
    (
        _(
            "Open the console and sign in with an account of your organization, not with a private one."
        ),
        _(
            "At the top open the list of projects, press “New project”, and give it a name such as “Groupware”."
        ),
        _(
            "Check that your organization stands under “Organization”; a project without one cannot be internal."
        ),
    ),
)
_IMAP = Step(
    _("Check that the mailboxes may use IMAP or POP"),
    (
        _("In the Admin console open “Apps”, “Google Workspace”, “Gmail”, “End User Access”, “POP and IMAP access”."),
        _("Allow IMAP, POP or both. If you restrict mail clients there, add the client ID to the allowed ones."),
    ),
)  # fmt: skip

DELEGATED = Guide(
    key="google",
    title=_("Google Workspace, each person signs in"),
    intro=_("You register the groupware once in the Google Cloud console. Afterwards each person allows their own mailbox by signing in at Google; no mailbox password is stored here."),
    needs=_("An account of your Workspace that may make projects in Google Cloud, and for one step an administrator of the Workspace. It takes about twenty minutes."),
    console="https://console.cloud.google.com/",
    steps=(
        _PROJECT,
        Step(
            _("Fill in the consent screen"),
            (
                _("Search for “Google Auth Platform” (older consoles: “APIs & Services”, “OAuth consent screen”) and press “Get started”."),
                _("Give the name of the application and an address for questions."),
                _("Under “Audience” choose “Internal”: only people of your organization can use it, and Google does not have to examine it."),
                _("Under “Data Access” press “Add or remove scopes”, type the scope below into “Manually add scopes”, and save."),
                _("In our field “Publishing status” choose the same as there."),
            ),
            ("scopes",),
            note=_("With “External” and the status “Testing” every connection ends after seven days; publish the application then. An external application with this scope must be examined by Google."),
        ),
        Step(
            _("Make the client"),
            (
                _("Open “Clients” and press “Create client”."),
                _("Choose the type “Web application”, and under “Authorized redirect URIs” add the address below."),
                _("Press “Create” and copy both values at once into our fields “Client ID” and “Client secret”. New secrets are shown only once."),
            ),
            ("redirect_uri",),
            note=_("Google accepts https with a public name, or localhost. It refuses names such as groupware.local and IP addresses; in that case follow the next step."),
        ),
        Step(
            _("Only for a groupware without a public name: a desktop client"),
            (
                _("Choose the type “Desktop app” instead of “Web application”; it has no redirect URI to enter."),
                _("Copy its client ID and client secret into our fields, and tick our box “Offer pasting the code”."),
                _("People then see a page that does not load after signing in at Google. They copy its whole address into the groupware."),
            ),
        ),
        Step(
            _("Trust the application in the Admin console"),
            (
                _("At admin.google.com open “Security”, “Access and data control”, “API controls”, “Manage app access”."),
                _("Press “Configure new app”, search by the client ID, and set it to “Trusted”."),
            ),
            note=_("Without this, an organization that restricts apps refuses it with admin_policy_enforced."),
        ),
        _IMAP,
        Step(
            _("Try it"),
            (
                _("Save here and press “Test the connection”. Every line must be green."),
                _("Authorize one mailbox, receive and send, before you invite everybody."),
            ),
            note=_("People find a box at Google for reading, writing and sending mail. It must be ticked; without it nothing can be received."),
        ),
    ),
    signs=(
        Sign("redirect_uri_mismatch", _("The redirect URI is not registered exactly as shown above: compare every character, the last slash too.")),
        Sign("org_internal", _("The application is internal, and somebody signed in with an account of another organization or a private one.")),
        Sign("access_denied", _("The person pressed “Cancel”, or the application is in testing and the person is not on the list of testers.")),
        Sign("admin_policy_enforced", _("An administrator of the Workspace blocks the application. Set it to “Trusted” as in the step above.")),
        Sign("invalid_client", _("The client ID or the client secret is wrong. Make a new secret at the client and enter it.")),
        Sign("deleted_client", _("The client was deleted, or Google removed it because nobody used it. It can be restored for 30 days.")),
        Sign("invalid_grant", _("Access ended: the person changed their password, removed the application, did not use it for six months, or the application is in testing and seven days are over.")),
        Sign("[ALERT] … IMAP access is disabled", _("IMAP is switched off for the mailbox; see the step above.")),
    ),
)  # fmt: skip

SERVICE_ACCOUNT = Guide(
    key="google-service-account",
    title=_("Google Workspace, the administrator allows all mailboxes"),
    intro=_("A service account with domain-wide delegation opens the mailboxes by itself; nobody has to sign in at Google. In exchange its key opens every mailbox of the Workspace, so treat it like a master key."),
    needs=_("A super administrator of the Workspace, who also may make projects in Google Cloud. It takes about twenty minutes."),
    console="https://console.cloud.google.com/",
    steps=(
        _PROJECT,
        Step(
            _("Make a service account"),
            (
                _("Open “IAM & Admin”, “Service Accounts”, and press “Create service account”."),
                _("Give it a name such as “groupware-mail”. It needs no role; press “Done”."),
                _("Open it and copy its “Unique ID”, a long number, for the step after the next."),
            ),
        ),
        Step(
            _("Make its key"),
            (
                _("Open the tab “Keys”, “Add key”, “Create new key”, choose JSON. A file is downloaded."),
                _("Choose this file in our field “Service account key file”."),
                _("Delete the file afterwards; it is a master key."),
            ),
            note=_("If Google says that keys may not be made, a policy of the organization (iam.disableServiceAccountKeyCreation) forbids it; lift it for this project."),
        ),
        Step(
            _("Delegate the mailboxes to it"),
            (
                _("At admin.google.com open “Security”, “Access and data control”, “API controls”, “Manage domain-wide delegation”."),
                _("Press “Add new”. Under “Client ID” enter the number of the service account, not its address."),
                _("Under “OAuth scopes” enter exactly the scope below and press “Authorize”."),
                _("Wait; it usually takes minutes and can take a day."),
            ),
            ("scopes_application",),
        ),
        _IMAP,
        Step(
            _("Choose it here and try one mailbox"),
            (
                _("In our field “Access” choose “All mailboxes of the organization, without their owners”."),
                _("Save, enter one mailbox under “Mailbox to try”, and press “Test the connection”."),
            ),
        ),
    ),
    signs=(
        Sign("unauthorized_client", _("The delegation is missing, or it names another scope or another number. Compare both with the step above, and wait.")),
        Sign("invalid_grant: Invalid email or User ID", _("There is no such mailbox in the Workspace, or the person has no Gmail licence.")),
        Sign("invalid_grant: Invalid JWT", _("The clock of this machine is wrong; see the preconditions. Or the key was deleted at Google.")),
        Sign("[ALERT] … IMAP access is disabled", _("IMAP is switched off for the mailbox; see the step above.")),
    ),
)  # fmt: skip
