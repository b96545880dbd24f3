"""Checks of an installation that Django does not make. Run by every command, with ``check --deploy`` all of them."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured

from groupware import encryption
from groupware import public_address as addresses

_SECRET_FILES = ("SECRET_KEY_FILE", "GROUPWARE_ENCRYPTION_KEYS_FILE")
_UNSAFE_SOURCES = {"'unsafe-inline'", "'unsafe-eval'", "*", "data:"}


@register(Tags.security)
def encryption_keys(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The key ring can be read."""
    try:
        encryption.key_ring()
    except ImproperlyConfigured as exc:
        return [
            Error(
                str(exc),
                hint="Make a key with: python -m groupware.encryption",
                id="groupware.E001",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def key_material(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Keys are not the secret key in another form, and their files are for the service alone."""
    found: list[CheckMessage] = []
    if settings.DEVELOPMENT:
        found.append(
            Error(
                "GROUPWARE_DEVELOPMENT is set: secrets that everybody knows are accepted.",
                hint="Unset it.",
                id="groupware.E002",
            )
        )
    if settings.SECRET_KEY in settings.ENCRYPTION_KEYS:
        found.append(
            Error(
                "GROUPWARE_ENCRYPTION_KEYS holds SECRET_KEY.",
                hint="Make a key of its own with: python -m groupware.encryption",
                id="groupware.E003",
            )
        )
    files = [os.environ[name] for name in _SECRET_FILES if os.environ.get(name)]
    return found + [message for name in files if (message := _open_file(name))]


def _open_file(name: str) -> CheckMessage | None:
    if Path(name).stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        return Warning(
            f"{name} holds a secret and can be read by other users.",
            hint="chmod 600",
            id="groupware.W004",
        )
    return None


@register(Tags.security)
def content_security_policy(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The policy is sent, and scripts come from ourselves only."""
    if "csp.middleware.CSPMiddleware" not in settings.MIDDLEWARE:
        return [
            Error(
                "The content security policy is not sent.",
                hint="Add CSPMiddleware.",
                id="groupware.E005",
            )
        ]
    sources = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["script-src"]
    if unsafe := _UNSAFE_SOURCES & set(sources):
        return [
            Error(
                f"script-src allows {', '.join(sorted(unsafe))}.",
                hint="Remove it.",
                id="groupware.E006",
            )
        ]
    return []


@register(Tags.caches, deploy=True)
def shared_cache(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Sign-in limits count in the cache: it must be one for all processes."""
    backend = settings.CACHES["default"]["BACKEND"]
    if backend.rpartition(".")[2] in {"DummyCache", "LocMemCache"}:
        return [
            Error(
                "The cache is not shared, so limits on sign-in attempts do not hold.",
                hint="Name a Redis server in REDIS_URL.",
                id="groupware.E007",
            )
        ]
    return []


@register(deploy=True)
def tasks(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A task ends before Redis hands it to another worker, and carries plain data."""
    found: list[CheckMessage] = []
    celery = settings.CELERY
    limit = celery.get("task_time_limit")
    if not limit or celery["broker_transport_options"]["visibility_timeout"] <= 2 * limit:
        found.append(
            Error(
                "The visibility timeout must be more than twice the time limit of tasks.",
                hint="A task that outlives it would run a second time beside itself.",
                id="groupware.E008",
            )
        )
    if celery.get("accept_content") != ["json"]:
        found.append(Error("Workers accept more than JSON.", id="groupware.E009"))
    return found


@register(Tags.security, deploy=True)
def public_address(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """People and authorization servers can come back to the public address."""
    parts = urlsplit(settings.PUBLIC_URL)
    host = parts.hostname or ""
    if parts.path or parts.query or parts.fragment:
        return [
            Error(
                f"PUBLIC_URL is {settings.PUBLIC_URL}; it takes scheme and host only.",
                hint="Leave out what follows the host.",
                id="groupware.E012",
            )
        ]
    if addresses.is_loopback(settings.PUBLIC_URL):
        return [
            Warning(
                f"PUBLIC_URL is {settings.PUBLIC_URL}: nobody but this machine gets there.",
                hint="Give the https address that people use.",
                id="groupware.W010",
            )
        ]
    if not addresses.is_public_name(host):
        return [
            Warning(
                f"{host} in PUBLIC_URL is no public name; Google refuses it as a redirect URI.",
                hint="Use a public name, or let Google mailboxes be authorized by a pasted code.",
                id="groupware.W011",
            )
        ]
    return []
