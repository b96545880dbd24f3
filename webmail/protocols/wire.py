"""One connection to a mail server, with a bound on every wait.

imaplib, poplib and smtplib want a socket and its file; `Wire` is both. It raises our typed
errors itself, because smtplib turns a time-out into "connection closed". Any failure closes
it: after a time-out nobody knows to which command the next line belongs.
"""

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack

from webmail.protocols import tls
from webmail.protocols.arguments import check_endpoint
from webmail.protocols.errors import (
    MailServerError,
    ProtocolError,
    TlsError,
    UnreachableError,
)
from webmail.protocols.types import Endpoint, Security

_BLOCK = 65536
# A reply may last two read time-outs, and longer only while it brings this many octets a
# second: a server which drips single octets must not hold a worker for ever.
_MINIMUM_RATE = 1024
_MAXIMUM_REPLY = 512 * 1024 * 1024


def dial(endpoint: Endpoint) -> "Wire":
    """Connect, with TLS at once where the endpoint says so.

    Raises `UnreachableError` (dns_failed, connection_refused, timeout, unreachable),
    `TlsError`, `InvalidArgumentError`.
    """
    check_endpoint(endpoint)
    wire = Wire(_connect(endpoint), endpoint)
    if endpoint.security is Security.TLS:
        wire.start_tls()
    return wire


def _connect(endpoint: Endpoint) -> socket.socket:
    failure = UnreachableError("The server could not be reached")
    for target in endpoint.addresses or (endpoint.host,):
        try:
            return socket.create_connection((target, endpoint.port), endpoint.connect_timeout)
        except socket.gaierror:
            failure = UnreachableError("The server's name is not known", code="dns_failed")
        except ConnectionRefusedError:
            failure = UnreachableError(
                "The server refuses connections on this port", code="connection_refused"
            )
        except TimeoutError:
            failure = UnreachableError("The server does not answer", code="timeout")
        except OSError as exc:
            failure = UnreachableError("The server could not be reached", server_text=str(exc))
    raise failure


class Wire:
    """A connected socket which imaplib, poplib and smtplib can use as socket and as file."""

    def __init__(self, sock: socket.socket, endpoint: Endpoint) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket: socket.socket | None = sock
        self._endpoint = endpoint
        self._buffer = bytearray()
        self.is_encrypted = False
        self.read_timeout = endpoint.read_timeout
        self.on_traffic: Callable[[], None] | None = None
        """Called after each block that came or went; what it raises closes the connection."""
        self._restart_clock()

    @property
    def is_open(self) -> bool:
        return self._socket is not None

    def start_tls(self) -> None:
        """Encrypt from here on. Raises `TlsError`, `UnreachableError`.

        Octets which came before the handshake were written by somebody on the way
        (CVE-2011-0411 and its kin): they are refused instead of being read as encrypted.
        """
        if self._buffer:
            raise self._fail(
                TlsError("The server spoke before TLS began", code="tls_starttls_injection")
            )
        sock = self._opened()
        try:
            sock.settimeout(self._endpoint.connect_timeout)
            context = tls.context(self._endpoint.tls)
            self._socket = context.wrap_socket(sock, server_hostname=self._endpoint.host)
        except OSError as exc:
            failure = tls.failure(exc)
        except MailServerError as exc:
            failure = exc
        else:
            self.is_encrypted = True
            self._restart_clock()
            return
        sock.close()
        raise self._fail(failure)

    # What the libraries call on a socket.

    def makefile(self, *args: object, **kwargs: object) -> "Wire":
        return self

    def settimeout(self, seconds: float | None) -> None:
        """The libraries' own time-outs are ignored: ours are kept per call."""

    def sendall(self, data: bytes) -> None:
        """Send all octets; each block of 64 KiB may take one read time-out."""
        self._restart_clock()
        view = memoryview(data)
        for start in range(0, len(view), _BLOCK):
            sock = self._opened()
            try:
                sock.settimeout(self.read_timeout)
                sock.sendall(view[start : start + _BLOCK])
            except OSError as exc:
                raise self._fail(_lost(exc)) from None
            self._tell_traffic()
        self._restart_clock()

    def shutdown(self, how: int) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; harmless when it is closed already."""
        sock, self._socket = self._socket, None
        self._buffer.clear()
        if sock is not None:
            sock.close()

    # What the libraries call on its file.

    def readline(self, limit: int = -1) -> bytes:
        """A line with its end, or `limit` octets of one which is longer."""
        searched = 0
        while True:
            end = self._buffer.find(b"\n", searched) + 1
            if end and (limit < 0 or end <= limit):
                return self._take(end)
            if 0 <= limit <= len(self._buffer):
                return self._take(limit)
            searched = len(self._buffer)
            self._receive()

    def read(self, size: int) -> bytes:
        """Exactly `size` octets; a connection which ends before is an error, never a cut text."""
        if size > _MAXIMUM_REPLY:
            raise self._fail(ProtocolError("The server announces a reply beyond all bounds"))
        while len(self._buffer) < size:
            self._receive()
        return self._take(size)

    def _take(self, size: int) -> bytes:
        taken = bytes(memoryview(self._buffer)[:size])
        del self._buffer[:size]
        return taken

    def _receive(self) -> None:
        sock = self._opened()
        allowed = 2 * self.read_timeout + self._received / _MINIMUM_RATE
        left = self._started_at + allowed - time.monotonic()
        try:
            if left <= 0:
                raise TimeoutError
            sock.settimeout(min(self.read_timeout, left))
            block = sock.recv(_BLOCK)
        except OSError as exc:
            raise self._fail(_lost(exc)) from None
        if not block:
            raise self._fail(
                UnreachableError("The server closed the connection", code="connection_lost")
            )
        self._received += len(block)
        if self._received > _MAXIMUM_REPLY:
            raise self._fail(ProtocolError("The server's reply is beyond all bounds"))
        self._buffer += block
        self._tell_traffic()

    def _tell_traffic(self) -> None:
        if self.on_traffic is not None:
            with ExitStack() as broken:
                broken.callback(self.close)
                self.on_traffic()
                broken.pop_all()

    def _restart_clock(self) -> None:
        self._started_at = time.monotonic()
        self._received = 0

    def _opened(self) -> socket.socket:
        if self._socket is None:
            raise UnreachableError("The connection is closed", code="connection_lost")
        return self._socket

    def _fail(self, failure: MailServerError) -> MailServerError:
        self.close()
        return failure


def _lost(exc: OSError) -> UnreachableError:
    if isinstance(exc, TimeoutError):
        return UnreachableError("The server did not answer in time", code="timeout")
    return UnreachableError("The connection was lost", code="connection_lost")
