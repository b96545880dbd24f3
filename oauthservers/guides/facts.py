"""Values of this installation that a guide offers for copying: redirect URI, scopes, endpoint, consent address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oauthservers import approval
from oauthservers.models import AuthorizationServer
from oauthservers.providers import presets

_LABELS: dict[str, Any] = {
    "redirect_uri": gettext_lazy("Redirect URI"),
    "scopes": gettext_lazy("Scopes"),
    "scopes_application": gettext_lazy("Scope for application access"),
    "endpoint": gettext_lazy("Endpoint"),
    "microsoft_permissions": gettext_lazy("Delegated permissions"),
    "application_permissions": gettext_lazy("Application permissions"),
    "admin_consent": gettext_lazy("Address for the consent of an administrator"),
}
_TENANT = "TENANT_ID"
_KIND_OF_GUIDE = {"microsoft": "microsoft", "google": "google"}


@dataclass(frozen=True)
class Fact:
    """One value to copy; ``help`` says what is still to be replaced in it, or why it is not there yet."""

    key: str
    label: str
    value: str
    help: str = ""

    @property
    def names(self) -> list[str]:
        """The single names, where each is searched for by itself at the console; otherwise empty."""
        return self.value.split() if self.key.endswith("_permissions") else []


def facts(keys: Iterable[str], guide: str, server: AuthorizationServer | None) -> list[Fact]:
    """The values named by ``keys``, as far as they are known; without a server the usual ones of the kind."""
    found = [Fact(key, str(_LABELS[key]), *_value(key, guide, server)) for key in keys]
    return [fact for fact in found if fact.value or fact.help]


def _value(key: str, guide: str, server: AuthorizationServer | None) -> tuple[str, str]:
    kind = (
        str(server.provider) if server else _KIND_OF_GUIDE.get(guide.partition("-")[0], "generic")
    )
    match key:
        case "redirect_uri":
            missing = _("It is shown here and on the server's page once the server is saved.")
            return (server.redirect_uri, "") if server else ("", missing)
        case "scopes":
            return _scopes(kind, server), ""
        case "scopes_application":
            return _application_scopes(kind, server), ""
        case "endpoint":
            return _endpoint(server)
        case "admin_consent":
            return _admin_consent(server)
        case "application_permissions":
            return "IMAP.AccessAsApp POP.AccessAsApp SMTP.SendAsApp", ""
    names = [scope.rpartition("/")[2] for scope in _scopes("microsoft", server).split()]
    return " ".join(names), ""


def _scopes(kind: str, server: AuthorizationServer | None) -> str:
    protocols = ("imap", "pop3", "smtp")
    if server:
        return " ".join(server.scopes_for(protocols))
    return " ".join(presets.scopes_for(kind, protocols, {}))


def _application_scopes(kind: str, server: AuthorizationServer | None) -> str:
    return " ".join(
        server.application_scopes if server else presets.PRESETS[kind].application_scopes
    )


def _endpoint(server: AuthorizationServer | None) -> tuple[str, str]:
    if server and server.endpoint:
        return server.endpoint, ""
    form = f"https://login.microsoftonline.com/{_TENANT}/oauth2/v2.0"
    return form, _("Replace %(placeholder)s by your own.") % {"placeholder": _TENANT}


def _admin_consent(server: AuthorizationServer | None) -> tuple[str, str]:
    if server is None:
        return "", _("It is shown here and on the server's page once the server is saved.")
    return approval.of(server, ["imap", "pop3", "smtp"]).link, ""
