"""What tests can change in a running authorization server."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field, fields
from typing import Any

STRICT, TOLERANT, NONE = "strict", "tolerant", "none"
"""Refresh tokens: a new one each time and the old one is dead and watched; a new one each time
and the old one goes on working; never a new one."""


@dataclass
class RealmSettings:
    """Times are in seconds, lengths in characters.

    `id_token` replaces claims of the next ID tokens (None takes a claim out), for example
    `{"aud": "somebody-else"}`; `is_id_token_forged` signs them with a key nobody published.
    `application_permissions` are what an administrator has given to the application itself, and
    `application_mailboxes` the mailboxes it may open (None: all of the tenant).
    `domain_wide_delegation`: service accounts may speak for everybody of the domain.
    `slows_down`: hasty polls for a device code are told so (RFC 8628 section 3.5).
    `redirect_error` is sent back to the client in place of a code, for example
    `{"error": "server_error"}`.
    """

    access_token_seconds: int = 120
    access_token_length: int = 1200
    rotation: str = STRICT
    omit_refresh_token: bool = False
    omit_scope: bool = False
    omit_expires_in: bool = False
    omit_id_token: bool = False
    id_token: dict[str, Any] = field(default_factory=dict)
    is_id_token_forged: bool = False
    issuer_in_redirect: str | None = None
    device_interval: int = 5
    device_seconds: int = 900
    slows_down: bool = True
    application_permissions: list[str] = field(
        default_factory=lambda: ["IMAP.AccessAsApp", "POP.AccessAsApp", "SMTP.SendAsApp"]
    )
    application_mailboxes: list[str] | None = None
    domain_wide_delegation: bool = True
    redirect_error: dict[str, str] | None = None

    def update(self, changes: dict[str, Any]) -> None:
        """Sets several values. ValueError names one that does not exist."""
        known = {item.name for item in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise ValueError(f"There is no setting {name}.")
            setattr(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class FaultQueue:
    """Faults wait here until a request meets them; each is used as often as its `times` says."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[dict[str, Any]] = []

    def add(self, fault: dict[str, Any]) -> None:
        with self._lock:
            self._waiting.append({"endpoint": "token", "times": 1, **fault})

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def take(self, endpoint: str, grant_type: str | None) -> dict[str, Any] | None:
        """The first waiting fault for this endpoint (and grant type, when it names one)."""
        with self._lock:
            for fault in self._waiting:
                if fault["endpoint"] != endpoint:
                    continue
                if fault.get("grant_type") not in (None, grant_type):
                    continue
                fault["times"] -= 1
                if fault["times"] <= 0:
                    self._waiting.remove(fault)
                return dict(fault)
        return None


class Counters:
    """How often something was asked, and the token requests one by one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._requests: list[dict[str, Any]] = []

    def count(self, name: str) -> None:
        with self._lock:
            self._counts[name] += 1

    def note(self, **facts: Any) -> None:
        """Remembers one token request: grant type, status, error, address, when."""
        with self._lock:
            self._requests.append({"at": time.time(), **facts})

    def reset(self) -> None:
        with self._lock:
            self._counts.clear()
            self._requests.clear()

    def as_dict(self) -> dict[str, Any]:
        with self._lock:
            return {"counts": dict(self._counts), "requests": list(self._requests)}
