"""Liveness and readiness.

``/livez`` says that the process answers, without asking anything else. ``/readyz`` says whether it can do its work:
database (read and write), Redis, migrations, encryption key, disk. Mail and authorization servers never make the
installation unready: they are other people's, and what is stored here stays readable without them.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from groupware import encryption

logger = logging.getLogger(__name__)
_migrations_are_applied = False


@dataclass(frozen=True)
class HealthCheck:
    """One line of the state of the installation, for administrators."""

    name: str
    is_healthy: bool
    detail: str = ""


_details: list[Callable[[], list[HealthCheck]]] = []


def register_details(checks: Callable[[], list[HealthCheck]]) -> None:
    """Add lines to the administrators' page; they say nothing about readiness."""
    if checks not in _details:
        _details.append(checks)


# What administrators read for the names and states of readiness; a state that is missing here needs no more words.
_LABELS: dict[str, Any] = {
    "database": _("Database"),
    "redis": _("Redis (cache and task queue)"),
    "migrations": _("Database schema"),
    "encryption_key": _("Encryption keys"),
    "disk": _("Disk space"),
}
_WORDS: dict[str, Any] = {
    "failed": _("Does not answer or cannot be read. The log of this process says why."),
    "written row not found": _("What was written could not be read back."),
    "written key not found": _("What was written could not be read back."),
    "not applied": _("The schema is older than the program. Run the migrations."),
    "less than 5 % free": _("Less than 5 percent of the disk is free."),
}


def details() -> list[HealthCheck]:
    """Readiness in the reader's language and everything the apps registered."""
    lines = [
        HealthCheck(str(_LABELS[name]), state == "ok", str(_WORDS.get(state, "")))
        for name, state in readiness().items()
    ]
    return lines + [line for checks in _details for line in checks()]


def _database() -> str:
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    with transaction.atomic():
        probe = Session(session_key="readiness-probe", session_data="", expire_date=timezone.now())
        probe.save()
        found = Session.objects.filter(session_key=probe.session_key).exists()
        transaction.set_rollback(True)
    return "ok" if found else "written row not found"


def _cache() -> str:
    cache.set("readiness-probe", "1", 5)
    return "ok" if cache.get("readiness-probe") == "1" else "written key not found"


def _migrations() -> str:
    global _migrations_are_applied
    if not _migrations_are_applied:
        from django.db.migrations.executor import MigrationExecutor

        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return "not applied"
        _migrations_are_applied = True
    return "ok"


def _encryption_key() -> str:
    encryption.key_ring()
    return "ok"


def _disk() -> str:
    usage = shutil.disk_usage(settings.DATA_DIR if settings.DATA_DIR.exists() else "/")
    return "ok" if usage.free > usage.total * 0.05 else "less than 5 % free"


CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "redis": _cache,
    "migrations": _migrations,
    "encryption_key": _encryption_key,
    "disk": _disk,
}


def readiness() -> dict[str, str]:
    """Return each check with ``ok`` or what is wrong, without addresses, names or texts of exceptions."""
    states = {}
    for name, check in CHECKS.items():
        try:
            states[name] = check()
        except (DatabaseError, redis.RedisError, OSError, ImproperlyConfigured) as exc:
            logger.warning("Readiness check failed: %s", name, exc_info=exc)
            states[name] = "failed"
    return states


class HealthMiddleware:
    """Answers before host names are checked and before plain HTTP is redirected: probes come from the inside."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        if request.path == "/livez":
            return self._answer({"status": "alive"}, 200)
        if request.path == "/readyz":
            states = readiness()
            is_ready = all(state == "ok" for state in states.values())
            return self._answer(
                {"status": "ready" if is_ready else "not ready", "checks": states},
                200 if is_ready else 503,
            )
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Without Redis the limits on attempts cannot be counted, so what needs them waits (CVE-2021-41177)."""
        if not isinstance(exception, redis.RedisError):
            return None
        logger.error("Redis does not answer.", exc_info=exception)
        response = render(request, "503.html", status=503)
        response.headers["Retry-After"] = "30"
        return response

    def _answer(self, body: dict[str, Any], status: int) -> HttpResponse:
        return JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})
