"""Listeners before Dovecot, in a thread with an event loop of its own."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress

from tests.sandbox.front.dialects import DIALECTS, Judge
from tests.sandbox.front.wire import LINE_LIMIT, Wire

Talk = Callable[[Wire], Awaitable[None]]


class Listeners:
    """`behind` are Dovecot's plain ports by protocol (imap, pop3, smtp)."""

    def __init__(self, behind: dict[str, int]) -> None:
        self._behind = behind
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._servers: list[asyncio.Server] = []
        self._thread.start()

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def front(
        self, protocol: str, ports: tuple[int, int], context: ssl.SSLContext, judge: Judge
    ) -> None:
        """Listens for one protocol: with STARTTLS on the first port, in TLS on the second."""

        async def talk(wire: Wire) -> None:
            await DIALECTS[protocol](wire, context, judge, self._connect).talk()

        self._listen(ports[0], None, talk)
        self._listen(ports[1], context, talk)

    def tunnel(self, protocol: str, port: int, context: ssl.SSLContext) -> None:
        """Dovecot itself behind another certificate."""

        async def talk(wire: Wire) -> None:
            behind = await self._connect(protocol)
            try:
                await wire.join(behind)
            finally:
                behind.close()

        self._listen(port, context, talk)

    async def _connect(self, protocol: str) -> Wire:
        port = self._behind[protocol]
        return Wire(*await asyncio.open_connection("127.0.0.1", port, limit=LINE_LIMIT))

    def _listen(self, port: int, context: ssl.SSLContext | None, talk: Talk) -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            wire = Wire(reader, writer)
            with suppress(EOFError, OSError, ValueError, asyncio.CancelledError):
                await talk(wire)
            wire.close()

        async def start() -> None:
            self._servers.append(
                await asyncio.start_server(
                    serve, "127.0.0.1", port, ssl=context, limit=LINE_LIMIT, backlog=256
                )
            )

        asyncio.run_coroutine_threadsafe(start(), self._loop).result(10)

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
