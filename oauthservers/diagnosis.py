"""The connection test of an authorization server, step by step: from its name to a client that it accepts.

Each step needs the one before; after the first failure the rest is left out. No person signs in and no mailbox is
touched: a failed test is a matter of the server, never of a connection. What the server tells about itself on the way
is kept, so a successful test also fills in the endpoints. The result lies on the server's row, step by step while the
test runs, and tests of servers in use are repeated by themselves.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from groupware.audit.record import record
from oauthservers.connection_steps import ConnectionSteps
from oauthservers.errors import OAuthError
from oauthservers.findings import FAILED, NOT_TESTED, TROUBLE, WORKS, Finding
from oauthservers.models import AuthorizationServer

STEPS = ("name", "connection", "certificate", "server_name", "metadata", "keys", "client")
#: A test that has not ended by then has died with its worker.
LONGEST = timedelta(minutes=3)
_TAKEN_WITHIN = timedelta(seconds=20)
REPEAT_WORKING, REPEAT_FAILED = timedelta(hours=1), timedelta(minutes=10)

MailboxCheck = Callable[[AuthorizationServer, str, str], Iterable[Finding]]
_mailbox_checks: list[MailboxCheck] = []


def register_mailbox_check(check: MailboxCheck) -> None:
    """Let ``check(server, mailbox_address, access_token)`` try an application token at the mail servers."""
    if check not in _mailbox_checks:
        _mailbox_checks.append(check)


def steps_of(server: AuthorizationServer) -> tuple[str, ...]:
    """The steps that a test of ``server`` takes."""
    device = ("device",) if server.offers_device_code else ()
    application = (
        ("application",) if server.access == AuthorizationServer.Access.APPLICATION else ()
    )
    return (*STEPS, *device, *application)


# -- running ---------------------------------------------------------------------------------------


def claim(server: AuthorizationServer) -> bool:
    """Say that a test of ``server`` begins; False while one is running. Whoever claims must run it."""
    now = timezone.now()
    free = Q(connection_test_started_at=None) | Q(connection_test_started_at__lt=now - LONGEST)
    return bool(
        AuthorizationServer.objects.filter(free, pk=server.pk).update(
            connection_test_started_at=now, connection_checks=[]
        )
    )


def give_back(server: AuthorizationServer) -> None:
    """A test that was claimed does not begin after all."""
    AuthorizationServer.objects.filter(pk=server.pk).update(connection_test_started_at=None)


def is_running(server: AuthorizationServer) -> bool:
    """Whether a test has begun and can still end."""
    began = server.connection_test_started_at
    return began is not None and began > timezone.now() - LONGEST


def has_no_worker(server: AuthorizationServer) -> bool:
    """Whether a test was announced a while ago and nobody has taken its first step."""
    began = server.connection_test_started_at
    waits = began is not None and began < timezone.now() - _TAKEN_WITHIN
    return is_running(server) and waits and not server.connection_checks


def is_due(server: AuthorizationServer) -> bool:
    """Whether the last test is too old. Servers differ by a few minutes, so that not all are asked at once."""
    if is_running(server):
        return False
    if server.connection_checked_at is None:
        return True
    has_failed = server.connection_state == AuthorizationServer.Connection.FAILED
    wait = REPEAT_FAILED if has_failed else REPEAT_WORKING
    return bool(
        server.connection_checked_at
        < timezone.now() - wait + timedelta(seconds=server.pk * 37 % 300)
    )


def run(
    server: AuthorizationServer, *, mailbox: str = "", is_routine: bool = False
) -> list[Finding]:
    """Test the server now; each step is on its row as soon as it is done.

    ``mailbox`` is one address at which a token for application access is tried. ``is_routine``: nobody pressed a
    button, so only a change of state is recorded. What the steps meet is a result and never raised.
    """
    rows = AuthorizationServer.objects.filter(pk=server.pk)
    findings: list[Finding] = []
    try:
        for finding in _findings(server, mailbox):
            findings.append(finding)
            rows.update(connection_checks=[known.stored() for known in findings])
    finally:
        rows.update(connection_test_started_at=None)
    _write(server, findings, is_routine=is_routine)
    return findings


def _findings(server: AuthorizationServer, mailbox: str) -> Iterator[Finding]:
    steps = steps_of(server)
    try:
        test = ConnectionSteps(server, mailbox)
    except (
        OAuthError
    ) as refusal:  # its client secret does not open, or its CA certificates cannot be read
        yield Finding(steps[0], FAILED, refusal.code, str(refusal))
        yield from (Finding(step, NOT_TESTED) for step in steps[1:])
        return
    has_failed = False
    for step in steps:
        finding = Finding(step, NOT_TESTED) if has_failed else _tried(step, getattr(test, step))
        has_failed = has_failed or finding.state == FAILED
        yield finding
    if test.access_token and mailbox:
        for check in _mailbox_checks:
            yield from check(server, mailbox, test.access_token)


def _tried(step: str, act: Callable[[], tuple[str, str]]) -> Finding:
    started = time.monotonic()
    try:
        code, detail = act()
        state = NOT_TESTED if code.startswith("not_") else WORKS
        state = TROUBLE if code in {"client_by_second", "ends_soon"} else state
    except OAuthError as failure:
        code, detail, state = failure.code, str(failure), FAILED
    except ssl.SSLError as failure:
        code, detail, state = "tls_failed", type(failure).__name__, FAILED
    return Finding(step, state, code, detail, round((time.monotonic() - started) * 1000) or 1)


def _write(server: AuthorizationServer, findings: list[Finding], *, is_routine: bool) -> None:
    own = set(
        steps_of(server)
    )  # what a mail server said of one mailbox is no matter of this server
    faults = (finding for finding in findings if finding.state == FAILED and finding.step in own)
    failed = next(faults, None)
    states = AuthorizationServer.Connection
    state = states.FAILED if failed else states.CONNECTED
    result = {
        "connection_state": state,
        "connection_checked_at": timezone.now(),
        "connection_error_code": failed.code if failed else "",
    }
    has_changed = (server.connection_state, server.connection_error_code) != (
        state,
        result["connection_error_code"],
    )
    AuthorizationServer.objects.filter(pk=server.pk).update(**result)
    if has_changed or not is_routine:
        record(
            "oauthservers.server.tested",
            target=server,
            details={"state": state, "error": result["connection_error_code"]},
        )
