"""Guides for administrators who have never opened a provider's console."""

from __future__ import annotations

from oauthservers.guides import google, microsoft, microsoft_application, others
from oauthservers.guides.form import Guide, Sign, Step
from oauthservers.models import AuthorizationServer
from oauthservers.providers import presets

__all__ = ["GUIDES", "Guide", "Sign", "Step", "key_for"]

GUIDES: dict[str, Guide] = {
    guide.key: guide
    for guide in (
        microsoft.DELEGATED,
        microsoft_application.APPLICATION,
        microsoft.NATIONAL,
        google.DELEGATED,
        google.SERVICE_ACCOUNT,
        others.GENERIC,
        others.YAHOO,
        others.FASTMAIL,
    )
}
_WITH_APPLICATION = {"microsoft": "microsoft-application", "google": "google-service-account"}


def key_for(server: AuthorizationServer) -> str:
    """The guide that fits a registered server: by its access, then its preset, then its kind."""
    kind = str(server.provider)
    if server.access == AuthorizationServer.Access.APPLICATION and kind in _WITH_APPLICATION:
        return _WITH_APPLICATION[kind]
    return presets.preset_of(server.preset_key, kind).guide
