"""What the fragments need: the state of a connection in a word, and advice for its error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.translation import gettext as _

from oauthservers import error_messages
from oauthservers.error_messages import Advice
from oauthservers.models import AuthorizationRequest, AuthorizationServer, Grant

register = template.Library()


@dataclass(frozen=True)
class TokenStatus:
    """What ``components/status.html`` takes, and advice when something is to be said."""

    state: str
    word: str
    detail: str = ""
    since: Any = None
    advice: Advice | None = None


@register.simple_tag
def token_status(grant: Grant | None, server: AuthorizationServer | None = None) -> TokenStatus:
    """The state of a connection: its own, or that of its server while that is at fault."""
    if not grant:
        return TokenStatus("off", _("Not authorized"))
    server = server or grant.server

    def advice(code: str) -> Advice:
        return error_messages.advise(code, server=server.name, mailbox=grant.mailbox_address)

    if grant.state == Grant.State.REVOKED:
        return TokenStatus("off", _("Disconnected"), since=grant.state_since)
    if grant.state == Grant.State.REAUTHORIZATION_REQUIRED:
        word = _("Authorization needed again")
        return TokenStatus("act", word, since=grant.state_since, advice=advice(grant.error_code))
    if server.fault_code:
        word = _("Waiting for the administrator")
        return TokenStatus("act", word, since=server.fault_since, advice=advice(server.fault_code))
    if not server.is_enabled:
        return TokenStatus("off", _("Server switched off"), advice=advice("server_switched_off"))
    if grant.failures:
        word = _("Temporary trouble")
        return TokenStatus(
            "trouble", word, since=grant.refreshed_at, advice=advice(grant.error_code)
        )
    detail = ""
    if grant.signed_in_as.casefold() != grant.mailbox_address.casefold():
        detail = _("as %(name)s") % {"name": grant.signed_in_as}
    return TokenStatus("active", _("Active"), detail=detail, since=grant.refreshed_at)


@register.simple_tag
def outcome_advice(authorization: AuthorizationRequest) -> Advice | None:
    """Advice for an attempt that did not succeed; None for one that did or is still open."""
    if authorization.outcome != AuthorizationRequest.Outcome.FAILED:
        return None
    return error_messages.advise(
        authorization.error_code,
        server=authorization.server.name,
        mailbox=authorization.mailbox_address,
        signed_in_as=authorization.signed_in_as,
        scopes=authorization.error_detail,
    )
