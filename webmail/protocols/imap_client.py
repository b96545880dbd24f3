"""IMAPClient and imaplib, changed where they are unsafe or forgetful.

All octets pass through `Wire`; refusals become typed errors where they are read, instead of
texts to be taken apart later; challenges which are not base64 survive; nothing of a dialogue
is kept or logged (imaplib remembers ten lines, IMAPClient logs every one).
"""

import base64
import imaplib
import logging
from collections.abc import Callable
from typing import Any

from imapclient import IMAPClient

from webmail.protocols import refusals, sasl
from webmail.protocols.errors import ProtocolError
from webmail.protocols.types import Endpoint, Security
from webmail.protocols.wire import Wire

# Message-IDs, user names and search words pass through its debug log.
logging.getLogger("imapclient").setLevel(logging.WARNING)

# SEARCH answers in one line: a million UIDs of eight octets.
_MAXIMUM_LINE = 32 * 1024 * 1024


class _Imap4(imaplib.IMAP4):
    """imaplib on a `Wire`."""

    def __init__(self, wire: Wire, endpoint: Endpoint) -> None:
        self.wire = wire
        self.is_authenticating = False
        self._is_leaving = False
        super().__init__(endpoint.host, endpoint.port)

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        self.host, self.port = host, port
        self.sock = self.wire  # type: ignore[assignment]

    def read(self, size: int) -> bytes:
        return self.wire.read(size)

    def readline(self) -> bytes:
        line = self.wire.readline(_MAXIMUM_LINE)
        if not line.endswith(b"\n"):
            raise ProtocolError("The server sent a line beyond all bounds")
        if not line.endswith(b"\r\n"):
            line = line[:-1] + b"\r\n"
        words = line.split(b" ", 2)
        if len(words) == 2 and words[0] in self.tagged_commands:
            # "A1 OK" without any text: against the rules, and no reason to give up.
            line = line[:-2] + b" \r\n"
        return line

    def send(self, data: bytes) -> None:  # type: ignore[override]
        self.wire.sendall(data)

    def shutdown(self) -> None:
        self.wire.close()

    def _mesg(self, *args: object, **kwargs: object) -> None:
        """Nothing of the dialogue is printed."""

    def _log(self, line: object) -> None:
        """Nothing of the dialogue is remembered."""

    def _get_response(self) -> bytes | None:
        # imaplib looks for BYE between commands only, and waits on during AUTHENTICATE.
        line: bytes | None = super()._get_response()  # type: ignore[misc]
        said = self.untagged_responses.get("BYE")
        if said and not self._is_leaving:
            self.wire.close()
            text = said[-1] if isinstance(said[-1], bytes) else b""
            raise refusals.closing(text.decode("utf-8", "replace"))
        return line

    def _command_complete(self, name: str, tag: bytes) -> tuple[str, list[Any]]:
        self._is_leaving = name == "LOGOUT"
        status, data = self._get_tagged_response(tag, expect_bye=self._is_leaving)
        if status in ("NO", "BAD"):
            text = (data[-1] or b"").decode("utf-8", "replace")
            raise refusals.imap(status, text, self.is_authenticating)
        if status not in ("OK", "BYE"):
            raise self.error("a tagged reply which is neither OK nor NO nor BAD")
        return status, data

    def authenticate(
        self, mechanism: str, authobject: Callable[[bytes], bytes | None]
    ) -> tuple[str, Any]:
        self.literal = _Answers(authobject).process  # type: ignore[assignment]
        status, data = self._simple_command("AUTHENTICATE", mechanism)
        self.state = "AUTH"
        return status, data


class _Answers:
    """What imaplib calls for each challenge."""

    def __init__(self, step: Callable[[bytes], bytes | None]) -> None:
        self._step = step

    def process(self, challenge: bytes | None) -> bytes:
        answer = self._step(sasl.decode_challenge(challenge))
        return b"*" if answer is None else base64.b64encode(answer)


class Client(IMAPClient):  # type: ignore[misc]
    """IMAPClient on a `Wire`."""

    def __init__(self, wire: Wire, endpoint: Endpoint) -> None:
        self._wire, self._endpoint = wire, endpoint
        is_tls = endpoint.security is Security.TLS
        super().__init__(endpoint.host, endpoint.port, ssl=is_tls)
        self._imap.debug = 0
        self._imap._mesg = _nothing

    def _create_IMAP4(self) -> _Imap4:
        return _Imap4(self._wire, self._endpoint)

    def _set_read_timeout(self) -> None:
        """`Wire` keeps the time."""


def _nothing(*args: object) -> None:
    pass
