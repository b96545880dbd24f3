"""The inner entrance: introspection for Dovecot, and the control that tests have."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Flask, Response, jsonify, request

from tests.sandbox.authorization.devices import decide_device, expire_device, forget_device
from tests.sandbox.authorization.directory import Verdict, verdict
from tests.sandbox.authorization.realm import PROTOCOLS, Realm

HEADER = "X-Sandbox-Secret"


def make_inner_app(realms: dict[str, Realm], secret: str, actions: dict[str, Any]) -> Flask:
    """One introspection for all three servers, and POST /control with {"do": name, ...}.

    `actions` are callables of the world beside the authorization servers, by name.
    """
    app = Flask(__name__)
    store = next(iter(realms.values())).store

    @app.post("/introspect/<protocol>/<mailbox>")
    def introspect(protocol: str, mailbox: str) -> Response:
        """RFC 7662. A token is active here only when it opens this mailbox by this protocol."""
        if not _is_right(request.form.get("client_secret"), secret) or protocol not in PROTOCOLS:
            return Response(status=403)
        row = store.access_token(request.form.get("token", ""))
        if row is not None:
            realms[row["realm"]].counters.count(f"introspected_{protocol}")
        if verdict(realms, row, protocol, mailbox) is not Verdict.OPEN:
            return jsonify({"active": False})
        answer = {"active": True, "username": mailbox, "scope": row["scope"]}
        return jsonify(answer | {"client_id": row["client_id"], "exp": int(row["expires_at"])})

    @app.post("/control")
    def control() -> Response:
        if not _is_right(request.headers.get(HEADER), secret):
            return Response(status=403)
        wish = dict(request.get_json())
        name, realm = wish.pop("do"), realms.get(wish.pop("realm", ""))
        try:
            result = actions[name](**wish) if realm is None else _ON_REALM[name](realm, **wish)
        except (LookupError, OSError, TypeError, ValueError) as error:
            response = jsonify({"error": f"{type(error).__name__}: {error}"})
            response.status_code = 400
            return response
        return jsonify({"result": result})

    return app


def _is_right(given: str | None, secret: str) -> bool:
    return secrets.compare_digest((given or "").encode(), secret.encode())


def _set(realm: Realm, **changes: Any) -> dict[str, Any]:
    realm.settings.update(changes)
    return realm.settings.as_dict()


def _reset(realm: Realm) -> None:
    realm.settings = type(realm.settings)(**realm.default_settings)
    realm.faults.clear()
    realm.counters.reset()
    realm.directory.reset()
    client = realm.client
    client.client_secret = realm.default_secret
    client.more_secrets.clear()
    client.expired_secrets.clear()
    client.certificates = dict(realm.default_certificates)


def _allow_redirect(realm: Realm, uri: str) -> None:
    """Registers an exact address, or every address below one that ends in `/`."""
    known = realm.client.redirect_bases if uri.endswith("/") else realm.client.redirect_uris
    if uri not in known:
        known.append(uri)


def _revoke(realm: Realm, address: str) -> int:
    realm.store.forget_consent(realm.key, address)
    return realm.store.revoke_address(realm.key, address)


def _change_secret(realm: Realm, client_secret: str) -> None:
    realm.client.client_secret = client_secret


_ON_REALM: dict[str, Any] = {
    "set": _set,
    "reset": _reset,
    "fault": lambda realm, **fault: realm.faults.add(fault),
    "clear_faults": lambda realm: realm.faults.clear(),
    "counters": lambda realm: realm.counters.as_dict(),
    "reset_counters": lambda realm: realm.counters.reset(),
    "expire": lambda realm, address: realm.store.expire_access_tokens(realm.key, address),
    "revoke": _revoke,
    "forget_consent": lambda realm, address: realm.store.forget_consent(realm.key, address),
    "issue": lambda realm, address, scope, is_offline=True: realm.mint(
        address, scope, is_offline=is_offline
    ),
    "allow_redirect": _allow_redirect,
    "change_secret": _change_secret,
    "add_secret": lambda realm: realm.client.add_secret(),
    "expire_secret": lambda realm, secret: realm.client.expire_secret(secret),
    "remove_secret": lambda realm, secret: realm.client.remove_secret(secret),
    "add_certificate": lambda realm, pem: realm.client.add_certificate(pem),
    "remove_certificate": lambda realm, thumbprint: realm.client.certificates.pop(thumbprint),
    "service_account": lambda realm: realm.service_accounts.make(),
    "remove_service_account": lambda realm, client_email: realm.service_accounts.remove(
        client_email
    ),
    "decide_device": decide_device,
    "expire_device": expire_device,
    "forget_device": forget_device,
    "add_delegate": lambda realm, mailbox, delegate: realm.directory.mailbox(mailbox).delegates.add(
        delegate
    ),
    "remove_delegate": lambda realm, mailbox, delegate: realm.directory.mailbox(
        mailbox
    ).delegates.remove(delegate),
    "answer": lambda realm, address, **answers: realm.directory.answer(address, **answers),
    "switch": lambda realm, address, **switches: realm.directory.switch(address, **switches),
}
