"""Which loopback ports the sandbox listens on, and how they stay the same between starts."""

from __future__ import annotations

import json
import random
import socket
from contextlib import ExitStack
from pathlib import Path

PREFERRED = {
    "internal": 18400,
    "microsoft": 18401,
    "google": 18402,
    "generic": 18403,
    "relay": 18025,
    "imap": 18143,
    "imaps": 18993,
    "pop3": 18110,
    "pop3s": 18995,
    "submission": 18587,
    "submissions": 18465,
    "exchange_imap": 19143,
    "exchange_imaps": 19993,
    "exchange_pop3": 19110,
    "exchange_pop3s": 19995,
    "exchange_submission": 19587,
    "exchange_submissions": 19465,
    "wrong_name_https": 19401,
    "wrong_name_imaps": 19402,
    "unknown_ca_https": 19403,
    "unknown_ca_imaps": 19404,
    "expired_https": 19405,
    "expired_imaps": 19406,
    "common_name_https": 19407,
    "common_name_imaps": 19408,
}
"""All below the range from which Linux hands out ports by itself, so they are rarely taken."""


def choose_ports(remembered: Path, *, fixed: bool) -> dict[str, int]:
    """A free port for every service.

    With `fixed`, first the port of the last start (kept in `remembered`), then the preferred one,
    then any free one; without, any free ones. The choice is written to `remembered`.
    """
    wanted = _read(remembered) if remembered.exists() else {}
    if fixed:
        wanted = {**PREFERRED, **wanted}
    chosen: dict[str, int] = {}
    # All are held at once, so that no port is handed out twice.
    with ExitStack() as held:
        for name in PREFERRED:
            listener = held.enter_context(_first_free(wanted.get(name)))
            chosen[name] = listener.getsockname()[1]
    remembered.write_text(json.dumps(chosen, indent=1))
    return chosen


def _first_free(wanted: int | None) -> socket.socket:
    # Outside the range of outgoing connections, which could take the port before its server does.
    others = random.sample(range(20000, 32000), 200)
    for port in [wanted, *others] if wanted else others:
        listener = _listen(port)
        if listener is not None:
            return listener
    raise OSError("No free port was found on 127.0.0.1.")


def _listen(port: int) -> socket.socket | None:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(1)
    except OSError:
        listener.close()
        return None
    return listener


def _read(path: Path) -> dict[str, int]:
    try:
        ports = json.loads(path.read_text())
    except ValueError:
        return {}
    return {name: int(port) for name, port in ports.items() if name in PREFERRED}
