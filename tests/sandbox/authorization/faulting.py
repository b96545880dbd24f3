"""Turns a queued fault into what a client sees on the wire."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

from flask import Response, jsonify, request

from tests.sandbox.authorization.realm import Realm

_PAGE = "<!doctype html><title>Service unavailable</title><h1>Service unavailable</h1>"


def answered(realm: Realm, endpoint: str, answer: Callable[[], Response]) -> Response:
    """The answer of an endpoint, spoiled by the next fault that waits for it.

    Kinds of fault: `error` (error, description, status, extra, and number
    at the Microsoft-shaped server), `page` (status, body,
    content_type, headers), `throttle` (retry_after), `hang` (seconds, then goes on), `drop`
    (closes without processing), `drop_after` (processes, then closes).
    """
    realm.counters.count(endpoint)
    fault = realm.faults.take(endpoint, request.form.get("grant_type"))
    kind = fault["kind"] if fault else ""
    if fault is not None and kind in _SUBSTITUTES:
        realm.counters.note(
            grant_type=request.form.get("grant_type", ""), status=0, error=kind, address=""
        )
        return _SUBSTITUTES[kind](realm, fault)
    if fault is not None and kind == "hang":
        time.sleep(float(fault.get("seconds", 5)))
    response = answer()
    if kind == "drop_after":
        _hang_up()
    return response


def _error(realm: Realm, fault: dict[str, Any]) -> Response:
    body = {"error": fault.get("error", "server_error")}
    if fault.get("description"):
        body["error_description"] = fault["description"]
    if fault.get("number"):
        body["number"] = fault["number"]
    default = 401 if body["error"] == "invalid_client" else 400
    status, body = realm.shape_error(fault.get("status", default), body)
    response = jsonify(body | fault.get("extra", {}))
    response.status_code = status
    return response


def _page(realm: Realm, fault: dict[str, Any]) -> Response:
    return Response(
        fault.get("body", _PAGE),
        status=fault.get("status", 503),
        content_type=fault.get("content_type", "text/html; charset=utf-8"),
        headers=fault.get("headers", {}),
    )


def _throttle(realm: Realm, fault: dict[str, Any]) -> Response:
    response = jsonify({"error": "temporarily_unavailable"})
    response.status_code = 429
    response.headers["Retry-After"] = str(fault.get("retry_after", 30))
    return response


def _drop(realm: Realm, fault: dict[str, Any]) -> Response:
    _hang_up()
    return Response()


def _hang_up() -> None:
    request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)


_SUBSTITUTES = {"error": _error, "page": _page, "throttle": _throttle, "drop": _drop}
