"""Servers that a run brings along: a port for each, and a private Redis."""

from __future__ import annotations

import ctypes
import signal
import socket
import subprocess
import time
from pathlib import Path


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def is_taken(port: int) -> bool:
    """Whether somebody listens on a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def die_with_parent() -> None:
    """Ask the kernel to end this process when its parent ends, however it ends (Linux, PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def start_redis(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """Start a private Redis that keeps nothing on disk; return once it answers."""
    process = subprocess.Popen(
        [
            "redis-server",
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            str(folder),
        ],
        stdout=subprocess.DEVNULL,
        preexec_fn=die_with_parent,
    )
    for _attempt in range(250):
        if is_taken(port):
            return process
        time.sleep(0.02)
    process.kill()
    raise RuntimeError(f"The private Redis did not start on port {port}.")
