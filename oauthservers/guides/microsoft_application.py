"""Microsoft 365 without a sign-in of each person: application permissions.

Sources: learn.microsoft.com, "Authenticate an IMAP, POP or SMTP connection using OAuth", "Role Based Access Control
for Applications in Exchange Online".
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from oauthservers.guides.form import Guide, Sign, Step
from oauthservers.guides.microsoft import IDENTIFIERS, REGISTER, SIGNS

APPLICATION = Guide(
    key="microsoft-application",
    title=_("Microsoft 365, the administrator allows all mailboxes"),
    intro=_("The groupware opens the mailboxes by itself; nobody has to sign in at Microsoft, and no authorization ends because somebody was on leave. In exchange it can open every mailbox that you allow, so keep the list short or bind it to a group."),
    needs=_("Global Administrator or Cloud Application Administrator in Entra, and Exchange Administrator for the commands. It takes about half an hour."),
    console="https://entra.microsoft.com/",
    steps=(
        Step(
            REGISTER.title,
            (*REGISTER.acts, _("No redirect URI is needed for this. Press “Register”.")),
        ),
        IDENTIFIERS,
        Step(
            _("Upload a certificate, or make a client secret"),
            (
                _("A certificate is the better choice: it lasts longer and never travels. Open “Certificates & secrets”, tab “Certificates”, “Upload certificate”."),
                _("Put the same certificate and its private key, both in PEM form, into our fields “Client certificate file” and “Private key file”."),
                _("With a secret instead: tab “Client secrets”, “New client secret”, copy the column “Value” into “Client secret” and its last day into “Client secret expires on”."),
            ),
            commands=(
                "openssl req -x509 -newkey rsa:3072 -nodes -days 730 -subj '/CN=groupware' -keyout groupware.key -out groupware.pem",
            ),
        ),
        Step(
            _("Add the application permissions"),
            (
                _("Open “API permissions”, “Add a permission”, tab “APIs my organization uses”."),
                _("Search for “Office 365 Exchange Online”, choose it, then “Application permissions”."),
                _("Tick the names below that you need, press “Add permissions”, then “Grant admin consent”."),
            ),
            ("application_permissions",),
            note=_("The permissions of the same sound under Microsoft Graph are for people who sign in and have no effect here."),
        ),
        Step(
            _("Make the application known to Exchange"),
            (
                _("In Entra open “Enterprise applications”, choose the application, and copy its “Object ID” from there."),
                _("In Exchange Online PowerShell run the first three commands with your tenant's ID, the application (client) ID and that object ID."),
                _("Allow the mailboxes: the fourth command for reading, the fifth for sending, once for each mailbox."),
                _("Wait; it can take half an hour until Exchange knows."),
            ),
            commands=(
                "Install-Module -Name ExchangeOnlineManagement",
                "Connect-ExchangeOnline -Organization TENANT_ID",
                "New-ServicePrincipal -AppId APPLICATION_ID -ObjectId ENTERPRISE_OBJECT_ID",
                'Add-MailboxPermission -Identity "haruka@example.jp" -User ENTERPRISE_OBJECT_ID -AccessRights FullAccess',
                'Add-RecipientPermission -Identity "haruka@example.jp" -Trustee ENTERPRISE_OBJECT_ID -AccessRights SendAs',
            ),
            note=_("“App registrations” shows another object ID for the same application. With that one everything seems to work until sign-in is refused."),
        ),
        Step(
            _("Or bind sending to a group instead of single mailboxes"),
            (
                _("Exchange can also give the right to send by roles (RBAC for applications). Then the permission SMTP.SendAsApp is not added in Entra at all."),
                _("Put the mailboxes into a group and run these commands with your own names."),
            ),
            commands=(
                "New-ManagementScope -Name Groupware -RecipientRestrictionFilter \"MemberOfGroup -eq 'GROUP_DISTINGUISHED_NAME'\"",
                "New-ManagementRoleAssignment -Role 'Application SMTP.SendAsApp' -App ENTERPRISE_OBJECT_ID -CustomResourceScope Groupware",
            ),
        ),
        Step(
            _("Choose it here and try one mailbox"),
            (
                _("In our field “Access” choose “All mailboxes of the organization, without their owners”."),
                _("“Endpoint” must hold your tenant's ID; “common” and “organizations” do not work."),
                _("Save, enter one mailbox under “Mailbox to try”, and press “Test the connection”."),
            ),
            ("endpoint", "scopes_application"),
        ),
    ),
    signs=(
        Sign("AUTHENTICATE failed, 535 5.7.3", _("The token is good and Exchange refuses the mailbox: the object ID was the one of “App registrations”, the mailbox is not allowed yet, or Exchange has not noticed yet.")),
        Sign("User is authenticated but not connected", _("The mailbox is not allowed for the application, IMAP is switched off for it, or it has no licence.")),
        *SIGNS,
        Sign("AADSTS700027", _("The certificate here is not the one uploaded there, or it has expired.")),
        Sign("AADSTS1002012", _("The scope for application access is wrong. It ends in “/.default”.")),
    ),
)  # fmt: skip
