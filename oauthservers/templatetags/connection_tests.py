"""The last test of an authorization server, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django import template

from oauthservers import diagnosis, findings
from oauthservers.models import AuthorizationServer

register = template.Library()


@dataclass(frozen=True)
class Test:
    """What ``_checks.html`` draws. ``reason`` is why it failed, in one sentence."""

    checks: list[findings.Check]
    is_running: bool
    checked_at: datetime | None
    reason: str = ""


@register.simple_tag
def connection_test(server: AuthorizationServer) -> Test:
    """The steps known so far, and those that a running test still takes."""
    is_running = diagnosis.is_running(server)
    done = {row["step"] for row in server.connection_checks}
    steps = diagnosis.steps_of(server)
    awaited = [step for step in steps if step not in done] if is_running else []
    failed = [
        findings.Finding(**row)
        for row in server.connection_checks
        if row["state"] == findings.FAILED
    ]
    return Test(
        findings.shown(server.connection_checks, server.name, awaited),
        is_running,
        server.connection_checked_at,
        findings.explanation(failed[0], server.name) if failed else "",
    )
