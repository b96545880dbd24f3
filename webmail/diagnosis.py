"""Is this mailbox all right? Step by step, from the name of the server to an offered sender.

Nothing is changed on the server and no message is sent. A sign-in that works is not enough: Exchange signs in and then
refuses the mailbox, so the inbox is opened (STAT for POP3) and a sender is offered and withdrawn (MAIL FROM, RSET).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webmail import connections
from webmail.error_messages import RECEIVE, SEND, Advice, advise
from webmail.failures import Known, classify
from webmail.models import MailAccount, MailServer
from webmail.protocols.errors import AuthenticationError, MailServerError, TlsError
from webmail.protocols.types import BearerCredentials, Endpoint, Security


@dataclass(frozen=True)
class Step:
    """One step: ``label`` is what was tried, ``detail`` what was found, ``advice`` what to do when it failed."""

    direction: str
    label: str
    is_fine: bool
    detail: str = ""
    code: str = ""
    advice: Advice | None = None
    server_text: str = ""
    milliseconds: int = 0


def check(account: MailAccount) -> Iterator[Step]:
    """Check receiving, then sending; each direction ends at its first failure."""
    receiving = connections.pop3 if account.receives_by_pop3 else connections.imap
    yield from _Direction(
        RECEIVE,
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
    yield from _Direction(
        SEND,
        account.outgoing_server,
        lambda: connections.sending_credentials(account),
        lambda: connections.outgoing(account),
        lambda session: _sender(session, account),
    ).steps()


@dataclass(frozen=True)
class _Direction:
    name: str
    server: MailServer
    credentials: Callable[[], Any]
    session: Callable[[], Any]
    use: Callable[[Any], str]

    def steps(self) -> Iterator[Step]:
        endpoint: Endpoint | None = None
        began = time.monotonic()
        try:
            endpoint = connections.endpoint_of(self.server)
        except Known as error:
            yield self._failed(_("Name of the server"), error, began)
            return
        yield self._fine(
            _("Name of the server"), f"{endpoint.host} → {', '.join(endpoint.addresses)}", began
        )
        for results in (self._connection(endpoint), self._secret(), self._sign_in_and_use()):
            for result in results:
                yield result
                if not result.is_fine:
                    return

    def _connection(self, endpoint: Endpoint) -> Iterator[Step]:
        began = time.monotonic()
        is_tls = endpoint.security is Security.TLS
        label = _("Connection with TLS") if is_tls else _("Connection")
        try:
            connections.probe(endpoint)
        except Known as error:
            yield self._failed(label, error, began)
        else:
            yield self._fine(label, f"{endpoint.host}:{endpoint.port}", began)

    def _secret(self) -> Iterator[Step]:
        began = time.monotonic()
        label = _("Access token or password")
        try:
            given = self.credentials()
        except Known as error:
            yield self._failed(label, error, began)
            return
        words = {True: _("Access token at hand"), False: _("Password at hand")}
        yield self._fine(
            label,
            words[isinstance(given, BearerCredentials)] if given else _("None is used"),
            began,
        )

    def _sign_in_and_use(self) -> Iterator[Step]:
        """The session says by its kind of error how far it came: encryption, sign-in, or what lies behind."""
        began = time.monotonic()
        use = ""
        try:
            with self.session() as session:
                yield from self._opened(session, began)
                began = time.monotonic()
                use = {"imap": _("Inbox"), "pop3": _("Mailbox")}.get(
                    self.server.protocol, _("Sender")
                )
                yield self._fine(use, self.use(session), began)
        except TlsError as error:
            yield self._failed(_("STARTTLS"), error, began)
        except AuthenticationError as error:
            yield self._failed(use or _("Sign-in"), error, began)
        except Known as error:
            yield self._failed(use or _("Sign-in"), error, began)

    def _opened(self, session: Any, began: float) -> Iterator[Step]:
        if self.server.security == Security.STARTTLS:
            yield self._fine(_("STARTTLS"), "", began)
        offered = sorted(getattr(session, "capabilities", ()) or getattr(session, "extensions", ()))
        yield self._fine(_("Sign-in"), "", began)
        yield self._fine(_("Capabilities"), " ".join(offered), time.monotonic())

    def _fine(self, label: str, detail: str, began: float) -> Step:
        return Step(self.name, label, True, detail, milliseconds=_since(began))

    def _failed(self, label: str, error: Exception, began: float) -> Step:
        failure = classify(error)
        detail = error.message if isinstance(error, MailServerError) else ""
        return Step(
            self.name,
            label,
            False,
            detail,
            failure.code,
            advise(failure.code, self.name, failure.health),
            failure.server_text,
            _since(began),
        )


def _inbox(session: Any) -> str:
    return _messages(session.select("INBOX", readonly=True).exists)


def _stat(session: Any) -> str:
    count, _octets = session.stat()
    session.uidl()
    return _messages(count)


def _messages(count: int) -> str:
    return ngettext("%(count)d message", "%(count)d messages", count) % {"count": count}


def _sender(session: Any, account: MailAccount) -> str:
    session.check_sender(account.address)
    return account.address


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
