"""Webmail joins the groupware here."""

from typing import Any

from django.apps import AppConfig
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class WebmailConfig(AppConfig):
    """Mail accounts, sync, reading and sending."""

    name = "webmail"
    verbose_name = _("Webmail")

    def ready(self) -> None:
        """Register screens, provisioning, health lines and what is recorded."""
        from groupware.audit import registry as audit
        from groupware.functions import registry
        from groupware.functions.registry import GroupwareFunction, Page
        from groupware.users import first_page
        from oauthservers import diagnosis, findings
        from webmail import (  # noqa: F401 (their receivers)
            application_access,
            audit_events,
            authorizations,
            notices,
            presets,
            releasing,
        )
        from webmail.health import health, unread
        from webmail.provisioning import MailAccountSection, MailServerSection

        audit.register(audit_events.LABELS)
        notices.register()
        diagnosis.register_mailbox_check(application_access.check)
        findings.explain_with(application_access.explain)
        first_page.offer(_waiting_page)
        registry.register(
            GroupwareFunction(
                key="webmail",
                label=_("Webmail"),
                icon="mail",
                home_url_name="webmail:home",
                description=_("Read and send mail."),
                badge=unread,
                health=health,
                digest=notices.digest,
                provisioning=[MailServerSection(), MailAccountSection()],
                settings_pages=[
                    Page(
                        _("Mail accounts"),
                        "webmail:account_list",
                        _("The mailboxes that you read and send with here."),
                    )
                ],
                administration_pages=_administration_pages(),
            )
        )


def _administration_pages() -> list[Any]:
    """The screens of function management, in the order of the list beside them."""
    from groupware.functions.registry import Page

    return [
        Page(
            _("Overview"),
            "webmail:manage_overview",
            _("The state of every mailbox, and whose turn it is."),
        ),
        Page(
            _("Personal accounts"),
            "webmail:manage_accounts",
            _("The mail accounts of all people, and what works."),
        ),
        Page(
            _("Shared accounts"),
            "webmail:manage_shared",
            _("Mail accounts that several people use, and who may use them."),
        ),
        Page(
            _("Invitations"),
            "webmail:manage_invitations",
            _("Who was asked to authorize a mailbox, and how far that has come."),
        ),
        Page(
            _("Import and export"),
            "webmail:manage_transfer",
            _("Mail accounts as a CSV file."),
        ),
        Page(
            _("Switchovers"),
            "webmail:manage_switchovers",
            _("Move many accounts to OAuth 2.0 in one step."),
        ),
        Page(
            _("Mail servers"),
            "webmail:manage_servers",
            _("People choose from these servers; a change counts for every account."),
        ),
        Page(
            _("Policy"),
            "webmail:manage_policy",
            _("Limits and switches that count for everybody."),
        ),
    ]


def _waiting_page(person: Any) -> str:
    """Where somebody goes after signing in while mailboxes of theirs wait for them."""
    from groupware.functions import registry
    from webmail.invitations import waiting_for

    waits = registry.is_enabled("webmail") and waiting_for(person).exists()
    return reverse("webmail:waiting") if waits else ""
