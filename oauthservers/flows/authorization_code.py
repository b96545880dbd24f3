"""The authorization code flow with PKCE (RFC 6749 §4.1, RFC 7636, RFC 9700 §2.1).

``begin()`` writes down an attempt and gives the address to leave for; ``complete()`` takes what came back. An attempt
belongs to one person in one browser session, is used once and lives ten minutes. Whatever goes wrong on the way back,
no grant is touched: tokens are stored only after everything has been checked.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_variables

from groupware.audit.record import record
from oauthservers import adapter, pkce, vault
from oauthservers.errors import (
    AccessDeniedError,
    AdministratorRequiredError,
    CallbackRefusedError,
    IdentityMismatchError,
    MissingRefreshTokenError,
    MissingScopeError,
    OAuthError,
    ReauthorizationRequiredError,
    from_answer,
)
from oauthservers.models import AuthorizationRequest, AuthorizationServer, Grant
from oauthservers.providers.base import AuthorizationParameters, Provider

logger = logging.getLogger(__name__)

LIFETIME = timedelta(minutes=10)
_OUTCOME_COLUMNS = (
    "grant",
    "outcome",
    "error_code",
    "error_detail",
    "signed_in_as",
    "code_verifier",
    "nonce",
)


@sensitive_variables("state", "verifier", "nonce")
def begin(
    *,
    server: AuthorizationServer,
    user: Any,
    session_key: str,
    mailbox_address: str,
    protocols: Iterable[str],
    next_url: str,
) -> str:
    """Write an attempt down and return the address to send the browser to.

    ``protocols`` (imap, pop3, smtp) decide the scopes; what an existing grant of the mailbox may do already is asked
    for again, so that authorizing one direction never takes the other away. ``next_url`` is a path of our own. Raises
    OAuthError when the server cannot be used, ValueError for a foreign ``next_url``.
    """
    if not url_has_allowed_host_and_scheme(next_url, allowed_hosts=None) or not next_url.startswith(
        "/"
    ):
        raise ValueError("next_url is not a path of this installation.")
    if not server.is_enabled:
        raise AdministratorRequiredError("server_switched_off", code="server_switched_off")
    provider = adapter.provider_for(server)
    known = Grant.objects.of_mailbox(server, user, mailbox_address).first()
    scopes = server.scopes_for(dict.fromkeys([*protocols, *(known.protocols if known else ())]))
    state, verifier, nonce = (
        secrets.token_urlsafe(32),
        pkce.new_verifier(),
        secrets.token_urlsafe(32),
    )
    attempt = AuthorizationRequest.objects.create(
        server=server,
        user=user,
        session_hash=_hash(session_key),
        state_hash=_hash(state),
        code_verifier=verifier,
        nonce=nonce,
        mailbox_address=mailbox_address.strip(),
        scopes=" ".join(scopes),
        redirect_uri=server.redirect_uri,
        next_url=next_url,
        expires_at=timezone.now() + LIFETIME,
    )
    record("oauthservers.authorization.started", actor=user, target=server, details=_about(attempt))
    return provider.authorization_url(
        AuthorizationParameters(
            server.redirect_uri, state, nonce, verifier, scopes, mailbox_address.strip()
        )
    )


@sensitive_variables("parameters")
def complete(
    *, server_id: Any, parameters: Mapping[str, str], user: Any, session_key: str
) -> AuthorizationRequest:
    """Take an authorization response; the attempt that comes back tells its outcome.

    A response that comes twice (double click, reload) gets the first outcome and is not redeemed again. Raises
    CallbackRefusedError when the response belongs to no running attempt of this person in this browser.
    """
    attempt = _own_attempt(server_id, parameters.get("state", ""), user, session_key)
    now = timezone.now()
    unused = AuthorizationRequest.objects.filter(pk=attempt.pk, used_at__isnull=True)
    if not unused.filter(expires_at__gt=now).update(used_at=now):
        if not unused.exists():
            return AuthorizationRequest.objects.get(pk=attempt.pk)
        _close(attempt, CallbackRefusedError(code="expired"))
        raise CallbackRefusedError(code="expired")
    try:
        grant = _redeem(attempt, parameters)
    except OAuthError as error:
        return _close(attempt, error)
    return _close(attempt, None, grant)


def return_address(attempt: AuthorizationRequest) -> str:
    """Where the person goes on: the page they came from, told what came of it."""
    if attempt.outcome == AuthorizationRequest.Outcome.SUCCEEDED and attempt.grant:
        return _with(attempt.next_url, grant=str(attempt.grant.public_id))
    return _with(attempt.next_url, authorization=str(attempt.public_id))


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


# -- the way back ----------------------------------------------------------------------------------


def _own_attempt(server_id: Any, state: str, user: Any, session_key: str) -> AuthorizationRequest:
    """The attempt this response belongs to. Somebody else's is left as it is: its owner may still come back."""
    attempt = (
        AuthorizationRequest.objects.select_related("server", "grant")
        .filter(state_hash=_hash(state))
        .first()
    )
    reason = ""
    if not state or attempt is None:
        reason = "state_unknown"
    elif attempt.user_id != user.pk:
        reason = "other_person"
    elif not hmac.compare_digest(attempt.session_hash, _hash(session_key)):
        reason = "other_session"
    elif str(attempt.server.public_id) != str(server_id):
        reason = (
            "other_server"  # one redirect URI per server: the response was mixed up (RFC 9700 §4.4)
        )
    if attempt is None or reason:
        record("oauthservers.authorization.refused", actor=user, details={"error": reason})
        raise CallbackRefusedError(code=reason)
    return attempt


@sensitive_variables("parameters", "tokens", "about")
def _redeem(attempt: AuthorizationRequest, parameters: Mapping[str, str]) -> Grant:
    """From response to grant; raises OAuthError before anything is stored."""
    if not attempt.server.is_enabled:
        raise AdministratorRequiredError("server_switched_off", code="server_switched_off")
    provider = adapter.provider_for(attempt.server)
    _check_response(attempt, provider, parameters)
    about = AuthorizationParameters(
        attempt.redirect_uri,
        parameters["state"],
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
    identity = provider.identify(tokens, attempt.nonce)
    if not identity.is_known_as(attempt.mailbox_address):
        raise IdentityMismatchError(identity.names[0], attempt.mailbox_address)
    if missing := provider.missing_scopes(about.scopes, tokens.scopes):
        raise MissingScopeError(missing)
    if not tokens.refresh_token:
        raise MissingRefreshTokenError
    return vault.keep(
        server=attempt.server,
        user=attempt.user,
        mailbox_address=attempt.mailbox_address,
        identity=identity,
        tokens=tokens,
        scopes=attempt.scopes,
        asked_at=asked_at,
    )


def _check_response(
    attempt: AuthorizationRequest, provider: Provider, parameters: Mapping[str, str]
) -> None:
    """Raise for a response of another server, then for an error, then for one without a code.

    ``iss`` comes first: an error of another server says nothing about this attempt (RFC 9207 §2.4).
    """
    issuer = parameters.get("iss")
    if issuer is None and attempt.server.requires_issuer_in_response:
        raise CallbackRefusedError(code="issuer_missing")
    if issuer is not None and not provider.is_issuer(issuer):
        raise CallbackRefusedError(code="issuer_mismatch")
    if "error" in parameters:
        error = from_answer(parameters)
        if isinstance(error, ReauthorizationRequiredError):
            raise AccessDeniedError(error.error, error.description)
        raise error
    if not parameters.get("code"):
        raise CallbackRefusedError(code="code_missing")


def _close(
    attempt: AuthorizationRequest, error: OAuthError | None, grant: Grant | None = None
) -> AuthorizationRequest:
    """Write the outcome; the secrets of the attempt have served and go."""
    attempt.grant = grant
    attempt.outcome = attempt.Outcome.FAILED if error else attempt.Outcome.SUCCEEDED
    attempt.error_code = error.code if error else ""
    attempt.error_detail = error.description if error else ""
    attempt.signed_in_as = getattr(error, "signed_in_as", "") or (
        grant.signed_in_as if grant else ""
    )
    attempt.code_verifier = attempt.nonce = ""
    # Not the whole row: this copy was read before the attempt was marked as used.
    attempt.save(update_fields=_OUTCOME_COLUMNS)
    if error is None:
        return attempt
    logger.warning(
        "authorization failed", extra={"error": error.code, "server": attempt.server.key}
    )
    if isinstance(error, AdministratorRequiredError) and error.code != "server_switched_off":
        attempt.server.note_fault(error.code, error.description, timezone.now() + vault.PROBE_EVERY)
    record(
        "oauthservers.authorization.failed",
        actor=attempt.user,
        target=attempt.server,
        details={**_about(attempt), "error": error.code},
    )
    return attempt


def _about(attempt: AuthorizationRequest) -> dict[str, str]:
    return {"mailbox": attempt.mailbox_address, "scopes": attempt.scopes}


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def _with(path: str, **parameters: str) -> str:
    """``path`` with these parameters and without the ones an earlier attempt left there."""
    parts = urlsplit(path)
    query = [pair for pair in parse_qsl(parts.query) if pair[0] not in {"grant", "authorization"}]
    return urlunsplit(parts._replace(query=urlencode([*query, *parameters.items()])))


def close_stale() -> int:
    """End the attempts whose ten minutes are over without an answer; their secrets go. Returns how many."""
    pending = AuthorizationRequest.objects.filter(
        outcome=AuthorizationRequest.Outcome.PENDING, expires_at__lte=timezone.now() - LIFETIME
    )
    return pending.update(
        outcome=AuthorizationRequest.Outcome.FAILED,
        error_code="expired",
        code_verifier="",
        nonce="",
    )
