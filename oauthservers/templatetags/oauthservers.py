"""What the fragments need: the state of a connection in a word, and advice for its error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.translation import gettext as _

from oauthservers import error_messages, token_words
from oauthservers.error_messages import Advice
from oauthservers.models import AuthorizationRequest, AuthorizationServer, Grant

register = template.Library()


@dataclass(frozen=True)
class ConnectionStatus:
    """What ``components/status.html`` takes, and advice when something is to be said."""

    state: str
    word: str
    detail: str = ""
    since: Any = None
    advice: Advice | None = None


@register.simple_tag
def token_status(
    grant: Grant | None, server: AuthorizationServer | None = None
) -> ConnectionStatus:
    """The state of a connection: that of its server while that is at fault, otherwise its own."""
    if not grant:
        return _status(token_words.NOT_AUTHORIZED)
    server = server or grant.server

    def told(key: str, code: str, since: Any) -> ConnectionStatus:
        advice = error_messages.advise(code, server=server.name, mailbox=grant.mailbox_address)
        return _status(key, since=since, advice=advice)

    if grant.state == Grant.State.REVOKED:
        return told(token_words.AUTHORIZATION_NEEDED, "disconnected", grant.state_since)
    if not server.is_enabled:
        return told(token_words.WAITING_FOR_ADMINISTRATOR, "server_switched_off", None)
    if server.fault_code:
        return told(token_words.WAITING_FOR_ADMINISTRATOR, server.fault_code, server.fault_since)
    if grant.state == Grant.State.REAUTHORIZATION_REQUIRED:
        return told(token_words.AUTHORIZATION_NEEDED, grant.error_code, grant.state_since)
    if grant.failures:
        is_over = grant.remaining.total_seconds() <= 0
        key = token_words.EXPIRED if is_over else token_words.ACTIVE
        return told(key, grant.error_code, grant.refreshed_at)
    detail = ""
    if grant.signed_in_as.casefold() != grant.mailbox_address.casefold():
        detail = _("as %(name)s") % {"name": grant.signed_in_as}
    return _status(token_words.ACTIVE, detail=detail, since=grant.refreshed_at)


def _status(key: str, **values: Any) -> ConnectionStatus:
    word, state = token_words.WORDS[key]
    return ConnectionStatus(state, str(word), **values)


@register.simple_tag
def keeps_working(authorization: AuthorizationRequest) -> bool:
    """Whether the mailbox of an attempt that failed has a connection that goes on working."""
    grants = Grant.objects.of_mailbox(
        authorization.server, authorization.owner, authorization.mailbox_address
    )
    return grants.alive().exists()


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


@register.simple_tag
def advice_for(code: str, server: str = "", mailbox: str = "") -> Advice:
    """Advice for the code of an error that left no row behind."""
    return error_messages.advise(code, server=server, mailbox=mailbox)
