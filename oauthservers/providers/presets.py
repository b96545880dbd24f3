"""What is known of each kind of server before anybody types anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import requests

from oauthservers.providers.base import ClientRegistration, Provider
from oauthservers.providers.generic import GenericProvider
from oauthservers.providers.google import GoogleProvider
from oauthservers.providers.microsoft import MicrosoftProvider

_OUTLOOK = "https://outlook.office.com"
_GMAIL = "https://mail.google.com/"


@dataclass(frozen=True)
class Preset:
    """Scopes by purpose and the public endpoints of one kind. Empty: the administrator says."""

    scopes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    endpoint: str = ""
    issuer: str = ""
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    userinfo_endpoint: str = ""
    jwks_uri: str = ""
    revocation_endpoint: str = ""


#: Scopes: learn.microsoft.com, "Authenticate an IMAP, POP or SMTP connection using OAuth";
#: developers.google.com, "XOAUTH2 Protocol".
PRESETS = {
    "microsoft": Preset(
        scopes={
            "imap": (f"{_OUTLOOK}/IMAP.AccessAsUser.All",),
            "pop3": (f"{_OUTLOOK}/POP.AccessAsUser.All",),
            "smtp": (f"{_OUTLOOK}/SMTP.Send",),
            "identity": ("openid", "profile", "email", "offline_access"),
        },
        endpoint="https://login.microsoftonline.com/organizations/oauth2/v2.0",
    ),
    "google": Preset(
        scopes={
            "imap": (_GMAIL,),
            "pop3": (_GMAIL,),
            "smtp": (_GMAIL,),
            "identity": ("openid", "email"),
        },
        issuer="https://accounts.google.com",
        authorization_endpoint="https://accounts.google.com/o/oauth2/v2/auth",
        token_endpoint="https://oauth2.googleapis.com/token",  # noqa: S106 (an address)
        userinfo_endpoint="https://openidconnect.googleapis.com/v1/userinfo",
        jwks_uri="https://www.googleapis.com/oauth2/v3/certs",
        revocation_endpoint="https://oauth2.googleapis.com/revoke",
    ),
    "generic": Preset(scopes={"identity": ("openid", "email", "offline_access")}),
}

PURPOSES = ("imap", "pop3", "smtp", "identity")
_ADAPTERS: dict[str, type[GenericProvider]] = {
    "microsoft": MicrosoftProvider,
    "google": GoogleProvider,
    "generic": GenericProvider,
}


def adapter(kind: str, registration: ClientRegistration, session: requests.Session) -> Provider:
    """The adapter of a kind; raises KeyError for an unknown one."""
    return _ADAPTERS[kind](registration, session)


def scopes_for(
    kind: str, protocols: Iterable[str], own: dict[str, Sequence[str]]
) -> tuple[str, ...]:
    """Scopes to ask for: those of the protocols, then those that tell who signed in.

    ``own`` are the administrator's, by purpose; where they are empty the preset's serve. One authorization asks for
    receiving and sending together when both use the same server.
    """
    chosen: list[str] = []
    for purpose in (*protocols, "identity"):
        chosen += own.get(purpose) or PRESETS[kind].scopes.get(purpose, ())
    return tuple(dict.fromkeys(chosen))
