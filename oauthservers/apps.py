"""Authorization servers join the groupware here."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OAuthServersConfig(AppConfig):
    """Authorization servers, flows and the token vault."""

    name = "oauthservers"
    verbose_name = _("Authorization servers")

    def ready(self) -> None:
        """Register screens, provisioning, health lines and what is recorded."""
        from groupware.audit import registry as audit
        from groupware.functions import registry
        from groupware.functions.registry import GroupwareFunction, Page
        from oauthservers import audit_events, notices
        from oauthservers.health import health
        from oauthservers.provisioning import AuthorizationServerSection

        audit.register(audit_events.LABELS)
        notices.register()
        registry.register(
            GroupwareFunction(
                key="oauthservers",
                label=_("Authorization servers"),
                icon="key-round",
                settings_pages=[
                    Page(
                        _("My connections"),
                        "oauthservers:grants",
                        _("Mailboxes that you allowed the groupware to open."),
                    )
                ],
                system_pages=[
                    Page(
                        _("Authorization servers"),
                        "oauthservers:servers",
                        _(
                            "Where mailboxes are authorized: Microsoft 365, Google Workspace and others."
                        ),
                    ),
                    Page(
                        _("Preconditions"),
                        "oauthservers:preconditions",
                        _("What must be right before a mailbox can be authorized."),
                    ),
                ],
                health=health,
                digest=notices.digest,
                provisioning=[AuthorizationServerSection()],
            )
        )
