"""ID tokens (OpenID Connect Core section 2), right or deliberately wrong."""

from __future__ import annotations

import time
from typing import Any

from authlib.oidc.core.grants import OpenIDCode
from authlib.oidc.core.grants.util import create_half_hash
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.sandbox.authorization.realm import Realm


class IdToken(OpenIDCode):
    """Adds an ID token to every token answer whose scope holds `openid`."""

    def __init__(self, realm: Realm) -> None:
        super().__init__()
        self.realm = realm

    def exists_nonce(self, nonce: str, request: Any) -> bool:
        return False

    def encode_id_token(self, token: dict[str, Any], request: Any) -> str:
        now, settings, person = int(time.time()), self.realm.settings, request.user
        claims = {
            "iss": self.realm.issuer(person),
            "aud": request.client.client_id,
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            **self.realm.user_info(person, token["scope"]),
        }
        if request.authorization_code:
            claims |= self.get_authorization_code_claims(request.authorization_code)
        half_hash = create_half_hash(token["access_token"], "RS256")
        if half_hash is not None:
            claims["at_hash"] = half_hash.decode()
        for name, value in settings.id_token.items():
            claims[name] = value
            if value is None:
                del claims[name]
        key = self.realm.signing_key
        header = {"alg": "RS256", "typ": "JWT", "kid": key.kid}
        if settings.is_id_token_forged:
            key = RSAKey.generate_key(2048)
        return jwt.encode(header, claims, key, ["RS256"])
