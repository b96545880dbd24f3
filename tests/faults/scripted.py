"""A server that answers IMAP, POP3 or SMTP lines from a list: for what Dovecot never says."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass
class Turn:
    """When a line from the client matches, these lines go back.

    `reply` may use groups of the pattern (`\\\\1`), usually the tag of IMAP. `hangs_up` closes
    after the reply; `says_nothing` answers with silence; `takes_data` first reads lines up to a
    single dot (the body of SMTP's DATA) and replies afterwards.
    """

    pattern: str
    reply: str = ""
    hangs_up: bool = False
    says_nothing: bool = False
    takes_data: bool = False
    times: int | None = None
    expression: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        self.expression = re.compile(self.pattern, re.IGNORECASE | re.DOTALL)


class ScriptedServer:
    """`with ScriptedServer("* OK ready", [Turn(...)]) as server:` listens on `server.port`.

    The first turn that matches a line answers it; a turn with `times` is used up. A line that
    nothing matches gets `unknown`. `lines` holds what clients have sent, in order.
    """

    def __init__(
        self, greeting: str, turns: Sequence[Turn], unknown: str = "500 5.5.1 Not in the script"
    ) -> None:
        self._greeting = greeting
        self._turns = list(turns)
        self._unknown = unknown
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self.lines: list[str] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> ScriptedServer:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            still_open = list(self._open)
        for connection in still_open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self.connections += 1
            self._open.add(connection)
        with connection, suppress(OSError):
            reader = connection.makefile("rb")
            if self._greeting:
                _send(connection, self._greeting)
            while line := reader.readline():
                text = line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")
                self.lines.append(text)
                turn, reply = self._answer(text)
                if turn is not None and turn.takes_data:
                    while (body := reader.readline()) and body.rstrip(b"\r\n") != b".":
                        self.lines.append(body.rstrip(b"\r\n").decode("utf-8", "surrogateescape"))
                if turn is None or not turn.says_nothing:
                    _send(connection, reply)
                if turn is not None and turn.hangs_up:
                    # An open reader would keep the connection alive.
                    connection.shutdown(socket.SHUT_RDWR)
                    break
        with self._lock:
            self._open.discard(connection)

    def _answer(self, line: str) -> tuple[Turn | None, str]:
        with self._lock:
            for turn in self._turns:
                match = turn.expression.match(line)
                if match is None or turn.times == 0:
                    continue
                if turn.times is not None:
                    turn.times -= 1
                return turn, match.expand(turn.reply)
        return None, self._unknown


def _send(connection: socket.socket, text: str) -> None:
    if text:
        wire = text.replace("\r\n", "\n").replace("\n", "\r\n") + "\r\n"
        connection.sendall(wire.encode("utf-8", "surrogateescape"))
