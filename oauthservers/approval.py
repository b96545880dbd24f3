"""What an administrator of the organization needs to approve the groupware at the authorization server.

Microsoft has an address that asks for approval of the whole tenant (``/adminconsent``); the others are told in words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from oauthservers.models import AuthorizationServer

_PATH_OF_TOKENS = "/oauth2/v2.0"


@dataclass(frozen=True)
class Approval:
    """A text ready to be sent, and the address at which approval is given (empty: where there is none)."""

    text: str
    link: str


def of(server: AuthorizationServer, protocols: Iterable[str]) -> Approval:
    """What to ask for so that mailboxes of ``server`` can be opened by ``protocols``."""
    scopes = " ".join(server.scopes_for(protocols))
    link = _link(server, scopes)
    lines = [
        _(
            "Mail is to be read and sent with the groupware, which needs the organization's approval."
        ),
        _("Application (client ID): %(client_id)s") % {"client_id": server.client_id},
        _("Permissions (scopes): %(scopes)s") % {"scopes": scopes},
    ]
    if link:
        lines.append(_("Approve for everybody at: %(link)s") % {"link": link})
    return Approval("\n".join(lines), link)


def _link(server: AuthorizationServer, scopes: str) -> str:
    """Microsoft's approval for a tenant: ``https://login.microsoftonline.com/<tenant>/v2.0/adminconsent``."""
    if server.provider != AuthorizationServer.Kind.MICROSOFT:
        return ""
    endpoint = server.registration().endpoint.rstrip("/")
    if not endpoint.endswith(_PATH_OF_TOKENS):
        return ""
    query = {"client_id": server.client_id, "scope": scopes, "redirect_uri": server.redirect_uri}
    return f"{endpoint.removesuffix(_PATH_OF_TOKENS)}/v2.0/adminconsent?{urlencode(query)}"
