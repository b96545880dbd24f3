"""Whether the page is open under the address that the installation is configured for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template

from groupware import public_address as addresses

register = template.Library()


@dataclass(frozen=True)
class Difference:
    """Both addresses, and this page under the configured one."""

    seen: str
    configured: str
    here: str


@register.simple_tag(takes_context=True)
def address_difference(context: Any) -> Difference | None:
    """Both addresses when they differ; None when all is well or there is no request to ask."""
    request = context.get("request")
    if request is None or not addresses.differs(request):
        return None
    return Difference(
        addresses.browser_address(request), addresses.configured_address(), addresses.here(request)
    )
