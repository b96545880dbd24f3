"""Any server that describes itself (OpenID Connect, RFC 8414), and two public providers.

Sources: RFC 8414, RFC 8628; OpenID Connect Discovery 1.0; the public client lists of mail programs for Yahoo and Fastmail.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from oauthservers.guides.form import Guide, Sign, Step

_TRY = Step(
    _("Try it"),
    (
        _("Save here and press “Test the connection”. Every line must be green."),
        _("Authorize one mailbox, receive and send, before you invite everybody."),
    ),
)

GENERIC = Guide(
    key="generic",
    title=_("A server of your own, or any other (OAuth 2.0, OpenID Connect)"),
    intro=_("For Keycloak and every other server that describes itself. Its mail servers must accept its tokens: that is a setting of the mail server, not of the groupware."),
    needs=_("Whoever administers the authorization server. It takes about ten minutes."),
    steps=(
        Step(
            _("Make a client"),
            (
                _("Make a client of the type OpenID Connect, with client authentication (confidential)."),
                _("Allow the authorization code grant; in Keycloak this is “Standard flow”."),
                _("Add the address below to the valid redirect URIs, exactly, without an asterisk."),
                _("If the server asks about PKCE, choose the method S256."),
            ),
            ("redirect_uri",),
        ),
        Step(
            _("Copy client ID and client secret"),
            (
                _("Copy both into our fields. In Keycloak the secret is on the tab “Credentials”."),
                _("If the server wants them in the header of the request, choose “In the Authorization header” in our field “Client authentication”."),
            ),
        ),
        Step(
            _("Enter the issuer"),
            (
                _("Enter the issuer into our field “Issuer”; in Keycloak it is https://host/realms/name. The endpoints are found by themselves."),
                _("Copy it exactly: with a slash at the end it is another one."),
                _("Has the server no metadata, leave the issuer empty and type the endpoints in."),
                _("Has the server a certificate of your own authority, add it under “CA certificates”."),
            ),
        ),
        Step(
            _("Say which scopes open the mailbox"),
            (
                _("Enter under “Scopes” what your mail server asks for; ask whoever runs it. Often it is one scope for IMAP, POP3 and SMTP."),
                _("The scope “offline_access” must be allowed for the client; without it every connection ends after a short time."),
                _("The server must tell the mail address of who signs in: by the claim “email” of the ID token or of its userinfo endpoint."),
            ),
            ("scopes",),
        ),
        Step(
            _("Only for a code on another device"),
            (
                _("Switch “OAuth 2.0 Device Authorization Grant” on for the client."),
                _("Tick our box “Offer a code for another device”."),
            ),
        ),
        _TRY,
    ),
    signs=(
        Sign("invalid_redirect_uri", _("The redirect URI is not registered exactly as shown above: compare every character.")),
        Sign("issuer_mismatch", _("The issuer here and the one in the server's metadata differ, often by the last slash.")),
        Sign("invalid_client", _("The client ID or the client secret is wrong, or the server wants them in the header of the request.")),
        Sign("invalid_scope", _("The server does not know one of the scopes, or the client may not ask for it.")),
        Sign("unauthorized_client", _("The client may not use the authorization code grant, or not the one for devices.")),
        Sign("identity_unknown", _("The server did not tell the mail address of who signed in. Add the claim “email”.")),
    ),
)  # fmt: skip

YAHOO = Guide(
    key="yahoo",
    title=_("Yahoo Mail, AOL Mail"),
    intro=_("Yahoo gives access to mail only to applications that it has approved, and gives out few new approvals. Without one, people make an app password at Yahoo and use it here as the mailbox password."),
    needs=_("A developer account at Yahoo, and an approval for mail."),
    console="https://developer.yahoo.com/",
    steps=(
        Step(
            _("Ask for access to mail"),
            (
                _("Apply for the permission to read and write mail in the developer network. Wait for the answer."),
                _("Make an application of the type “Confidential client” and enter the redirect URI below."),
                _("Copy “Client ID” and “Client Secret” into our fields."),
            ),
            ("redirect_uri", "scopes"),
        ),
        _TRY,
    ),
    signs=(
        Sign("invalid_scope", _("The application has no approval for mail.")),
    ),
)  # fmt: skip

FASTMAIL = Guide(
    key="fastmail",
    title=_("Fastmail"),
    intro=_("Fastmail registers applications by hand. Without a registration, people make an app password in their settings at Fastmail and use it here as the mailbox password."),
    needs=_("An agreement with Fastmail."),
    console="https://www.fastmail.com/dev/",
    steps=(
        Step(
            _("Ask for a registration"),
            (
                _("Write to Fastmail's support for partners: name the groupware, the redirect URI and the scopes below."),
                _("Enter the client ID that you receive into our field “Client ID”, and the secret if there is one."),
            ),
            ("redirect_uri", "scopes"),
        ),
        _TRY,
    ),
    signs=(
        Sign("invalid_client", _("The client ID is wrong, or the registration has not been made yet.")),
    ),
)  # fmt: skip
