"""How a function such as webmail joins the groupware.

An app describes itself once, in ``AppConfig.ready()``::

    registry.register(GroupwareFunction(key="webmail", label=_("Webmail"), icon="mail", home_url_name="webmail:home", …))

Screens are known by URL name only, so the groupware never imports the app.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from groupware import health, provision
from groupware.functions.models import FunctionSwitch


@dataclass(frozen=True)
class Page:
    """One entry of a menu: a screen by its URL name, which must take no arguments."""

    label: Any
    url_name: str
    description: Any = ""


@dataclass(frozen=True, kw_only=True)
class GroupwareFunction:
    """A function of the groupware.

    ``home_url_name`` may be empty for what has no screen of its own for everybody (authorization servers).
    ``badge`` returns the number on the function's icon for a person, 0 for none. ``digest`` returns sentences about
    what waits for this person as an administrator of the function, none for anybody else.
    """

    key: str
    label: Any
    icon: str
    home_url_name: str = ""
    description: Any = ""
    settings_pages: Sequence[Page] = ()
    administration_pages: Sequence[Page] = ()
    system_pages: Sequence[Page] = ()
    badge: Callable[[Any], int] | None = None
    digest: Callable[[Any], list[str]] | None = None
    health: Callable[[], list[health.HealthCheck]] | None = None
    provisioning: Sequence[provision.Section] = ()


_functions: dict[str, GroupwareFunction] = {}


def register(function: GroupwareFunction) -> None:
    """Add a function. Raise ValueError when its key is already taken by another one."""
    if function.key in _functions:
        raise ValueError(f"The function {function.key!r} is registered twice.")
    _functions[function.key] = function
    for section in function.provisioning:
        provision.register(section)
    if function.health:
        health.register_details(function.health)


def get(key: str) -> GroupwareFunction:
    """The function with this key; raise LookupError for an unknown one."""
    return _functions[key]


def all_functions() -> list[GroupwareFunction]:
    """Every function, in the order of registration."""
    return list(_functions.values())


def switchable() -> list[GroupwareFunction]:
    """Functions with a screen for everybody, which a system administrator may switch off."""
    return [function for function in _functions.values() if function.home_url_name]


def enabled() -> list[GroupwareFunction]:
    """Every function that is not switched off."""
    off = set(FunctionSwitch.objects.filter(is_enabled=False).values_list("key", flat=True))
    return [function for function in _functions.values() if function.key not in off]


def is_enabled(key: str) -> bool:
    """Whether the function exists and is not switched off."""
    return (
        key in _functions and not FunctionSwitch.objects.filter(key=key, is_enabled=False).exists()
    )
