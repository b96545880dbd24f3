"""The words of token status, for connections and for mail accounts alike."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

NONE = "none"
NOT_AUTHORIZED = "not_authorized"
WAITING_FOR_APPROVAL = "waiting_for_approval"
ACTIVE = "active"
EXPIRED = "expired"
AUTHORIZATION_NEEDED = "authorization_needed"
WAITING_FOR_ADMINISTRATOR = "waiting_for_administrator"

#: Key → its word and the state that ``components/status.html`` draws, in the order of filters and counts.
WORDS: dict[str, tuple[Any, str]] = {
    NOT_AUTHORIZED: (_("Not authorized"), "off"),
    WAITING_FOR_APPROVAL: (_("Waiting for approval"), "waiting"),
    ACTIVE: (_("Active"), "active"),
    EXPIRED: (_("Expired"), "trouble"),
    AUTHORIZATION_NEEDED: (_("Authorization needed again"), "act"),
    WAITING_FOR_ADMINISTRATOR: (_("Waiting for the administrator"), "act"),
    NONE: (_("Without authorization"), "off"),
}
