"""The only writer of the audit log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models

from groupware import logs, many_rows
from groupware.audit import registry
from groupware.audit.middleware import client_address, current_request
from groupware.audit.models import AuditEvent


def record(
    name: str,
    *,
    actor: Any = None,
    target: models.Model | None = None,
    details: dict[str, Any] | None = None,
) -> AuditEvent:
    """Write one event and return it.

    ``actor`` is the person who acts; left out, it is the person of the current request, and nobody in a task.
    ``details`` holds small facts as JSON: never message text, never a secret (what looks like one is masked).
    Raises LookupError for a name that no app registered.
    """
    event = _blank(name, actor)
    event.details = logs.masked(details or {})
    if target is not None:
        _point_at(event, target)
    event.save()
    return event


def record_each(
    name: str, targets: Iterable[tuple[models.Model, dict[str, Any]]], *, actor: Any = None
) -> int:
    """Write one event for each target with its details, as ``record`` would, in few statements; return how many."""
    common = _blank(name, actor)
    masked: dict[str, Any] = {}  # of thousands most have the same details
    events = []
    for target, details in targets:
        key = repr(details)
        if key not in masked:
            masked[key] = logs.masked(details)
        event = AuditEvent(name=name, details=masked[key])
        for column in ("at", "actor_id", "actor_label", "address", "request_id"):
            setattr(event, column, getattr(common, column))
        _point_at(event, target)
        events.append(event)
    many_rows.insert(events, ("target_type", "target_id", "target_label", "details"))
    return len(events)


def _blank(name: str, actor: Any) -> AuditEvent:
    if not registry.is_registered(name):
        raise LookupError(f"{name!r} is not registered; add it to the app's audit_events.py.")
    request = current_request()
    if actor is None and request is not None:
        actor = request.user if request.user.is_authenticated else None
    return AuditEvent(
        name=name,
        actor=actor,
        actor_label=actor.get_username() if actor else "",
        address=_address(request),
        request_id=logs.request_id.get(),
    )


def _point_at(event: AuditEvent, target: models.Model) -> None:
    event.target_type = target._meta.label_lower
    event.target_id = str(getattr(target, "public_id", target.pk))
    event.target_label = str(target)[:255]


def _address(request: Any) -> str | None:
    if request is None:
        return None
    try:
        return client_address(request)
    except (
        PermissionDenied
    ):  # a header that names no address; the event matters more than where it came from
        return None
