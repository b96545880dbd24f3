"""What is said of a preset to whoever chooses one, and what it fills into the form."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from oauthservers.manage.form_groups import TYPED
from oauthservers.models import AuthorizationServer
from oauthservers.providers.presets import PURPOSES, Preset

Kind = AuthorizationServer.Kind


def group(preset: Preset) -> str:
    """The heading under which it is listed."""
    return {
        "microsoft": _("Microsoft 365 (Exchange Online)"),
        "google": _("Google"),
        "own": _("Any other server"),
    }.get(preset.group, _("Other providers"))


def about(preset: Preset) -> str:
    """One sentence: whose mailboxes these are, and what is special."""
    words = {
        "microsoft": _(
            "Mailboxes of a company or school with Microsoft 365, in every country but China."
        ),
        "microsoft-gcc-high": _(
            "Tenants of US authorities and their contractors, registered at portal.azure.us."
        ),
        "microsoft-dod": _("Tenants of the US Department of Defense."),
        "microsoft-21vianet": _(
            "Tenants in China. Microsoft publishes no scopes for it; those filled in are a guess."
        ),
        "google": _("Mailboxes of a Google Workspace domain."),
        "yahoo": _("Yahoo gives out access to mail on request only."),
        "mail-ru": _("Mail.ru has two generations of addresses; the newer ones are filled in."),
        "fastmail": _("Fastmail registers clients on request."),
        "comcast": _("Nothing is published about who signed in there; add its userinfo endpoint."),
        "yandex": _("Nothing is published about who signed in there; add its userinfo endpoint."),
        "generic": _(
            "Describes itself (Keycloak, Dovecot sites and others), or its endpoints are typed in."
        ),
    }
    return words.get(preset.key, "")


def initial(preset: Preset) -> dict[str, Any]:
    """Everything that is known, as the first content of the form."""
    values: dict[str, Any] = {
        "name": "" if preset.key == "generic" else preset.label,
        "client_authentication": preset.client_authentication,
    }
    values |= {f"scopes_{name}": " ".join(preset.scopes.get(name, ())) for name in PURPOSES}
    values["scopes_application"] = " ".join(preset.application_scopes)
    for name in ("endpoint", "issuer", *TYPED):
        values[name] = getattr(preset, name)
    return values
