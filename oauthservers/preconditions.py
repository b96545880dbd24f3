"""What must be true before anybody can authorize a mailbox, found out by asking: addresses, clock, firewall, workers.

Everything is bounded: the servers are asked side by side, and who has not answered within ``LONGEST_SECONDS`` has not
answered. An installation without the internet gets its red lines as quickly as another its green ones.
"""

from __future__ import annotations

import queue
import statistics
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests
from django.utils import timezone

from groupware import handshake, outbound
from oauthservers.models import AuthorizationServer

LONGEST_SECONDS = 6.0
#: A clock that is wrong by more makes ID tokens and assertions invalid at some servers.
TOLERATED_SECONDS = 60
_STEP_SECONDS = 2.0
_MOST_TARGETS = 24


@dataclass(frozen=True)
class Target:
    """One host that must be reached, with the TLS choices of the server that needs it, and for whom."""

    host: str
    port: int = 443
    needed_by: str = ""
    verify_certificate: bool = True
    verify_name: bool = True
    allow_common_name: bool = False
    ca_certificates: str = field(default="", repr=False)

    @property
    def tls(self) -> tuple[bool, bool, bool, str]:
        """As ``outbound`` takes them."""
        return (
            self.verify_certificate,
            self.verify_name,
            self.allow_common_name,
            self.ca_certificates,
        )


@dataclass(frozen=True)
class Reached:
    """What came of one host. ``code`` is empty when all is well; ``clock_ahead`` is in seconds, None when not told."""

    target: Target
    code: str = ""
    detail: str = ""
    clock_ahead: float | None = None
    milliseconds: int = 0


#: What the two large providers need: sign-in, tokens, and the keys of ID tokens.
USUAL = (
    Target("login.microsoftonline.com", needed_by="Microsoft 365"),
    Target("accounts.google.com", needed_by="Google Workspace"),
    Target("oauth2.googleapis.com", needed_by="Google Workspace"),
    Target("www.googleapis.com", needed_by="Google Workspace"),
    Target("openidconnect.googleapis.com", needed_by="Google Workspace"),
)


def targets(servers: Iterable[AuthorizationServer]) -> list[Target]:
    """The hosts of the servers in use; while none is registered, those of the two large providers."""
    found: dict[tuple[str, int], Target] = {}
    for server in servers:
        for host, port in _places(server):
            found.setdefault(
                (host, port),
                Target(
                    host,
                    port,
                    server.name,
                    server.verify_certificate,
                    server.verify_name,
                    server.allow_common_name,
                    server.ca_certificates,
                ),
            )
    return list(found.values())[:_MOST_TARGETS] or list(USUAL)


def _places(server: AuthorizationServer) -> list[tuple[str, int]]:
    """The hosts that we speak to ourselves; the authorization endpoint is the browser's."""
    known = server.preset
    addresses = (
        server.endpoint or known.endpoint,
        server.issuer or known.issuer,
        server.token_endpoint or known.token_endpoint,
        server.userinfo_endpoint or known.userinfo_endpoint,
        server.jwks_uri or known.jwks_uri,
        server.device_authorization_endpoint,
    )
    places = []
    for address in addresses:
        try:
            parts = urlsplit(address)
            place = (parts.hostname or "", parts.port or 443)
        except ValueError:
            continue
        if place[0] and place not in places:
            places.append(place)
    return places


def reach(wanted: Iterable[Target], seconds: float = LONGEST_SECONDS) -> list[Reached]:
    """Ask all of them side by side; who is silent for ``seconds`` gets ``timeout``. The order stays."""
    asked = list(wanted)
    answers: queue.SimpleQueue[tuple[int, Reached]] = queue.SimpleQueue()

    def ask(number: int, target: Target) -> None:
        answers.put((number, _ask(target)))

    for number, target in enumerate(asked):
        # A look-up of a name cannot be stopped; as daemons these threads hold nobody up.
        threading.Thread(target=ask, args=(number, target), daemon=True).start()
    found: dict[int, Reached] = {}
    give_up_at = time.monotonic() + seconds
    while len(found) < len(asked):
        try:
            number, answer = answers.get(timeout=max(give_up_at - time.monotonic(), 0.0))
        except queue.Empty:
            break
        found[number] = answer
    return [
        found.get(number) or Reached(target, "timeout", target.host)
        for number, target in enumerate(asked)
    ]


def _ask(target: Target) -> Reached:
    """Name, connection, TLS, then one request for the clock."""
    started = time.monotonic()
    try:
        context = outbound.tls_context(*target.tls)
        connection = handshake.connect(target.host, target.port, _STEP_SECONDS)
        certificate = handshake.certificate(connection, target.host, context)
    except outbound.OutboundError as refusal:
        return Reached(target, refusal.code, str(refusal))
    except OSError as error:
        words = getattr(error, "verify_message", "") or error.strerror or type(error).__name__
        return Reached(target, _code(error), words)
    except ValueError:
        return Reached(target, "ca_certificates_invalid")
    took = round((time.monotonic() - started) * 1000)
    return Reached(target, "", str(certificate), _clock_ahead(target), took)


def _code(error: OSError) -> str:
    is_tls = type(error).__module__ == "ssl"
    if is_tls or isinstance(error, TimeoutError):
        return handshake.fault(error)
    return "unreachable"


def _clock_ahead(target: Target) -> float | None:
    """How many seconds our clock is ahead of the server's, by its Date header (RFC 9110 §6.6.1); None: not told."""
    if not target.verify_certificate:
        return None
    asked_at = timezone.now()
    try:
        with outbound.http_session(*target.tls) as session:
            answer = session.head(
                f"https://{target.host}:{target.port}/", timeout=(_STEP_SECONDS, _STEP_SECONDS)
            )
    except (requests.exceptions.RequestException, OSError):
        return None
    middle = asked_at + (timezone.now() - asked_at) / 2
    try:
        told = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (TypeError, ValueError):
        return None
    # Whole seconds, cut off: on average the server was half a second further.
    return (middle - told).total_seconds() - 0.5 if told.tzinfo else None


def clock_ahead(answers: Iterable[Reached]) -> float | None:
    """The middle of what the servers say, so that one wrong clock elsewhere decides nothing."""
    told = [answer.clock_ahead for answer in answers if answer.clock_ahead is not None]
    return statistics.median(told) if told else None
