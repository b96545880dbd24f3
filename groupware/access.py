"""Who may open a page of administration, and the refusal that says who has the right.

Views state their rule with a decorator or a mixin; ``function_admin_required`` and its kin, which know the functions,
are in ``groupware.functions.permissions``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

View = Callable[..., HttpResponse]
SYSTEM_ADMINISTRATOR = "system_administrator"


class RefusedError(PermissionDenied):
    """The person lacks a right. ``right`` names it: ``system_administrator`` or the key of a function."""

    def __init__(self, right: str, reason: str = "not_administrator") -> None:
        """``reason`` is ``not_administrator`` or ``switched_off``."""
        super().__init__(f"{reason}: {right}")
        self.right = right
        self.reason = reason


def guard(test: Callable[[Any], None]) -> Callable[[View], View]:
    """A decorator that asks for sign-in and then runs ``test(user)``, which raises RefusedError."""

    def decorate(view: View) -> View:
        @login_required
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            test(request.user)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def check_system_administrator(user: Any) -> None:
    """Raise RefusedError unless ``user`` is a system administrator."""
    if not user.is_system_administrator:
        raise RefusedError(SYSTEM_ADMINISTRATOR)


def system_admin_required(view: View) -> View:
    """Only system administrators may open this view."""
    return guard(check_system_administrator)(view)


class GuardMixin(LoginRequiredMixin):
    """Base of the mixins for class-based views: ask for sign-in, then for the right."""

    def check_access(self, user: Any) -> None:
        """Raise RefusedError unless ``user`` may open the view."""
        raise NotImplementedError

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated:
            self.check_access(request.user)
        return super().dispatch(request, *args, **kwargs)


class SystemAdministratorMixin(GuardMixin):
    """Only system administrators may open this view."""

    def check_access(self, user: Any) -> None:
        check_system_administrator(user)
