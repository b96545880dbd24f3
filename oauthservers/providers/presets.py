"""What is known of each kind of server before anybody types anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import requests

from oauthservers.providers.base import ClientRegistration, Provider
from oauthservers.providers.generic import GenericProvider
from oauthservers.providers.google import GoogleProvider
from oauthservers.providers.microsoft import MicrosoftProvider
from oauthservers.providers.preset_list import PRESETS_BY_KEY, MailServerPreset, Preset
from oauthservers.providers.proofs import AnyProof

__all__ = [
    "PRESETS",
    "PRESETS_BY_KEY",
    "PURPOSES",
    "MailServerPreset",
    "Preset",
    "adapter",
    "comparable_scope",
    "preset_of",
    "scopes_for",
]

#: What a kind is when nothing more is known of a server.
PRESETS = {kind: PRESETS_BY_KEY[kind] for kind in ("microsoft", "google", "generic")}

PURPOSES = ("imap", "pop3", "smtp", "identity")
_ADAPTERS: dict[str, type[GenericProvider]] = {
    "microsoft": MicrosoftProvider,
    "google": GoogleProvider,
    "generic": GenericProvider,
}


def adapter(kind: str, registration: ClientRegistration, session: requests.Session) -> Provider:
    """The adapter of a kind; raises KeyError for an unknown one."""
    make = _ADAPTERS[kind]
    single = [make(proof, session) for proof in registration.alternatives()]
    return single[0] if len(single) == 1 else AnyProof(registration, single)


def preset_of(key: str, kind: str) -> Preset:
    """What a server was made of; what its kind is when it was made of nothing that is still known."""
    found = PRESETS_BY_KEY.get(key)
    return found if found and found.kind == kind else PRESETS[kind]


def comparable_scope(kind: str, scope: str) -> str:
    """The name under which a scope is compared at this kind of server."""
    return _ADAPTERS[kind].comparable_scope(scope)


def scopes_for(
    kind: str, protocols: Iterable[str], own: dict[str, Sequence[str]], key: str = ""
) -> tuple[str, ...]:
    """Scopes to ask for: those of the protocols, then those that tell who signed in.

    ``own`` are the administrator's, by purpose; where they are empty the preset's serve. One authorization asks for
    receiving and sending together when both use the same server.
    """
    usual = preset_of(key, kind).scopes
    chosen: list[str] = []
    for purpose in (*protocols, "identity"):
        chosen += own.get(purpose) or usual.get(purpose, ())
    return tuple(dict.fromkeys(chosen))
