"""The userinfo endpoint (OpenID Connect Core section 5.3)."""

from __future__ import annotations

from flask import Response, jsonify, request

from tests.sandbox.authorization.realm import Realm


def userinfo(realm: Realm) -> Response:
    """Claims about the owner of the bearer token, or 401 with the challenge of RFC 6750."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    row = realm.store.access_token(token) if scheme.lower() == "bearer" else None
    person = realm.person(row["address"]) if row and row["realm"] == realm.key else None
    if row is None or person is None or "openid" not in row["scope"].split():
        response = jsonify({"error": "invalid_token"})
        response.status_code = 401
        response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        return response
    return jsonify(realm.user_info(person, row["scope"]))
