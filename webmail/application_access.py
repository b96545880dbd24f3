"""Application access at the mail servers: who may open a mailbox by it, and a token tried before anybody relies on it.

The connection test of an authorization server ends here: the token may be perfect while Exchange has not been told
which mailboxes it opens. Nothing is read and nothing is sent.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from groupware.functions.permissions import administers
from oauthservers.findings import FAILED, NOT_TESTED, WORKS, Finding
from oauthservers.models import AuthorizationServer
from webmail import connections, remedies
from webmail.error_messages import RECEIVE, SEND, advise
from webmail.failures import Known, classify
from webmail.models import MailAccount, MailServer
from webmail.protocols.types import BearerCredentials

#: What mail servers say when a good token does not open this mailbox.
_NOT_ALLOWED = {"fresh_token_refused", "authenticated_but_not_connected"}
_ALLOW = _(
    "The token is good, but the mail server does not open this mailbox to the application. Compare the address, allow "
    "the mailbox to the application as the guide says (at Microsoft with the object ID of the enterprise application), "
    "and see that the protocol is switched on for the mailbox. A change can take half an hour."
)


def may_open(account: MailAccount, user: Any) -> bool:
    """Whether ``user`` may open ``account`` by application access, which asks nobody whose mailbox it is.

    Administrators of webmail may; a person may for the address that a system administrator has entered for them, and
    for no name that they typed themselves.
    """
    if administers(user, "webmail"):
        return True
    own = user.email.casefold()
    names = (account.sign_in_address, account.receiving_name, account.sending_name)
    return bool(own) and account.owner_id == user.pk and {n.casefold() for n in names} == {own}


def check(
    server: AuthorizationServer, mailbox_address: str, access_token: str
) -> Iterator[Finding]:
    """Sign in with ``access_token`` at each mail server that is linked to ``server``."""
    linked = MailServer.objects.offered().filter(authorization_server=server).order_by("pk")
    if not linked:
        yield Finding("imap", NOT_TESTED, "not_linked")
    for mail_server in linked:
        yield _tried(mail_server, BearerCredentials(mailbox_address, access_token))


def explain(step: str, code: str) -> str | None:
    """What a refusal at a mail server means and what to do; None for steps that are not ours."""
    if step not in MailServer.Protocol.values:
        return None
    if code in _NOT_ALLOWED:
        return str(_ALLOW)
    direction = SEND if step == MailServer.Protocol.SMTP else RECEIVE
    words = [advise(code, direction).headline, *remedies.steps(code)]
    return " ".join(words)


def _tried(mail_server: MailServer, credentials: BearerCredentials) -> Finding:
    """Open the mailbox (STAT for POP3, a withdrawn sender for SMTP): a sign-in alone proves nothing at Exchange."""
    step = str(mail_server.protocol)
    place = f"{credentials.username} · {mail_server.host}:{mail_server.port}"
    began = time.monotonic()
    code, state = "", WORKS
    try:
        with connections.tried(mail_server, credentials) as session:
            if step == MailServer.Protocol.IMAP:
                session.select("INBOX", readonly=True)
            elif step == MailServer.Protocol.POP3:
                session.stat()
            else:
                session.check_sender(credentials.username)
    except Known as error:
        failure = classify(error)
        # The token is seconds old: a refusal is never a matter of signing in again.
        is_refused = failure.code == "authentication_failed"
        code, state = "fresh_token_refused" if is_refused else failure.code, FAILED
        place = f"{place} · {failure.server_text}" if failure.server_text else place
    return Finding(step, state, code, place, round((time.monotonic() - began) * 1000) or 1)
