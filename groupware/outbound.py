"""The one door to the outside: who may be reached, over which TLS, with which HTTP session.

A name is resolved once, every address it has is checked, and a checked address is what is dialled; TLS and the Host
header still use the name. Checking a name and then dialling the name would leave the second look-up to whoever owns
it (DNS rebinding). Addresses that are not globally routable are refused unless the operator named their network in
``OUTBOUND_ALLOWED_NETWORKS``; in development, loopback is allowed for the sandbox.
"""

from __future__ import annotations

import functools
import ipaddress
import os
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any

import requests
import urllib3
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.util.connection import create_connection

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 5.0, 10.0, 30.0
LARGEST_BODY = 2 * 1024 * 1024
USER_AGENT = "groupware"
_ADDRESSES_DIALLED = 4
_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
# An IPv4 address inside an IPv6 one reaches the IPv4 host through a translator (RFC 6052 §2.1).
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class OutboundError(Exception):
    """A connection that was not begun. ``code`` is stable, ``retryable`` says whether time alone may help."""

    def __init__(self, message: str, *, code: str, retryable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable


class OutboundRefusedError(OutboundError):
    """We do not connect there. Codes: ``address_refused``, ``port_refused``."""


class NameNotFoundError(OutboundError):
    """The name has no address. Codes: ``name_invalid``, ``name_not_found``, and ``name_lookup_failed`` (retryable)."""


class ConnectionRefusedByUsError(requests.exceptions.ConnectionError):
    """An HTTP request that stopped at the door; ``args[0]`` is the OutboundError."""

    @property
    def code(self) -> str:
        """The code of the OutboundError."""
        return str(self.args[0].code)


class AnswerTooLargeError(requests.exceptions.RequestException):
    """The answer was longer than LARGEST_BODY or took longer than TOTAL_SECONDS."""


def resolve(host: str, port: int) -> tuple[str, ...]:
    """Return the addresses of ``host``, all of them checked, in the order in which to dial them.

    Raises OutboundRefusedError when any of them may not be reached, NameNotFoundError when there is none.
    """
    if not 0 < port < 65536:
        raise OutboundRefusedError(f"Port {port} is no port to connect to.", code="port_refused")
    found = dict.fromkeys(_look_up(host.strip("[]"), port))
    for address in found:
        if not is_allowed(address):
            raise OutboundRefusedError(
                f"{host} leads to {address}, which may not be reached.", code="address_refused"
            )
    return tuple(str(address) for address in found)


def _look_up(host: str, port: int) -> list[IPAddress]:
    if not host or len(host) > 253 or any(not character.isprintable() for character in host):
        raise NameNotFoundError("This is not a host name.", code="name_invalid")
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except socket.gaierror as exc:
        if exc.errno == socket.EAI_AGAIN:
            raise NameNotFoundError(
                f"{host} could not be looked up.", code="name_lookup_failed", retryable=True
            ) from None
        raise NameNotFoundError(f"{host} has no address.", code="name_not_found") from None
    except UnicodeError:
        raise NameNotFoundError("This is not a host name.", code="name_invalid") from None
    return [ipaddress.ip_address(sockaddr[0]) for *_family, sockaddr in answers]


def is_allowed(address: IPAddress) -> bool:
    """Whether ``address`` may be dialled: globally routable, or in a network the operator named."""
    reached = _embedded(address)
    if any(reached in network for network in _allowed_networks()):
        return True
    return reached.is_global and not reached.is_multicast and not reached.is_reserved


def _embedded(address: IPAddress) -> IPAddress:
    """The host behind an IPv4 address that is written as, or tunnelled in, an IPv6 one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour or (address.teredo[1] if address.teredo else address)


def _allowed_networks() -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    named = [
        ipaddress.ip_network(text, strict=False) for text in settings.OUTBOUND_ALLOWED_NETWORKS
    ]
    return [*named, *_LOOPBACK] if settings.DEVELOPMENT else named


def tls_context(
    verify_certificate: bool = True,
    verify_name: bool = True,
    allow_common_name: bool = False,
    ca_pem: str = "",
) -> ssl.SSLContext:
    """The TLS context for these choices, made once per process; TLS 1.2 is the minimum.

    ``ca_pem`` adds authorities to the system's. Raises ValueError when it cannot be read.
    """
    return _context(verify_certificate, verify_name, allow_common_name, ca_pem, os.getpid())


@functools.lru_cache(maxsize=128)
def _context(
    verify_certificate: bool, verify_name: bool, allow_common_name: bool, ca_pem: str, process: int
) -> ssl.SSLContext:
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_pem:
        try:
            made.load_verify_locations(cadata=ca_pem)
        except ssl.SSLError:
            raise ValueError("The CA certificates cannot be read.") from None
        # What an administrator names is trusted, also when it is no root.
        made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    # The name first: Python refuses CERT_NONE while the name is still to be checked.
    made.check_hostname = verify_certificate and verify_name
    made.verify_mode = ssl.CERT_REQUIRED if verify_certificate else ssl.CERT_NONE
    # True by default in Python: a certificate without subjectAltName would pass by its common name.
    made.hostname_checks_common_name = allow_common_name
    return made


class _RefusedConnectionError(NewConnectionError):
    """Carries our refusal through urllib3, which wraps everything else."""

    def __init__(self, connection: Any, refusal: OutboundError) -> None:
        super().__init__(connection, str(refusal))
        self.refusal = refusal


class _CheckedConnection(HTTPSConnection):
    """Dials a checked address; the name stays for TLS and the Host header."""

    def _new_conn(self) -> socket.socket:
        try:
            addresses = resolve(self._dns_host, self.port or 443)
        except OutboundError as exc:
            raise _RefusedConnectionError(self, exc) from None
        failure: OSError | None = None
        for address in addresses[:_ADDRESSES_DIALLED]:
            try:
                return create_connection(
                    (address, self.port or 443), self.timeout, socket_options=self.socket_options
                )
            except OSError as exc:
                failure = exc
        if isinstance(failure, TimeoutError):
            raise urllib3.exceptions.ConnectTimeoutError(
                self, f"{self.host} did not answer in time."
            )
        raise NewConnectionError(self, f"{self.host} cannot be reached: {failure}") from failure


class _CheckedPool(HTTPSConnectionPool):
    ConnectionCls = _CheckedConnection


class _Capped:
    """The body of an answer, bounded in size and time; everything else is the answer's own."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._deadline = time.monotonic() + TOTAL_SECONDS

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def stream(
        self, amount: int = 16 * 1024, decode_content: bool | None = None
    ) -> Iterator[bytes]:
        length = 0
        for chunk in self._raw.stream(amount, decode_content):
            length += len(chunk)
            if length > LARGEST_BODY or time.monotonic() > self._deadline:
                self._raw.close()
                raise AnswerTooLargeError("The answer is too long or too slow.")
            yield chunk


class _Adapter(HTTPAdapter):
    """Our TLS context, our way of dialling, a limit on time and size for every request."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._tls = context
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        kwargs["ssl_context"] = self._tls
        if not self._tls.check_hostname:
            kwargs["assert_hostname"] = False  # urllib3 would compare the name itself
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"https": _CheckedPool}

    def build_connection_pool_key_attributes(
        self, request: Any, verify: Any, cert: Any = None
    ) -> Any:
        # The context alone decides: requests would add its own bundle and set the mode of verification.
        host, _pool = super().build_connection_pool_key_attributes(request, True, None)
        return host, {}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Nothing: see build_connection_pool_key_attributes."""

    def send(self, request: Any, stream: bool = False, timeout: Any = None, **kwargs: Any) -> Any:
        try:
            response = super().send(
                request, stream=stream, timeout=timeout or (CONNECT_SECONDS, READ_SECONDS), **kwargs
            )
        except requests.exceptions.ConnectionError as exc:
            reason = getattr(exc.args[0], "reason", None) if exc.args else None
            if isinstance(reason, _RefusedConnectionError):
                raise ConnectionRefusedByUsError(reason.refusal, request=request) from None
            raise
        response.raw = _Capped(response.raw)
        return response


class _Session(requests.Session):
    """Follows no redirect, whoever asks for it: secrets travel in these requests."""

    def get_redirect_target(self, resp: Any) -> None:
        return None


def http_session(
    verify_certificate: bool = True,
    verify_name: bool = True,
    allow_common_name: bool = False,
    ca_pem: str = "",
) -> requests.Session:
    """A session for HTTPS only: checked addresses, no redirects, no proxy or certificates from the environment.

    Requests raise what ``requests`` raises; a refusal of ours is a ConnectionRefusedByUsError. Raises ValueError
    when ``ca_pem`` cannot be read.
    """
    session = _Session()
    session.trust_env = False
    session.headers["User-Agent"] = USER_AGENT
    session.adapters.clear()  # without an adapter for http:// such an address is an InvalidSchema
    session.mount(
        "https://",
        _Adapter(tls_context(verify_certificate, verify_name, allow_common_name, ca_pem)),
    )
    return session
