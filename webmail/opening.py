"""Open many mailboxes at once where the organization lets the groupware in, without asking their owners.

An administrator starts it and names the accounts by a filter; it never starts by itself, for addresses may have been
typed by people. An account that is connected already is passed over, so the step may be repeated at any time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet

from oauthservers.errors import OAuthError
from oauthservers.flows import application
from oauthservers.models import AuthorizationServer, Grant
from webmail import application_access, authorizations, sync
from webmail.failures import classify
from webmail.models import MailAccount

_APPLICATION = AuthorizationServer.Access.APPLICATION
_OAUTH2 = MailAccount.ReceiveAuthentication.OAUTH2


def waiting(accounts: QuerySet[MailAccount]) -> QuerySet[MailAccount]:
    """Those of ``accounts`` that receive through application access and have no working connection yet."""
    connected = Q(
        receive_grant__state=Grant.State.ACTIVE, receive_grant__access=Grant.Access.APPLICATION
    )
    return accounts.filter(
        is_enabled=True,
        removed_at=None,
        receive_authentication=_OAUTH2,
        incoming_server__authorization_server__access=_APPLICATION,
        incoming_server__authorization_server__is_enabled=True,
    ).exclude(connected)


def open_all(pks: Iterable[int], by: Any) -> int:
    """Connect the accounts of ``pks`` in the name of ``by``; return how many. A failure is on its account."""
    accounts = waiting(MailAccount.objects.filter(pk__in=list(pks)))
    accounts = accounts.select_related("incoming_server__authorization_server", "outgoing_server")
    return sum(_open(account, by) for account in accounts.order_by("pk"))


def _open(account: MailAccount, by: Any) -> bool:
    if not application_access.may_open(account, by):
        return False
    server = account.incoming_server.authorization_server
    directions = authorizations.directions_at(account, server)
    try:
        grant = application.connect(
            server=server,
            mailbox_address=account.sign_in_address,
            protocols=authorizations.protocols_of(account, directions),
            user=by,
        )
    except OAuthError as error:
        sync.stop(account, classify(error))
        return False
    return bool(authorizations.bind(account, grant, by=by))
