"""Webmail joins the groupware here."""

from django.apps import AppConfig
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
        from webmail import audit_events
        from webmail.health import health, unread
        from webmail.provisioning import MailAccountSection, MailServerSection

        audit.register(audit_events.LABELS)
        registry.register(
            GroupwareFunction(
                key="webmail",
                label=_("Webmail"),
                icon="mail",
                home_url_name="webmail:home",
                description=_("Read and send mail."),
                badge=unread,
                health=health,
                provisioning=[MailServerSection(), MailAccountSection()],
                settings_pages=[
                    Page(
                        _("Mail accounts"),
                        "webmail:account_list",
                        _("The mailboxes that you read and send with here."),
                    )
                ],
                administration_pages=[
                    Page(
                        _("Personal accounts"),
                        "webmail:manage_accounts",
                        _("The mail accounts of all people, and what works."),
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
                ],
            )
        )
