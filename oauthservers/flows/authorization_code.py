"""The authorization code flow with PKCE (RFC 6749 §4.1, RFC 7636, RFC 9700 §2.1), by redirect and by pasting.

``begin()`` writes down an attempt and gives the address to leave for; ``complete()`` takes what came back. An attempt
belongs to one person in one browser session, is used once and lives ten minutes. Whatever goes wrong on the way back,
no grant is touched: tokens are stored only after everything has been checked.

The pasted way is for registrations that cannot name our own address (Google's desktop clients, installations without a
public name): the answer is sent to a loopback address where nobody listens (RFC 8252 §7.3), and the person brings it
over. A whole address is checked like a redirect; a bare code has no state and is bound to the attempt by PKCE alone,
since the verifier makes a code of any other attempt useless. Text that is not an answer uses nothing up.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from groupware.audit.record import record
from oauthservers import adapter, pkce, vault
from oauthservers.errors import (
    AdministratorRequiredError,
    CallbackRefusedError,
    OAuthError,
    ReauthorizationRequiredError,
)
from oauthservers.flows import attempts, pasted_text, responses
from oauthservers.flows.attempts import LIFETIME, close_stale, return_address
from oauthservers.models import AuthorizationRequest, AuthorizationServer
from oauthservers.providers.base import AuthorizationParameters

__all__ = [
    "LIFETIME",
    "begin",
    "begin_pasted",
    "close_stale",
    "complete",
    "complete_pasted",
    "form_action_origins",
    "loopback_of",
    "return_address",
]

#: Longer than a redirect: the person signs in, copies, comes back and pastes.
PASTED_LIFETIME = timedelta(minutes=15)
Flow = AuthorizationRequest.Flow


def loopback_of(server: AuthorizationServer) -> str:
    """The redirect URI of the pasted way. Port 1: nobody listens there, and browsers refuse to connect at all.

    Microsoft registers ``http://localhost`` for native applications, on any port; the others take the address itself.
    """
    is_microsoft = server.provider == AuthorizationServer.Kind.MICROSOFT
    return "http://localhost:1" if is_microsoft else "http://127.0.0.1:1/"


def begin(
    *,
    server: AuthorizationServer,
    user: Any,
    session_key: str,
    mailbox_address: str,
    protocols: Iterable[str],
    next_url: str,
    owner: Any = vault.ACTOR,
) -> str:
    """Write an attempt down and return the address to send the browser to.

    ``mailbox_address`` is who must sign in; ``owner`` is whose connection it becomes: the acting ``user`` unless
    said otherwise, None for nobody's (a shared account). ``protocols`` (imap, pop3, smtp) decide the scopes; what an
    existing grant may do already is asked for again. ``next_url`` is a path of our own. Raises OAuthError when the
    server cannot be used, ValueError for a foreign ``next_url``.
    """
    given = (user, owner, session_key, mailbox_address, protocols, next_url)
    return _begun(server, *given, redirect_uri=server.redirect_uri)[1]


def begin_pasted(
    *,
    server: AuthorizationServer,
    user: Any,
    session_key: str,
    mailbox_address: str,
    protocols: Iterable[str],
    next_url: str,
    owner: Any = vault.ACTOR,
) -> tuple[AuthorizationRequest, str]:
    """As begin(), for a code that is brought over by hand: the attempt, and the address to open in a new tab.

    Raises AdministratorRequiredError (flow_not_offered) when the server does not offer it.
    """
    if not server.offers_pasted_code:
        raise AdministratorRequiredError("pasted_code", code="flow_not_offered")
    given = (user, owner, session_key, mailbox_address, protocols, next_url)
    return _begun(
        server,
        *given,
        redirect_uri=loopback_of(server),
        flow=Flow.PASTED,
        expires_at=timezone.now() + PASTED_LIFETIME,
    )


@sensitive_variables("state", "verifier", "nonce")
def _begun(
    server: AuthorizationServer,
    user: Any,
    owner: Any,
    session_key: str,
    mailbox_address: str,
    protocols: Iterable[str],
    next_url: str,
    *,
    redirect_uri: str,
    **columns: Any,
) -> tuple[AuthorizationRequest, str]:
    attempts.require_own_path(next_url)
    attempts.require_in_use(server)
    provider = adapter.provider_for(server)
    whose = user if owner is vault.ACTOR else owner
    scopes = attempts.scopes_to_ask(server, whose, mailbox_address, protocols)
    state, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    verifier = pkce.new_verifier()
    attempt = attempts.start(
        server=server,
        user=user,
        owner=whose,
        session_key=session_key,
        mailbox_address=mailbox_address,
        scopes=scopes,
        next_url=next_url,
        state_hash=attempts.hashed(state),
        code_verifier=verifier,
        nonce=nonce,
        redirect_uri=redirect_uri,
        **columns,
    )
    return attempt, provider.authorization_url(
        AuthorizationParameters(
            redirect_uri, state, nonce, verifier, scopes, mailbox_address.strip()
        )
    )


# -- the way back ----------------------------------------------------------------------------------


@sensitive_variables("parameters")
def complete(
    *, server_id: Any, parameters: Mapping[str, str], user: Any, session_key: str
) -> AuthorizationRequest:
    """Take an authorization response; the attempt that comes back tells its outcome.

    A response that comes twice (double click, reload) gets the first outcome and is not redeemed again. Raises
    CallbackRefusedError when the response belongs to no running attempt of this person in this browser.
    """
    attempt = _own_attempt(server_id, parameters.get("state", ""), user, session_key)
    return _finished(attempt, parameters)


@sensitive_variables("text", "parameters", "state")
def complete_pasted(
    *, attempt: AuthorizationRequest, text: str, user: Any, session_key: str
) -> AuthorizationRequest:
    """Take what a person pasted: the code, or the whole address. The attempt that comes back tells its outcome.

    Raises CallbackRefusedError, with a code that says which part is wrong (pasted_empty, pasted_unreadable,
    pasted_sign_in_page, pasted_no_code, pasted_state); the attempt goes on waiting then.
    """
    attempt = AuthorizationRequest.objects.select_related("server", "grant").get(pk=attempt.pk)
    _require_own(attempt, user, session_key)
    try:
        parameters = _pasted(attempt, text)
    except CallbackRefusedError as refusal:
        details = {"error": refusal.code, **attempts.about(attempt)}
        record("oauthservers.authorization.refused", actor=user, details=details)
        raise
    return _finished(attempt, parameters)


@sensitive_variables("text", "parameters", "state")
def _pasted(attempt: AuthorizationRequest, text: str) -> Mapping[str, str]:
    """The parameters of what was pasted; an address must carry the state of this very attempt."""
    parameters = pasted_text.read(text)
    if "state" in parameters:
        state = attempts.hashed(parameters["state"])
        if not hmac.compare_digest(state, attempt.state_hash):
            raise CallbackRefusedError(code="pasted_state")
    return parameters


def _finished(attempt: AuthorizationRequest, parameters: Mapping[str, str]) -> AuthorizationRequest:
    now = timezone.now()
    unused = AuthorizationRequest.objects.filter(pk=attempt.pk, used_at__isnull=True)
    if not unused.filter(expires_at__gt=now).update(used_at=now):
        if not unused.exists():
            details = {"error": "replayed", **attempts.about(attempt)}
            record("oauthservers.authorization.refused", actor=attempt.user, details=details)
            return AuthorizationRequest.objects.select_related("server", "grant").get(pk=attempt.pk)
        attempts.failed(attempt, CallbackRefusedError(code="expired"))
        raise CallbackRefusedError(code="expired")
    if "error" not in parameters and (grant := attempts.winner(attempt)):
        return attempts.yield_to(attempt, grant)
    try:
        return _redeemed(attempt, parameters)
    except OAuthError as error:
        return attempts.failed(attempt, error)


def _own_attempt(server_id: Any, state: str, user: Any, session_key: str) -> AuthorizationRequest:
    """The attempt this response belongs to. Somebody else's is left as it is: its owner may still come back."""
    attempt = (
        AuthorizationRequest.objects.select_related("server", "grant")
        .filter(state_hash=attempts.hashed(state), flow=Flow.REDIRECT)
        .first()
    )
    if not state or attempt is None:
        record("oauthservers.authorization.refused", actor=user, details={"error": "state_unknown"})
        raise CallbackRefusedError(code="state_unknown")
    _require_own(attempt, user, session_key)
    if str(attempt.server.public_id) != str(server_id):
        # One redirect URI per server: the response was mixed up (RFC 9700 §4.4).
        record("oauthservers.authorization.refused", actor=user, details={"error": "other_server"})
        raise CallbackRefusedError(code="other_server")
    return attempt


def _require_own(attempt: AuthorizationRequest, user: Any, session_key: str) -> None:
    reason = ""
    if attempt.user_id != user.pk:
        reason = "other_person"
    elif not hmac.compare_digest(attempt.session_hash, attempts.hashed(session_key)):
        reason = "other_session"
    if reason:
        record("oauthservers.authorization.refused", actor=user, details={"error": reason})
        raise CallbackRefusedError(code=reason)


@sensitive_variables("parameters", "tokens", "about")
def _redeemed(attempt: AuthorizationRequest, parameters: Mapping[str, str]) -> AuthorizationRequest:
    """From response to grant; raises OAuthError before anything is stored."""
    attempts.require_in_use(attempt.server)
    provider = adapter.provider_for(attempt.server)
    responses.check(attempt.server, provider, parameters)
    about = AuthorizationParameters(
        attempt.redirect_uri,
        parameters.get("state", "-"),  # msal wants to compare one; ours was compared before
        attempt.nonce,
        attempt.code_verifier,
        attempt.scopes.split(),
    )
    asked_at = timezone.now()
    try:
        tokens = provider.exchange_code(parameters["code"], about)
    except ReauthorizationRequiredError as error:
        # invalid_grant for a code means the code, not a consent that ended (RFC 6749 §5.2).
        raise OAuthError(error.error, error.description, code="code_refused") from None
    return attempts.settle(attempt, provider, tokens, attempt.nonce, asked_at)


# -- leaving ---------------------------------------------------------------------------------------


def form_action_origins() -> list[str]:
    """Origins that a form may end up at when its answer redirects to an authorization server, for ``form-action``."""
    origins = set()
    for server in AuthorizationServer.objects.in_use().defer("client_secret"):
        for address in (
            server.authorization_endpoint,
            server.endpoint,
            server.issuer,
            server.preset.endpoint,
        ):
            parts = urlsplit(address or server.preset.authorization_endpoint)
            if parts.netloc:
                origins.add(f"{parts.scheme}://{parts.netloc}")
    return sorted(origins)
