"""Rights over functions: who may use one, who looks after it. Used as decorators or as mixins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from groupware.access import (
    GuardMixin,
    RefusedError,
    SystemAdministratorMixin,
    View,
    guard,
    system_admin_required,
)
from groupware.functions import registry
from groupware.functions.models import FunctionAdministrator

__all__ = [
    "FunctionAdministratorMixin",
    "FunctionMixin",
    "RefusedError",
    "SystemAdministratorMixin",
    "administered_functions",
    "administers",
    "function_admin_required",
    "function_required",
    "system_admin_required",
]


def administers(user: Any, key: str) -> bool:
    """Whether ``user`` looks after the function: appointed, or a system administrator."""
    if not user.is_authenticated or not user.is_active:
        return False
    return bool(
        user.is_system_administrator
        or FunctionAdministrator.objects.filter(key=key, user=user).exists()
    )


def administered_functions(
    user: Any, functions: Sequence[registry.GroupwareFunction] | None = None
) -> list[registry.GroupwareFunction]:
    """Those of ``functions`` (all that are switched on) with administration screens that ``user`` looks after."""
    offered = registry.enabled() if functions is None else functions
    offered = [function for function in offered if function.administration_pages]
    if user.is_system_administrator or not offered:
        return offered
    keys = set(FunctionAdministrator.objects.filter(user=user).values_list("key", flat=True))
    return [function for function in offered if function.key in keys]


def _check_administrator(key: str) -> Callable[[Any], None]:
    def check(user: Any) -> None:
        if not administers(user, key):
            raise RefusedError(key)

    return check


def _check_enabled(key: str) -> Callable[[Any], None]:
    def check(user: Any) -> None:
        if not registry.is_enabled(key):
            raise RefusedError(key, "switched_off")

    return check


def function_admin_required(key: str) -> Callable[[View], View]:
    """Only administrators of the function ``key`` may open the view."""
    return guard(_check_administrator(key))


def function_required(key: str) -> Callable[[View], View]:
    """Only people who are signed in may open the view, and only while the function is switched on."""
    return guard(_check_enabled(key))


class FunctionAdministratorMixin(GuardMixin):
    """Only administrators of ``function_key`` may open this view."""

    function_key: str

    def check_access(self, user: Any) -> None:
        _check_administrator(self.function_key)(user)


class FunctionMixin(GuardMixin):
    """Only people who are signed in, and only while ``function_key`` is switched on."""

    function_key: str

    def check_access(self, user: Any) -> None:
        _check_enabled(self.function_key)(user)
