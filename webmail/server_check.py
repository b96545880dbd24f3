"""Does a mail server answer as it is registered? Name, connection, greeting with encryption; nobody signs in."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from webmail import connections, remedies
from webmail.error_messages import RECEIVE, SEND, advise
from webmail.failures import Known, classify
from webmail.models import MailServer
from webmail.protocols.errors import MailServerError
from webmail.protocols.types import Endpoint

_SECONDS = 5.0  # for each wait: somebody looks at the page


@dataclass(frozen=True)
class Check:
    """One step as the check list draws it."""

    name: str
    state: str
    word: str
    remedy: str = ""
    detail: str = ""
    duration: str = ""


def check(server: MailServer) -> list[Check]:
    """Try the steps in order; after the first failure the rest is left out."""
    direction = SEND if server.protocol == MailServer.Protocol.SMTP else RECEIVE
    endpoints: list[Endpoint] = []

    def name() -> str:
        found = connections.endpoint_of(server)
        endpoints.append(replace(found, connect_timeout=_SECONDS, read_timeout=_SECONDS))
        return ", ".join(found.addresses)

    def connection() -> str:
        connections.probe(endpoints[0])
        return f"{server.host}:{server.port}"

    def greeting() -> str:
        return connections.greeting(endpoints[0], server.protocol)

    steps: list[tuple[str, Callable[[], str]]] = [
        (_("Name of the server"), name),
        (_("Connection with TLS") if server.security == "tls" else _("Connection"), connection),
        (_("STARTTLS and greeting") if server.security == "starttls" else _("Greeting"), greeting),
    ]
    checks: list[Check] = []
    for label, step in steps:
        if checks and checks[-1].state != "active":
            checks.append(Check(label, "off", _("Not tested")))
        else:
            checks.append(_tried(label, step, direction, server.name))
    return checks


def _tried(label: str, step: Callable[[], str], direction: str, server: str) -> Check:
    began = time.monotonic()
    try:
        detail = step()
    except Known as error:
        failure = classify(error)
        advice = advise(failure.code, direction, failure.health)
        said = error.message if isinstance(error, MailServerError) else ""
        return Check(
            label,
            "act",
            _("Failed"),
            remedy=" ".join([advice.headline, *remedies.steps(failure.code, server=server)]),
            detail=" ".join(filter(None, (failure.code, said, failure.server_text))),
            duration=_took(began),
        )
    return Check(label, "active", _("Works"), detail=detail, duration=_took(began))


def _took(began: float) -> str:
    return _("%(milliseconds)d ms") % {"milliseconds": round((time.monotonic() - began) * 1000)}
