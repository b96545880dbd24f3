"""The device authorization grant (RFC 8628): the endpoint and the page where the code is typed."""

from __future__ import annotations

import time
from typing import Any

from authlib.oauth2.rfc8628 import DeviceAuthorizationEndpoint
from flask import Response, request

from tests.sandbox.authorization.pages import Pages
from tests.sandbox.authorization.realm import Realm
from tests.sandbox.authorization.server import SandboxServer
from tests.sandbox.people import Person


class DeviceEndpoint(DeviceAuthorizationEndpoint):
    """Hands out device codes; `verification_path` is where the person types the user code."""

    verification_path = "/device"

    def __init__(self, server: SandboxServer) -> None:
        super().__init__(server)
        self.realm: Realm = server.realm

    def get_verification_uri(self) -> str:
        return self.realm.base_url + self.verification_path

    def create_endpoint_response(self, request: Any) -> tuple[int, Any, Any]:
        self.EXPIRES_IN = self.realm.settings.device_seconds
        self.INTERVAL = self.realm.settings.device_interval
        return super().create_endpoint_response(request)

    def save_device_credential(self, client_id: str, scope: str, data: dict[str, Any]) -> None:
        self.realm.store.insert(
            "devices",
            device_code=data["device_code"],
            user_code=data["user_code"],
            realm=self.realm.key,
            client_id=client_id,
            scope=scope,
            expires_at=time.time() + data["expires_in"],
            interval=data["interval"],
        )


def device_page(pages: Pages) -> Response:
    """Type the code, sign in, agree. Fields: `user_code`, and those of `pages`."""
    realm, form = pages.realm, request.form
    user_code = (form.get("user_code") or request.args.get("user_code", "")).strip().upper()
    device = realm.store.one(
        "SELECT * FROM devices WHERE user_code = ? AND realm = ? AND expires_at > ? "
        "AND is_approved IS NULL",
        user_code,
        realm.key,
        time.time(),
    )
    if device is None:
        problem = "This code is unknown, was used or is too old." if form.get("user_code") else ""
        return pages.page("device.html", user_code=user_code, problem=problem)
    person, problem = None, ""
    if form.get("action") == "sign_in":
        person, problem = pages.signed_in(form.get("email", ""), form.get("password", ""))
    elif form.get("account"):
        person = pages.remembered(form["account"])
    if form.get("action") == "cancel":
        return _decide(pages, device, person, is_approved=False)
    if person is None:
        email = form.get("email", "")
        return pages.page("sign_in.html", email=email, problem=problem, user_code=user_code)
    if form.get("action") == "accept":
        return _decide(pages, device, person, is_approved=True)
    return pages.page(
        "consent.html",
        person=person,
        wishes=pages.wishes(device["scope"]),
        client=realm.client,
        user_code=user_code,
    )


def decide_device(realm: Realm, user_code: str, address: str, is_approved: bool) -> None:
    """What a person has said to a code. LookupError for an unknown code or person."""
    device = realm.store.one(
        "SELECT * FROM devices WHERE user_code = ? AND realm = ?", user_code, realm.key
    )
    person = realm.person(address) if is_approved else None
    if device is None or (is_approved and person is None):
        raise LookupError(f"There is no code {user_code}, or nobody signs in as {address}.")
    realm.store.change(
        "UPDATE devices SET is_approved = ?, address = ? WHERE user_code = ?",
        is_approved,
        person.address if person else "",
        user_code,
    )
    if person is not None:
        realm.store.consent(realm.key, device["client_id"], person.address, device["scope"])


def expire_device(realm: Realm, user_code: str) -> None:
    realm.store.change(
        "UPDATE devices SET expires_at = ? WHERE user_code = ?", time.time() - 1, user_code
    )


def forget_device(realm: Realm, user_code: str) -> None:
    realm.store.change("DELETE FROM devices WHERE user_code = ?", user_code)


def _decide(
    pages: Pages, device: dict[str, Any], person: Person | None, *, is_approved: bool
) -> Response:
    address = person.address if person else ""
    decide_device(pages.realm, device["user_code"], address, is_approved)
    return pages.page("device_done.html", is_approved=is_approved)
