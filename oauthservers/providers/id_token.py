"""Validating ID tokens (OpenID Connect Core 1.0 §3.1.3.7).

One door for all kinds of server: msal stopped validating in 1.38, and google-auth checks neither issuer, nonce nor a
clock that is a little off when it is given a key set.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt
import requests

from oauthservers import http
from oauthservers.errors import IdentityError

#: Signatures with a published key. "none" and the HS family are left out: their key would be our own client secret.
ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)
LEEWAY_SECONDS = 120
_KEYS_SECONDS = 3600.0

_keys: dict[str, tuple[float, jwt.PyJWKSet]] = {}
_keys_lock = threading.Lock()


def validate(
    token: str,
    *,
    session: requests.Session,
    jwks_uri: str,
    client_id: str,
    nonce: str | None,
    is_issuer: Callable[[str, Mapping[str, Any]], bool],
) -> dict[str, Any]:
    """Return the claims of a token that is signed by the server, meant for us, of this attempt, and not over.

    ``nonce`` is the value as it went over the wire, None where none did; ``is_issuer`` judges ``iss`` with the claims at hand. Raises
    IdentityError naming the first check that failed, and OAuthError when the keys cannot be fetched.
    """
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            raise IdentityError("id_token", "algorithm is refused")
        claims: dict[str, Any] = jwt.decode(
            token,
            _key(session, jwks_uri, header.get("kid"), str(header["alg"])),
            algorithms=[str(header["alg"])],
            audience=client_id,
            leeway=LEEWAY_SECONDS,
            options={"require": ["iss", "aud", "exp", "iat", "sub"]},
        )
    except jwt.PyJWTError as error:
        raise IdentityError("id_token", type(error).__name__) from None
    if not is_issuer(str(claims["iss"]), claims):
        raise IdentityError("id_token", "issuer is another")
    audience = claims["aud"]
    if claims.get("azp", client_id) != client_id or (
        isinstance(audience, list) and len(audience) > 1 and "azp" not in claims
    ):
        raise IdentityError("id_token", "made for another client")
    if nonce is not None and claims.get("nonce") != nonce:
        raise IdentityError("id_token", "nonce is another")
    return claims


def _key(session: requests.Session, jwks_uri: str, kid: Any, algorithm: str) -> Any:
    """The public key named ``kid``; the keys are fetched again once when the name is new (rotation)."""
    if not jwks_uri:
        raise IdentityError("id_token", "no address of keys is known")
    for fetch in (False, True):
        for key in _key_set(session, jwks_uri, fetch=fetch).keys:
            if key.public_key_use in (None, "sig") and key.key_id == kid and _fits(key, algorithm):
                return key.key
    raise IdentityError("id_token", "signed with an unknown key")


def _fits(key: jwt.PyJWK, algorithm: str) -> bool:
    family = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}[algorithm[:2]]
    return bool(key.key_type == family)


def _key_set(session: requests.Session, jwks_uri: str, *, fetch: bool) -> jwt.PyJWKSet:
    now = time.monotonic()
    with _keys_lock:
        known = _keys.get(jwks_uri)
    if known and not fetch and now - known[0] < _KEYS_SECONDS:
        return known[1]
    answer = http.get(session, jwks_uri)
    answer.raise_for_overload()
    try:
        keys = jwt.PyJWKSet.from_dict(answer.json())
    except jwt.PyJWTError as error:
        raise IdentityError("keys", type(error).__name__, code="keys_invalid") from None
    with _keys_lock:
        _keys[jwks_uri] = (now, keys)
    return keys
