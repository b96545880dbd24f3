"""A guide with the values of this installation filled in."""

from __future__ import annotations

from typing import Any

from django import template

from oauthservers import guides
from oauthservers.guides import facts
from oauthservers.models import AuthorizationServer

register = template.Library()


@register.inclusion_tag("oauthservers/_guide_folded.html")
def guide(key: str, server: AuthorizationServer | None = None) -> dict[str, Any]:
    """The guide ``key``, folded, for beside a form; nothing for a key without one."""
    return {"guide": guides.GUIDES.get(key), "server": server or None}


@register.simple_tag
def guide_key(server: AuthorizationServer) -> str:
    """The key of the guide that fits a registered server."""
    return guides.key_for(server)


@register.simple_tag
def step_facts(
    step: guides.Step, guide: guides.Guide, server: AuthorizationServer | None = None
) -> list[facts.Fact]:
    """What is copied from here to the console in this step."""
    return facts.facts(step.copies, guide.key, server or None)
