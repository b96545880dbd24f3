"""Microsoft 365 with a sign-in of each person, and the clouds that are separate from the worldwide one.

Sources: learn.microsoft.com, "Register an application", "Authenticate an IMAP, POP or SMTP connection using OAuth",
"OAuth 2.0 device authorization grant", "National clouds", "Microsoft Entra authentication error codes".
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from oauthservers.guides.form import Guide, Sign, Step

REGISTER = Step(
    _("Register an application"),
    (
        _("Open the console and sign in with an administrator's account of your organization."),
        _("In the menu open “App registrations” and press “New registration”."),
        _("Give a name that people will recognize when they are asked, for example “Groupware”."),
        _("Under “Supported account types” choose the accounts of this organization only (single tenant)."),
    ),
)  # fmt: skip
IDENTIFIERS = Step(
    _("Copy the two IDs"),
    (
        _("The page “Overview” of the application shows them."),
        _("Copy “Application (client) ID” into our field “Client ID”."),
        _("Copy “Directory (tenant) ID” into our field “Endpoint”, in the place of the tenant."),
    ),
    ("endpoint",),
    note=_("“Object ID” stands beside them and is neither of the two."),
)
SECRET = Step(
    _("Make a client secret"),
    (
        _("Open “Certificates & secrets”, tab “Client secrets”, and press “New client secret”."),
        _("Choose when it expires; 24 months is the longest."),
        _("Press “Add” and copy the column “Value” at once into our field “Client secret”. It is never shown again."),
        _("Enter its last day into our field “Client secret expires on”. You are warned 60 days before and then more often."),
    ),
    note=_("The column “Secret ID” looks similar and is not the secret."),
)  # fmt: skip
SIGNS = (
    Sign("AADSTS700016", _("The client ID is wrong, or the application is in another tenant than the one in “Endpoint”.")),
    Sign("AADSTS7000215", _("The client secret is wrong; most often its ID was copied instead of its value.")),
    Sign("AADSTS7000222", _("The client secret has expired. Make a new one and enter it; mailboxes go on by themselves.")),
    Sign("AADSTS90002", _("The tenant in “Endpoint” does not exist. Copy “Directory (tenant) ID” again.")),
    Sign("AADSTS50194", _("The application belongs to one tenant, but “Endpoint” says “common”. Put the tenant's ID there.")),
    Sign("535 5.7.139", _("Sign-in works, but sending by SMTP is switched off for the mailbox or the organization; see the step about mailboxes.")),
)  # fmt: skip

_MAILBOXES = Step(
    _("Check that the mailboxes may use IMAP, POP and SMTP"),
    (
        _("In the Microsoft 365 admin center open “Users”, “Active users”, choose a person, tab “Mail”, “Manage email apps”."),
        _("Tick “IMAP” or “Pop”, and “Authenticated SMTP” for sending. New organizations have the last one switched off."),
        _("For many mailboxes at once, use Exchange Online PowerShell. A change takes up to an hour."),
    ),
    commands=(
        "Set-CASMailbox -Identity haruka@example.jp -ImapEnabled $true -SmtpClientAuthenticationDisabled $false",
        "Set-TransportConfig -SmtpClientAuthenticationDisabled $false",
    ),
)  # fmt: skip

DELEGATED = Guide(
    key="microsoft",
    title=_("Microsoft 365, each person signs in"),
    intro=_("You register the groupware once in Microsoft Entra. Afterwards each person allows their own mailbox by signing in at Microsoft; no mailbox password is stored here."),
    needs=_("An account with the role Cloud Application Administrator or Global Administrator. It takes about fifteen minutes."),
    console="https://entra.microsoft.com/",
    steps=(
        Step(
            REGISTER.title,
            (
                *REGISTER.acts,
                _("Under “Redirect URI” choose the platform “Web”, paste the address below, and press “Register”."),
            ),
            ("redirect_uri",),
            note=_("“Single-page application” and “Mobile and desktop applications” do not work here."),
        ),
        IDENTIFIERS,
        SECRET,
        Step(
            _("Add the permissions"),
            (
                _("Open “API permissions” and press “Add a permission”."),
                _("Choose “Microsoft Graph”, then “Delegated permissions”."),
                _("Search for each of the names below, tick it, and press “Add permissions”."),
            ),
            ("microsoft_permissions",),
            note=_("The names stand under Microsoft Graph, although the mail servers belong to Exchange. Without “offline_access” every connection ends after an hour."),
        ),
        Step(
            _("Consent for everybody"),
            (
                _("On the same page press “Grant admin consent” and confirm. The column “Status” turns green."),
                _("The address below does the same and can be sent to whoever may consent."),
            ),
            ("admin_consent",),
            note=_("Without this, each person is asked, or is sent to an administrator if your organization forbids people to consent."),
        ),
        Step(
            _("Only for a code on another device: allow public client flows"),
            (
                _("Open “Authentication”, “Settings”, set “Allow public client flows” to “Yes” and save."),
                _("Tick our box “Offer a code for another device”."),
            ),
        ),
        _MAILBOXES,
        Step(
            _("Try it"),
            (
                _("Save here and press “Test the connection”. Every line must be green."),
                _("Authorize one mailbox, receive and send, before you invite everybody."),
            ),
        ),
    ),
    signs=(
        Sign("AADSTS50011", _("The redirect URI is not registered exactly as shown above: compare every character, and the platform “Web”.")),
        Sign("AADSTS9002325, AADSTS9002327", _("The redirect URI was registered as a single-page application. Delete it there and add it under “Web”.")),
        *SIGNS,
        Sign("AADSTS65001, AADSTS90094", _("Consent is missing. Grant it for everybody as in the step above.")),
        Sign("AADSTS50020", _("Somebody signed in with a private account or an account of another organization.")),
        Sign("AADSTS50105", _("The application is restricted to certain people. In “Enterprise applications”, “Properties”, set “Assignment required” to “No”, or assign people.")),
        Sign("AADSTS53003", _("A Conditional Access policy blocks the sign-in. Its name is in the sign-in log of Entra.")),
        Sign("AADSTS7000218", _("A code for another device was asked for, and “Allow public client flows” is off.")),
    ),
)  # fmt: skip

NATIONAL = Guide(
    key="microsoft-national",
    title=_("Microsoft 365 in a cloud of its own (GCC High, DoD, 21Vianet)"),
    intro=_("These clouds are separate from the worldwide one: console, sign-in, scopes and mail servers have other addresses. Choose the preset of your cloud and everything is filled in; then follow the guide for Microsoft 365 at your own console."),
    needs=_("An account with the role Cloud Application Administrator or Global Administrator of that cloud."),
    steps=(
        Step(
            _("Find out which cloud you are in"),
            (
                _("GCC High and DoD (US government): the console is portal.azure.us, people sign in at login.microsoftonline.us."),
                _("21Vianet (China): the console is portal.azure.cn, people sign in at login.partner.microsoftonline.cn."),
                _("GCC without “High” uses the worldwide addresses; choose “Microsoft 365” for it."),
            ),
        ),
        Step(
            _("Register as for Microsoft 365"),
            (
                _("Do every step of that guide at the console of your cloud."),
                _("Add the delegated permissions of the same names. Where Microsoft Graph does not offer them, choose “APIs my organization uses”, “Office 365 Exchange Online”."),
            ),
            ("redirect_uri", "microsoft_permissions"),
        ),
        Step(
            _("Compare what the preset filled in"),
            (
                _("“Endpoint” must begin with the sign-in address of your cloud and hold your tenant's ID."),
                _("The scopes must begin with the address of your cloud's Exchange, and the mail servers must be the ones that Outlook shows for your mailboxes."),
            ),
            ("endpoint", "scopes"),
            note=_("The addresses for 21Vianet are taken from public sources and have not been tried by us; all of them can be changed."),
        ),
    ),
    signs=(
        Sign("AADSTS500011", _("The scopes belong to another cloud. Correct them to the address of your cloud's Exchange.")),
        Sign("AADSTS900382, AADSTS900384", _("The sign-in address is the one of another cloud. Correct “Endpoint”.")),
        Sign("AADSTS90002", _("The tenant in “Endpoint” does not exist. Copy “Directory (tenant) ID” again.")),
    ),
)  # fmt: skip
