"""One connection from a client: lines before signing in, octets afterwards."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress

LINE_LIMIT = 2**20


class Wire:
    """Lines in and out, and TLS in the middle of a conversation."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @property
    def is_encrypted(self) -> bool:
        return self.writer.get_extra_info("ssl_object") is not None

    async def line(self) -> str:
        """The next line without its end. EOFError when the other side has gone."""
        received = await self.reader.readline()
        if not received:
            raise EOFError
        return received.decode("utf-8", "surrogateescape").rstrip("\r\n")

    async def say(self, *lines: str) -> None:
        for line in lines:
            self.writer.write(f"{line}\r\n".encode("utf-8", "surrogateescape"))
        await self.writer.drain()

    async def encrypt(self, context: ssl.SSLContext) -> None:
        """Goes on in TLS; what came before the handshake is forgotten (RFC 3501 section 6.2.1)."""
        self.reader._buffer.clear()  # type: ignore[attr-defined]
        await self.writer.start_tls(context)
        # Python 3.11 leaves the reader with the transport of before, which it then pauses.
        self.reader._transport = self.writer.transport  # type: ignore[attr-defined]

    async def join(self, other: Wire) -> None:
        """Passes octets both ways until one side ends."""
        ways = {
            asyncio.ensure_future(_carry(self.reader, other.writer)),
            asyncio.ensure_future(_carry(other.reader, self.writer)),
        }
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    def close(self) -> None:
        with suppress(OSError, RuntimeError):
            self.writer.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while octets := await reader.read(65536):
            writer.write(octets)
            await writer.drain()
