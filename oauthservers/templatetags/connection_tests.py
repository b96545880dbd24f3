"""The last test of an authorization server, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass

from django import template

from oauthservers import diagnosis, findings
from oauthservers.error_messages import advise
from oauthservers.models import AuthorizationServer

register = template.Library()


@dataclass(frozen=True)
class Test:
    """What ``_checks.html`` draws."""

    checks: list[findings.Check]
    is_running: bool
    has_no_worker: bool


@register.simple_tag
def connection_reason(server: AuthorizationServer) -> str:
    """Why the last test failed, in one sentence; empty when it did not."""
    code = server.connection_error_code
    return advise(code, server=server.name).headline if code else ""


@register.simple_tag
def connection_test(server: AuthorizationServer) -> Test:
    """The steps known so far, and those that a running test still takes."""
    is_running = diagnosis.is_running(server)
    done = {row["step"] for row in server.connection_checks}
    steps = diagnosis.steps_of(server)
    awaited = [step for step in steps if step not in done] if is_running else []
    return Test(
        findings.shown(server.connection_checks, server.name, awaited),
        is_running,
        diagnosis.has_no_worker(server),
    )
