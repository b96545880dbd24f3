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


def _decide(
    pages: Pages, device: dict[str, Any], person: Person | None, *, is_approved: bool
) -> Response:
    store, address = pages.realm.store, person.address if person else ""
    store.change(
        "UPDATE devices SET is_approved = ?, address = ? WHERE device_code = ?",
        is_approved,
        address,
        device["device_code"],
    )
    if is_approved:
        store.consent(pages.realm.key, device["client_id"], address, device["scope"])
    return pages.page("device_done.html", is_approved=is_approved)
