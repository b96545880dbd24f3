"""A mail account → an open session: the one door to mail servers.

What happens here and nowhere else:

- The host is resolved and its addresses are checked once (``groupware.outbound``); exactly these are dialled.
- Credentials are made at the last moment. A session never keeps a token: it is asked from the vault for each
  connection, so a connection made after an hour of pause has a token of now.
- A refused token is thrown away and replaced once. A second refusal, of a token that is seconds old, is not a matter
  of tokens: it leaves as ``fresh_token_refused`` ("sign-in works, the mailbox refuses"), so nobody is sent
  through consent again and again. A refused password is never tried twice; servers lock people out for that.
- The session closes with its block, whatever happens inside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from groupware import outbound
from groupware.encryption import DecryptionError
from oauthservers import vault
from oauthservers.errors import ReauthorizationRequiredError
from oauthservers.models import Grant
from webmail.failures import StoredSecretError
from webmail.models import MailAccount, MailServer
from webmail.protocols import greeting as greetings
from webmail.protocols.errors import AuthenticationError
from webmail.protocols.imap import ImapSession
from webmail.protocols.pop3 import Pop3Session
from webmail.protocols.smtp import SmtpSession
from webmail.protocols.types import (
    BearerCredentials,
    Credentials,
    Endpoint,
    PasswordCredentials,
    Security,
    TlsOptions,
)
from webmail.protocols.wire import dial
from webmail.token_states import MISSING_SCOPE

MINIMUM_TOKEN_SECONDS = 300.0
SmtpAuthentication = MailAccount.SendAuthentication
_Session = TypeVar("_Session", ImapSession, Pop3Session, SmtpSession)
IncomingSession = ImapSession | Pop3Session


class NotAuthorizedError(AuthenticationError):
    """The account has no grant or no password yet: not_authorized."""

    default_code = "not_authorized"


@contextmanager
def incoming(account: MailAccount) -> Iterator[IncomingSession]:
    """Open the session that receives: ``ImapSession`` or ``Pop3Session`` by the server's protocol.

    Raises the kinds of ``webmail.failures.Known``.
    """
    if account.receives_by_pop3:
        with pop3(account) as session:
            yield session
    else:
        with imap(account) as session:
            yield session


@contextmanager
def imap(account: MailAccount) -> Iterator[ImapSession]:
    """``incoming`` for an account that receives by IMAP."""
    with _receiving(ImapSession.open, account) as session:
        yield session


@contextmanager
def pop3(account: MailAccount) -> Iterator[Pop3Session]:
    """``incoming`` for an account that receives by POP3."""
    with _receiving(Pop3Session.open, account) as session:
        yield session


@contextmanager
def outgoing(account: MailAccount) -> Iterator[SmtpSession]:
    """Open the session that sends. Raises the kinds of ``webmail.failures.Known``."""
    if account.outgoing_server is None or account.send_authentication == SmtpAuthentication.OFF:
        raise NotAuthorizedError("This account does not send", code="sending_is_off")
    endpoint = endpoint_of(account.outgoing_server)
    grant = account.effective_send_grant
    with _open(SmtpSession.open, endpoint, lambda: sending_credentials(account), grant) as session:
        yield session


@contextmanager
def tried(server: MailServer, credentials: Credentials) -> Iterator[Any]:
    """A session for credentials that belong to no account, to see whether they work. Raises as ``incoming``."""
    kinds: dict[str, Callable[[Endpoint, Credentials], ImapSession | Pop3Session | SmtpSession]] = {
        MailServer.Protocol.IMAP: ImapSession.open,
        MailServer.Protocol.POP3: Pop3Session.open,
        MailServer.Protocol.SMTP: SmtpSession.open,
    }
    with kinds[server.protocol](endpoint_of(server), credentials) as session:
        yield session


def endpoint_of(server: MailServer) -> Endpoint:
    """Where the server is, with its addresses checked. Raises OutboundError."""
    return Endpoint(
        host=server.host,
        port=server.port,
        security=Security(server.security),
        tls=TlsOptions(
            verify_certificate=server.verify_certificate,
            verify_name=server.verify_name,
            allow_common_name=server.allow_common_name,
            ca_pem=server.ca_certificates,
        ),
        addresses=tuple(outbound.resolve(server.host, server.port)),
    )


def probe(endpoint: Endpoint) -> None:
    """Connect, with TLS where it comes first, and hang up. Raises UnreachableError, TlsError."""
    dial(endpoint).close()


def greeting(endpoint: Endpoint, protocol: str) -> str:
    """What the server says first; encrypted where the endpoint says so. Raises MailServerError."""
    return greetings.greeting(endpoint, protocol)


def receiving_credentials(account: MailAccount) -> Credentials:
    """What opens the mailbox now. Raises NotAuthorizedError, OAuthError, StoredSecretError."""
    if account.receive_authentication == MailAccount.ReceiveAuthentication.OAUTH2:
        return _bearer(account.receiving_name, account.receive_grant, account.incoming_server)
    return PasswordCredentials(account.receiving_name, _stored(lambda: account.receive_password))


def sending_credentials(account: MailAccount) -> Credentials:
    """What opens the submission server now; None where it asks for nothing.

    Raises NotAuthorizedError, OAuthError, StoredSecretError.
    """
    if account.send_authentication == SmtpAuthentication.NONE:
        return None
    if account.effective_send_authentication == SmtpAuthentication.OAUTH2:
        return _bearer(account.sending_name, account.effective_send_grant, account.outgoing_server)
    if account.send_authentication == SmtpAuthentication.SAME_AS_RECEIVING:
        return receiving_credentials(account)  # a password belongs to the name it was given with
    return PasswordCredentials(account.sending_name, _stored(lambda: account.send_password))


@contextmanager
def _receiving(
    connect: Callable[[Endpoint, Credentials], _Session], account: MailAccount
) -> Iterator[_Session]:
    endpoint = endpoint_of(account.incoming_server)
    with _open(
        connect, endpoint, lambda: receiving_credentials(account), account.receive_grant
    ) as session:
        yield session


@contextmanager
def _open(
    connect: Callable[[Endpoint, Credentials], _Session],
    endpoint: Endpoint,
    credentials: Callable[[], Credentials],
    grant: Grant | None,
) -> Iterator[_Session]:
    """Connect with what ``credentials`` gives; once more with a fresh token when the first is refused."""
    given = credentials()
    try:
        session = connect(endpoint, given)
    except AuthenticationError as refusal:
        if not (
            isinstance(given, BearerCredentials)
            and grant
            and refusal.code == "authentication_failed"
        ):
            raise
        vault.discard(grant, given.access_token)
        session = _open_with_fresh_token(connect, endpoint, credentials)
    with session:
        yield session


def _open_with_fresh_token(
    connect: Callable[[Endpoint, Credentials], _Session],
    endpoint: Endpoint,
    credentials: Callable[[], Credentials],
) -> _Session:
    try:
        return connect(endpoint, credentials())
    except AuthenticationError as refusal:
        if refusal.code == "authentication_failed":
            refusal.code = "fresh_token_refused"
        raise


def _bearer(username: str, grant: Grant | None, server: MailServer | None) -> Credentials:
    if grant is None or server is None:
        raise NotAuthorizedError("The mailbox was never authorized")
    if server.authorization_server_id not in (None, grant.server_id):
        raise NotAuthorizedError("The connection is for another authorization server")
    if grant.access == Grant.Access.APPLICATION and server.is_individual:
        # It opens every mailbox of the organization, and the host is one that somebody typed in.
        raise NotAuthorizedError("Application access is for registered servers")
    if grant.state == Grant.State.ACTIVE and not grant.opens(server.protocol):
        # The mail server would refuse the token without saying that it is the permission that lacks.
        raise ReauthorizationRequiredError(MISSING_SCOPE, code=MISSING_SCOPE)
    token = _stored(lambda: vault.access_token(grant, minimum_seconds=MINIMUM_TOKEN_SECONDS))
    return BearerCredentials(username, token)


def _stored(read: Callable[[], str]) -> str:
    try:
        secret = read()
    except DecryptionError:
        raise StoredSecretError(
            "A stored secret does not open with the keys of this installation."
        ) from None
    if not secret:
        raise NotAuthorizedError("No password is stored")
    return secret
