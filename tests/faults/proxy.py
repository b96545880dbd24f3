"""A TCP proxy on loopback that cuts, delays, throttles, and remembers every octet."""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

from tests.faults.places import Hold, Place

TO_SERVER, TO_CLIENT = "to_server", "to_client"
_CHUNK = 65536


@dataclass
class Conversation:
    """What one connection carried. `was_cut` tells whether a fault ended it."""

    to_server: bytearray = field(default_factory=bytearray)
    to_client: bytearray = field(default_factory=bytearray)
    was_cut: bool = False
    is_open: bool = True

    def passed(self, direction: str) -> bytearray:
        return self.to_server if direction == TO_SERVER else self.to_client


class FaultyProxy:
    """`with FaultyProxy(port) as proxy:` listens on `proxy.port` and passes everything on.

    Faults apply to connections that are open and to those that come; `mend` ends them all.
    """

    def __init__(self, target_port: int, target_host: str = "127.0.0.1") -> None:
        self._target = (target_host, target_port)
        self._lock = threading.Lock()
        self._cuts: list[Place] = []
        self._holds: list[Hold] = []
        self._held: list[Hold] = []
        self._delay = 0.0
        self._octets_per_second: float | None = None
        self._is_refusing = False
        self._sockets: set[socket.socket] = set()
        self.conversations: list[Conversation] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> FaultyProxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the proxy and every connection through it."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for hold in [*self._holds, *self._held]:
            hold.drop()
        self.cut_now()

    # -- faults --------------------------------------------------------------------------------

    def cut_after(
        self, octets: int, direction: str, *, is_reset: bool = False, times: int | None = None
    ) -> None:
        """Ends a connection when it has carried that many octets in that direction."""
        with self._lock:
            self._cuts.append(Place(direction, after=octets, is_reset=is_reset, times=times))

    def cut_on(
        self,
        pattern: bytes,
        direction: str,
        *,
        is_passed_on: bool = True,
        is_reset: bool = False,
        times: int | None = None,
    ) -> None:
        """Ends a connection at a regular expression, seen across chunks.

        With `is_passed_on` the receiver still gets what matched, and a server has time to act on
        it: only its answer is lost. Without, the receiver gets nothing of what matched.
        """
        wanted = re.compile(pattern, re.DOTALL)
        cut = Place(direction, None, wanted, is_passed_on, is_reset, times)
        with self._lock:
            self._cuts.append(cut)

    def hold_on(self, pattern: bytes, direction: str, *, is_passed_on: bool = True) -> Hold:
        """Stops the next connection that carries this regular expression, right behind it or,
        without `is_passed_on`, right before it. The other direction goes on.
        """
        hold = Hold(Place(direction, None, re.compile(pattern, re.DOTALL), is_passed_on))
        with self._lock:
            self._holds.append(hold)
        return hold

    def delay(self, seconds: float) -> None:
        """Holds every chunk back for so long, in both directions."""
        self._delay = seconds

    def throttle(self, octets_per_second: float) -> None:
        """Lets no more than this through, in each direction of each connection."""
        self._octets_per_second = octets_per_second

    def refuse(self) -> None:
        """Closes every new connection at once, as a server does that is full."""
        self._is_refusing = True

    def mend(self) -> None:
        """From now on everything passes."""
        with self._lock:
            self._cuts.clear()
        self._delay, self._octets_per_second, self._is_refusing = 0.0, None, False

    def cut_now(self) -> None:
        """Ends every connection that is open."""
        with self._lock:
            sockets = list(self._sockets)
        for end in sockets:
            _close(end)

    def heard(self, direction: str = TO_SERVER) -> bytes:
        """Everything that passed in one direction, over all connections in order."""
        return b"".join(bytes(talk.passed(direction)) for talk in list(self.conversations))

    # -- passing on ----------------------------------------------------------------------------

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        if self._is_refusing:
            _close(client)
            return
        try:
            server = socket.create_connection(self._target, 10)
        except OSError:
            _close(client)
            return
        server.settimeout(None)
        talk = Conversation()
        with self._lock:
            self.conversations.append(talk)
            self._sockets |= {client, server}
        back = threading.Thread(
            target=self._carry, args=(server, client, TO_CLIENT, talk), daemon=True
        )
        back.start()
        self._carry(client, server, TO_SERVER, talk)
        back.join()
        with self._lock:
            self._sockets -= {client, server}
        _close(client)
        _close(server)
        talk.is_open = False

    def _carry(
        self, source: socket.socket, target: socket.socket, direction: str, talk: Conversation
    ) -> None:
        size = _CHUNK
        with suppress(OSError):
            while chunk := source.recv(size):
                if talk.was_cut:
                    break
                self._hold_back(len(chunk))
                chunk = self._past_holds(chunk, target, talk, direction)
                cut, place = self._cut_in(talk.passed(direction), chunk, direction)
                passing = chunk if cut is None else chunk[:place]
                talk.passed(direction).extend(passing)
                target.sendall(passing)
                if cut is not None:
                    talk.was_cut = True
                    self._end(source, target, direction, cut)
                    return
                rate = self._octets_per_second
                size = _CHUNK if rate is None else max(1, int(rate / 10))
        # One side has finished speaking; the other may still have something to say.
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)
        if talk.was_cut:
            _close(target)

    def _hold_back(self, octets: int) -> None:
        if self._delay:
            time.sleep(self._delay)
        rate = self._octets_per_second
        if rate:
            time.sleep(octets / rate)

    def _past_holds(
        self, chunk: bytes, target: socket.socket, talk: Conversation, direction: str
    ) -> bytes:
        """Stands still where a hold says so; what is still to be passed on. OSError when dropped."""
        carried = talk.passed(direction)
        with self._lock:
            placed = [
                (h, h.place.offset(carried, chunk))
                for h in self._holds
                if h.place.direction == direction
            ]
            hold, place = next(((h, p) for h, p in placed if p is not None), (None, 0))
            if hold is None:
                return chunk
            self._holds.remove(hold)
            self._held.append(hold)
        carried.extend(chunk[:place])
        target.sendall(chunk[:place])
        if not hold.stand():
            talk.was_cut = True
            _close(target)
            raise ConnectionAbortedError
        return chunk[place:]

    def _cut_in(self, carried: bytearray, chunk: bytes, direction: str) -> tuple[Place | None, int]:
        with self._lock:
            for cut in self._cuts:
                if cut.direction != direction:
                    continue
                place = cut.offset(carried, chunk)
                if place is None:
                    continue
                if cut.times is not None:
                    cut.times -= 1
                    if cut.times <= 0:
                        self._cuts.remove(cut)
                return cut, place
        return None, 0

    def _end(
        self, source: socket.socket, target: socket.socket, direction: str, cut: Place
    ) -> None:
        client, server = (source, target) if direction == TO_SERVER else (target, source)
        _close(client, is_reset=cut.is_reset)
        # The other thread notices `was_cut` when the server answers, and closes its side then;
        # until that the server can act on what it was given.
        if not (direction == TO_SERVER and cut.is_passed_on):
            _close(server, is_reset=cut.is_reset)


def _close(end: socket.socket, *, is_reset: bool = False) -> None:
    with suppress(OSError):
        if is_reset:
            # Leaving nothing behind makes the kernel send RST instead of FIN.
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            end.shutdown(socket.SHUT_RDWR)
    end.close()
