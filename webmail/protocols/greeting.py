"""What a mail server says before anybody signs in: enough to know that it is one and that its certificate is right."""

from webmail.protocols.errors import ProtocolError, TlsError
from webmail.protocols.types import Endpoint, Security
from webmail.protocols.wire import Wire, dial

_GREETINGS = {"imap": b"* OK", "pop3": b"+OK", "smtp": b"220"}
_HELLO = b"EHLO client.invalid\r\n"  # a name is needed before STARTTLS (RFC 3207 section 4)
_START_TLS = {
    "imap": (b"a1 STARTTLS\r\n", b"a1 OK"),
    "pop3": (b"STLS\r\n", b"+OK"),
    "smtp": (b"STARTTLS\r\n", b"220"),
}
_LONGEST_LINE = 4096
_MOST_LINES = 100


def greeting(endpoint: Endpoint, protocol: str) -> str:
    """Connect, read the greeting of ``protocol`` (imap, pop3, smtp), encrypt where the endpoint says so, hang up.

    Raises `UnreachableError`, `TlsError`, `ProtocolError` (another kind of server answers).
    """
    wire = dial(endpoint)
    try:
        said = _reply(wire, protocol)
        if not said.startswith(_GREETINGS[protocol]):
            raise ProtocolError("The server does not speak this protocol", server_text=_text(said))
        if endpoint.security is Security.STARTTLS:
            _start_tls(wire, protocol)
        return _text(said)
    finally:
        wire.close()


def _start_tls(wire: Wire, protocol: str) -> None:
    if protocol == "smtp":
        wire.sendall(_HELLO)
        _reply(wire, protocol)
    command, agreed = _START_TLS[protocol]
    wire.sendall(command)
    answer = _reply(wire, protocol, is_answer=True)
    if not answer.startswith(agreed):
        raise TlsError(
            "The server refuses STARTTLS",
            code="tls_starttls_refused",
            server_text=_text(answer),
        )
    wire.start_tls()


def _reply(wire: Wire, protocol: str, *, is_answer: bool = False) -> bytes:
    """The last line of a reply: SMTP continues with a hyphen, IMAP may speak of other things before its answer."""
    for _ in range(_MOST_LINES):
        line = wire.readline(_LONGEST_LINE)
        is_continued = protocol == "smtp" and line[3:4] == b"-"
        is_aside = is_answer and protocol == "imap" and line.startswith(b"* ")
        if not (is_continued or is_aside):
            return line
    raise ProtocolError("The server does not stop speaking")


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").strip()[:300]
