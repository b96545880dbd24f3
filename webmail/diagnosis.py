"""Is this mailbox all right? Step by step, from the name of the server to an offered sender.

Nothing is changed on the server and no message is sent, unless somebody asks for a message to the address itself. A
sign-in that works is not enough: Exchange signs in and then refuses the mailbox, so the inbox is opened (STAT for POP3)
and a sender is offered and withdrawn (MAIL FROM, RSET).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from oauthservers import diagnosis as authorization
from oauthservers.findings import FAILED
from oauthservers.models import AuthorizationServer
from webmail import connections
from webmail.check_steps import AUTHORIZATION, Step
from webmail.error_messages import RECEIVE, SEND
from webmail.failures import Known, classify
from webmail.models import MailAccount, MailServer
from webmail.protocols.errors import MailServerError, TlsError
from webmail.protocols.types import BearerCredentials, Endpoint, Security

__all__ = ["Step", "check"]

#: A test of an authorization server that is younger counts for this check too.
_STILL_TRUE = timedelta(minutes=5)


def check(account: MailAccount, *, sends_message: bool = False) -> Iterator[Step]:
    """Check the authorization servers, then receiving, then sending; each direction ends at its first failure.

    ``sends_message``: a short message goes to the account's own address at the end.
    """
    for server in _authorization_servers(account):
        yield from _authorization(server)
    receiving = connections.pop3 if account.receives_by_pop3 else connections.imap
    yield from _Direction(
        RECEIVE,
        account,
        account.incoming_server,
        lambda: connections.receiving_credentials(account),
        lambda: receiving(account),
        _stat if account.receives_by_pop3 else _inbox,
    ).steps()
    if (
        account.outgoing_server is None
        or account.send_authentication == account.SendAuthentication.OFF
    ):
        return
    for step in _Direction(
        SEND,
        account,
        account.outgoing_server,
        lambda: connections.sending_credentials(account),
        lambda: connections.outgoing(account),
        lambda session: _sender(session, account),
    ).steps():
        yield step
        sends_message = sends_message and step.is_fine
    if sends_message:
        yield _message(account)


def _authorization_servers(account: MailAccount) -> list[AuthorizationServer]:
    oauth2 = account.ReceiveAuthentication.OAUTH2
    used = []
    if account.receive_authentication == oauth2:
        used.append(account.incoming_server.authorization_server)
    if account.outgoing_server and account.effective_send_authentication == oauth2:
        used.append(account.outgoing_server.authorization_server)
    return list(dict.fromkeys(server for server in used if server is not None))


def _authorization(server: AuthorizationServer) -> Iterator[Step]:
    """The steps of the server's own test: a recent one, or one made now unless somebody else is at it."""
    checked = server.connection_checked_at
    is_recent = checked is not None and checked > timezone.now() - _STILL_TRUE
    if not (is_recent and server.connection_checks) and authorization.claim(server):
        found = [one.stored() for one in authorization.run(server, is_routine=True)]
    else:
        found = list(server.connection_checks)
    own = authorization.steps_of(server)
    for row in found:
        if row["step"] in own:
            yield Step(
                AUTHORIZATION,
                row["step"],
                row["state"] != FAILED,
                facts=row["detail"],
                code=row["code"],
                server=server.name,
                milliseconds=row["milliseconds"],
                state=row["state"],
            )


@dataclass(frozen=True)
class _Direction:
    name: str
    account: MailAccount
    server: MailServer
    credentials: Callable[[], Any]
    session: Callable[[], Any]
    use: Callable[[Any], dict[str, Any]]

    def steps(self) -> Iterator[Step]:
        endpoint: Endpoint | None = None
        began = time.monotonic()
        try:
            endpoint = connections.endpoint_of(self.server)
        except Known as error:
            yield self._failed("name", error, began)
            return
        yield self._fine("name", began, f"{endpoint.host} → {', '.join(endpoint.addresses)}")
        for results in (self._connection(endpoint), self._secret(), self._sign_in_and_use()):
            for result in results:
                yield result
                if not result.is_fine:
                    return

    def _connection(self, endpoint: Endpoint) -> Iterator[Step]:
        began = time.monotonic()
        key = "connection_tls" if endpoint.security is Security.TLS else "connection"
        try:
            connections.probe(endpoint)
        except Known as error:
            yield self._failed(key, error, began)
        else:
            yield self._fine(key, began, f"{endpoint.host}:{endpoint.port}")

    def _secret(self) -> Iterator[Step]:
        began = time.monotonic()
        try:
            given = self.credentials()
        except Known as error:
            yield self._failed("secret", error, began)
            return
        found = "nothing"
        if given:
            found = "token" if isinstance(given, BearerCredentials) else "password"
        yield self._fine("secret", began, found=found)

    def _sign_in_and_use(self) -> Iterator[Step]:
        """The session says by its kind of error how far it came: encryption, sign-in, or what lies behind."""
        began = time.monotonic()
        use = ""
        try:
            with self.session() as session:
                yield from self._opened(session, began)
                began = time.monotonic()
                use = str(self.server.protocol)
                yield self._fine(use, began, **self.use(session))
        except TlsError as error:
            yield self._failed("starttls", error, began)
        except Known as error:
            yield self._failed(use or "sign_in", error, began)

    def _opened(self, session: Any, began: float) -> Iterator[Step]:
        if self.server.security == Security.STARTTLS:
            yield self._fine("starttls", began)
        offered = sorted(getattr(session, "capabilities", ()) or getattr(session, "extensions", ()))
        yield self._fine("sign_in", began)
        yield self._fine("capabilities", time.monotonic(), " ".join(offered))

    def _fine(self, key: str, began: float, facts: str = "", found: str | int = "") -> Step:
        return Step(
            self.name, key, True, facts, found, server=self.server.name, milliseconds=_since(began)
        )

    def _failed(self, key: str, error: Exception, began: float) -> Step:
        return _failure(self.name, key, self.account, self.server, error, began)


def _failure(
    direction: str,
    key: str,
    account: MailAccount,
    server: MailServer,
    error: Exception,
    began: float,
) -> Step:
    failure = classify(error)
    return Step(
        direction,
        key,
        False,
        facts=error.message if isinstance(error, MailServerError) else "",
        code=failure.code,
        health=str(failure.health),
        server=server.name,
        mailbox=account.address,
        server_text=failure.server_text,
        milliseconds=_since(began),
    )


def _inbox(session: Any) -> dict[str, Any]:
    return {"found": session.select("INBOX", readonly=True).exists}


def _stat(session: Any) -> dict[str, Any]:
    count, _octets = session.stat()
    session.uidl()
    return {"found": count}


def _sender(session: Any, account: MailAccount) -> dict[str, Any]:
    session.check_sender(account.address)
    return {"facts": account.address}


def _message(account: MailAccount) -> Step:
    """Send a few words to the account's own address."""
    began = time.monotonic()
    server = account.outgoing_server
    assert server is not None
    letter = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    letter["From"] = letter["To"] = account.address
    letter["Subject"] = _("Test message of the groupware")
    letter["Date"] = format_datetime(timezone.localtime())
    letter["Message-ID"] = make_msgid(domain=urlsplit(settings.PUBLIC_URL).hostname)
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(_("Somebody checked this mailbox. Sending works."))
    try:
        with connections.outgoing(account) as session:
            session.submit(letter.as_bytes(), account.address, [account.address])
    except Known as error:
        return _failure(SEND, "message", account, server, error, began)
    took = _since(began)
    return Step(SEND, "message", True, account.address, server=server.name, milliseconds=took)


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
