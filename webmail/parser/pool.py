"""The worker's side of the child process: ask, wait with a clock, replace what hangs or dies."""

from __future__ import annotations

import json
import os
import select
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from webmail.parser.frames import FIELDS, QUESTION, TEXT

COMMAND = (sys.executable, "-m", "webmail.parser.child")
SECONDS_PER_MESSAGE = 20.0
_ROOT = Path(__file__).resolve().parent.parent.parent
_READ = 1 << 16


class ParserDiedError(Exception):
    """The child ended without an answer."""


class ParserHungError(Exception):
    """The child gave no answer in time."""


class Parser:
    """One child process; ``ask`` may be called by one thread at a time."""

    def __init__(self, command: Sequence[str], seconds: float) -> None:
        self._seconds = seconds
        environment = {
            key: os.environ[key] for key in ("PATH", "LANG", "PYTHONPATH") if key in os.environ
        }
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
            env=environment,
            bufsize=0,
        )

    def ask(self, question: bytes, raw: bytes) -> Any:
        """The answer about ``raw``; raise ParserDiedError or ParserHungError, after which this child is of no use."""
        deadline = time.monotonic() + self._seconds
        self._send(QUESTION.pack(question, len(raw)) + raw, deadline)
        (length,) = struct.unpack(">Q", self._receive(8, deadline))
        return json.loads(self._receive(length, deadline))

    def close(self) -> None:
        """End the child at once."""
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.wait()

    def _send(self, content: bytes, deadline: float) -> None:
        assert self._process.stdin is not None
        descriptor, view = self._process.stdin.fileno(), memoryview(content)
        os.set_blocking(descriptor, False)
        while view:
            self._wait(deadline, writing=descriptor)
            try:
                view = view[os.write(descriptor, view) :]
            except BlockingIOError:
                continue
            except OSError:
                raise ParserDiedError from None

    def _receive(self, length: int, deadline: float) -> bytes:
        assert self._process.stdout is not None
        descriptor, chunks, missing = self._process.stdout.fileno(), [], length
        while missing:
            self._wait(deadline, reading=descriptor)
            chunk = os.read(descriptor, min(missing, _READ))
            if not chunk:
                raise ParserDiedError
            chunks.append(chunk)
            missing -= len(chunk)
        return b"".join(chunks)

    @staticmethod
    def _wait(deadline: float, reading: int | None = None, writing: int | None = None) -> None:
        poll = select.poll()
        if reading is not None:
            poll.register(reading, select.POLLIN)
        if writing is not None:
            poll.register(writing, select.POLLOUT)
        remaining = deadline - time.monotonic()
        if remaining <= 0 or not poll.poll(remaining * 1000):
            raise ParserHungError


class ParserPool:
    """Children of this process, one per thread that parses at the same moment; they are kept for the next message."""

    def __init__(
        self, command: Sequence[str] = COMMAND, seconds: float = SECONDS_PER_MESSAGE
    ) -> None:
        self.command = command
        self.seconds = seconds
        self._idle: list[Parser] = []
        self._owner = os.getpid()
        self._lock = threading.Lock()

    def parse(self, raw: bytes) -> dict[str, Any] | None:
        """The fields of ``raw``, or None when the message hangs or kills the child."""
        fields: dict[str, Any] | None = self._ask(FIELDS, raw)
        return fields

    def text(self, raw: bytes) -> str | None:
        """The text of the body of ``raw``, or None when the message hangs or kills the child."""
        text: str | None = self._ask(TEXT, raw)
        return text

    def _ask(self, question: bytes, raw: bytes) -> Any:
        """The child's answer, or None when the message hangs or kills it.

        A child may die for reasons of its own, so a death is believed the second time only.
        """
        for _attempt in range(2):
            parser = self._take()
            try:
                answer = parser.ask(question, raw)
            except ParserHungError:
                parser.close()
                return None
            except ParserDiedError:
                parser.close()
                continue
            except BaseException:
                parser.close()
                raise
            self._give(parser)
            return answer
        return None

    def close(self) -> None:
        """End all idle children."""
        with self._lock:
            idle, self._idle = self._idle, []
        for parser in idle:
            parser.close()

    def _take(self) -> Parser:
        with self._lock:
            if (
                self._owner != os.getpid()
            ):  # a forked worker must not speak through its parent's pipes
                self._idle, self._owner = [], os.getpid()
            if self._idle:
                return self._idle.pop()
        return Parser(self.command, self.seconds)

    def _give(self, parser: Parser) -> None:
        with self._lock:
            self._idle.append(parser)


pool = ParserPool()


def parse(raw: bytes) -> dict[str, Any] | None:
    """Parse ``raw`` in a child of this process; None puts the message into quarantine."""
    return pool.parse(raw)


def text(raw: bytes) -> str | None:
    """The text of the body of ``raw``, read in a child of this process; None when it cannot be read."""
    return pool.text(raw)
