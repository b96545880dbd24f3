"""What is asked many times while one page is made, and answered once.

A page asks at every turn which accounts the person may read. The answer may change from page to page, so it lives as
long as the request; and requests that change something remember nothing, for they may change just that.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

from groupware.audit.middleware import current_request

_Answer = TypeVar("_Answer")


def is_possible() -> bool:
    """Whether a page is being made that changes nothing."""
    request = current_request()
    return request is not None and request.method in {"GET", "HEAD"}


def remembered(key: Hashable, find: Callable[[], _Answer]) -> _Answer:
    """What ``find`` gives, asked once for each ``key`` and request; each time outside of such a request."""
    if not is_possible():
        return find()
    request = current_request()
    answers: dict[Hashable, _Answer] = request.__dict__.setdefault("_remembered", {})
    if key not in answers:
        answers[key] = find()
    return answers[key]
