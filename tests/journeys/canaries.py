"""Everything that must not be found anywhere: what the sandbox issued, registered and accepted in this story."""

from __future__ import annotations

import base64
import logging
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import redis
from django.conf import settings
from django.db import connection

from tests.journeys.town import Town

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_ISSUED = (
    "SELECT token FROM access_tokens",
    "SELECT token FROM refresh_tokens",
    "SELECT code FROM codes",
)


def issued(town: Town) -> list[str]:
    """Every token and code that the authorization servers have issued so far."""
    file = town.sandbox.data / "authorization.sqlite3"
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as store:
        return [row[0] for query in _ISSUED for row in store.execute(query)]


class Canaries:
    """Secrets, and the question whether a text holds one: as it is, escaped for a URL, or in base64."""

    def __init__(self, town: Town, *others: str) -> None:
        self.town = town
        self._already = set(issued(town))
        self._others = list(others)

    def secrets(self) -> list[str]:
        """A piece of each: half a token in a log is a leak as well."""
        fresh = [token for token in issued(self.town) if token not in self._already]
        assert len(fresh) > 5, "The story has issued hardly any token."
        found = [token[len(token) // 4 :][:32] for token in fresh] + self._others
        return [*found, *(quote(secret, safe="") for secret in self._others)]

    def assert_absent(self, places: dict[str, str]) -> None:
        """No place (name → text) holds a secret. The message names the place, never the secret."""
        secrets = self.secrets()
        for name, text in places.items():
            readable = f"{text}\n{_decoded(text)}"
            leaks = [number for number, secret in enumerate(secrets) if secret in readable]
            assert not leaks, f"{name} holds {len(leaks)} secrets, the first is number {leaks[0]}"


def _decoded(text: str) -> str:
    """What hides in base64, twice at most: a queue holds its tasks' arguments so."""
    decoded = []
    for word in _BASE64.findall(text):
        padded = word.rstrip("=") + "=" * (-len(word.rstrip("=")) % 4)
        try:
            decoded.append(
                base64.b64decode(
                    padded, altchars=b"-_" if "-" in word or "_" in word else None
                ).decode()
            )
        except ValueError:
            continue
    return "\n".join(decoded)


def database_dump() -> str:
    """Every column of every table as the database holds it, without any decryption."""
    lines = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            names = [column[0] for column in cursor.description]
            lines += [f"{table} {dict(zip(names, row, strict=True))}" for row in cursor.fetchall()]
    return "\n".join(lines)


class Listener(logging.Handler):
    """Keeps every log record whole: message, extra facts and traceback, before anything is masked."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = f"{record.getMessage()} {record.__dict__}"
        if record.exc_info:
            text += logging.Formatter().formatException(record.exc_info)
        self.lines.append(text)


@contextmanager
def listening() -> Iterator[Listener]:
    """Hear all loggers of this process, the quiet levels and those that do not pass on included."""
    root, listener = logging.getLogger(), Listener()
    named = [logging.getLogger(name) for name in logging.root.manager.loggerDict]
    apart = [logger for logger in named if not logger.propagate]
    heard = [
        root,
        *apart,
        *(logging.getLogger(name) for name in ("oauthservers", "webmail", "groupware")),
    ]
    levels = [(logger, logger.level) for logger in heard]
    for logger in (root, *apart):
        logger.addHandler(listener)
    for logger in heard:
        logger.setLevel(logging.DEBUG)
    try:
        yield listener
    finally:
        for logger, level in levels:
            logger.setLevel(level)
            logger.removeHandler(listener)


@contextmanager
def watching_redis() -> Iterator[list[str]]:
    """Every command that Redis is given, arguments included, as long as the block lasts."""
    seen: list[str] = []
    client = redis.Redis.from_url(settings.REDIS_URL)
    with client.monitor() as monitor:

        def read() -> None:
            try:
                for command in monitor.listen():
                    seen.append(command["command"])
            except (redis.ConnectionError, OSError, ValueError, AttributeError):
                return

        threading.Thread(target=read, daemon=True).start()
        yield seen


def redis_dump() -> str:
    """Every key with its value."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    readers = {
        b"string": client.get,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"hash": client.hgetall,
        b"set": client.smembers,
        b"zset": lambda key: client.zrange(key, 0, -1, withscores=True),
    }
    return "\n".join(f"{key!r} {readers[client.type(key)](key)!r}" for key in client.keys("*"))
