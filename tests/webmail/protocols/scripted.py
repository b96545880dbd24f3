"""Servers which say exactly what a test wants, and a proxy which writes down what passes."""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from webmail.protocols.types import Endpoint, Security

Script = Callable[["Peer"], None]


class Peer:
    """The server's end of one connection. `heard` holds all octets from the client."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.heard = bytearray()
        self._buffer = b""

    def send(self, *lines: str) -> None:
        for line in lines:
            self.socket.sendall(line.encode() + b"\r\n")

    def send_raw(self, data: bytes) -> None:
        self.socket.sendall(data)

    def line(self) -> str:
        """The next line; EOFError at the end."""
        while b"\n" not in self._buffer:
            self._buffer += self._receive()
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.rstrip(b"\r").decode("utf-8", "replace")

    def octets(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._buffer += self._receive()
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    def start_tls(self, context: ssl.SSLContext) -> None:
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def _receive(self) -> bytes:
        data = self.socket.recv(65536)
        if not data:
            raise EOFError
        self.heard += data
        return data


class ScriptedServer:
    """Plays one script per connection; `peers` are the connections so far."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.peers: list[Peer] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def heard(self) -> bytes:
        return b"".join(bytes(peer.heard) for peer in self.peers)

    def endpoint(self, **changes: Any) -> Endpoint:
        values = {
            "host": "localhost",
            "port": self.port,
            "security": Security.NONE,
            "addresses": ("127.0.0.1",),
            "read_timeout": 10.0,
            **changes,
        }
        return Endpoint(**values)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._play, args=(sock,), daemon=True).start()

    def _play(self, sock: socket.socket) -> None:
        peer = Peer(sock)
        self.peers.append(peer)
        try:
            self._script(peer)
        except (EOFError, OSError):
            pass
        finally:
            peer.socket.close()

    def close(self) -> None:
        self._listener.close()
        for peer in self.peers:
            peer.socket.close()


@contextmanager
def serving(script: Script) -> Iterator[ScriptedServer]:
    server = ScriptedServer(script)
    try:
        yield server
    finally:
        server.close()


IMAP_CAPABILITIES = "IMAP4rev1 SASL-IR AUTH=XOAUTH2 AUTH=PLAIN"
Replies = Mapping[str, list[str] | Callable[[Peer, str, str], None]]


def imap(replies: Replies | None = None, greeting: str = "* OK ready") -> Script:
    """An IMAP server; `replies`: command ("UID FETCH") -> lines, "{tag}" is filled in."""
    table: dict[str, list[str] | Callable[[Peer, str, str], None]] = {
        "CAPABILITY": [f"* CAPABILITY {IMAP_CAPABILITIES}", "{tag} OK done"],
        "AUTHENTICATE": _accept_any,
        "SELECT": ["* 3 EXISTS", "* OK [UIDVALIDITY 7] x", "* OK [UIDNEXT 12] x", "{tag} OK done"],
        "LOGOUT": ["* BYE", "{tag} OK bye"],
        **(replies or {}),
    }

    def script(peer: Peer) -> None:
        peer.send(greeting)
        while True:
            line = peer.line()
            tag, _, command = line.partition(" ")
            literal = re.search(r"\{(\d+)\}$", line)
            if literal:
                peer.send("+ go on")
                peer.octets(int(literal.group(1)))
                peer.line()
            words = command.split() or [""]
            name = " ".join(words[:2] if words[0] == "UID" else words[:1])
            reply = table.get(name, ["{tag} OK done"])
            if callable(reply):
                reply(peer, tag, command)
            else:
                # Not str.format: literals have braces.
                peer.send(*(text.replace("{tag}", tag) for text in reply))

    return script


def _accept_any(peer: Peer, tag: str, command: str) -> None:
    peer.send("+ ")
    peer.line()
    peer.send(f"{tag} OK signed in")


def lines(greeting: str, replies: Mapping[str, str | Callable[[Peer], None]]) -> Script:
    """A POP3 or SMTP server; `replies`: beginning of the line -> answer; +OK/250 otherwise."""
    default = "+OK" if greeting.startswith("+") else "250 OK"

    def script(peer: Peer) -> None:
        peer.send(greeting)
        while True:
            line = peer.line()
            for beginning, reply in replies.items():
                if line.upper().startswith(beginning):
                    if callable(reply):
                        reply(peer)
                    else:
                        peer.send(*reply.split("\n"))
                    break
            else:
                peer.send(default)

    return script


class RecordingProxy:
    """Passes everything between a client and a real server, and keeps what the client said."""

    def __init__(self, port: int) -> None:
        self._target = port
        self.heard = bytearray()
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            server = socket.create_connection(("127.0.0.1", self._target))
            for source, target, is_client in ((client, server, True), (server, client, False)):
                threading.Thread(
                    target=self._pass, args=(source, target, is_client), daemon=True
                ).start()

    def _pass(self, source: socket.socket, target: socket.socket, is_client: bool) -> None:
        try:
            while data := source.recv(65536):
                if is_client:
                    self.heard += data
                target.sendall(data)
        except OSError:
            pass
        finally:
            for sock in (source, target):
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()
