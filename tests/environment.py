"""What the tests run in: a data folder of their own, a private Redis, and settings for development.

Loaded by ``-p tests.environment`` before Django reads its settings, so that no test ever touches the installation's
own database, Redis or files.
"""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


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
    )
    for _attempt in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.02)
    raise RuntimeError("The private Redis of the tests did not start.")


DATA = Path(tempfile.mkdtemp(prefix="groupware-tests-"))
DATA.chmod(0o755)  # the mail server's processes walk through it
atexit.register(shutil.rmtree, DATA, ignore_errors=True)

REDIS_PORT = free_port()
_redis = start_redis(DATA, REDIS_PORT)
atexit.register(_redis.kill)

LIVE_SERVER_PORT = free_port()
os.environ.update(
    GROUPWARE_DEVELOPMENT="1",
    GROUPWARE_DATA=str(DATA),
    REDIS_URL=f"redis://127.0.0.1:{REDIS_PORT}/0",
    PUBLIC_URL=f"http://localhost:{LIVE_SERVER_PORT}",
    DJANGO_LIVE_TEST_SERVER_ADDRESS=f"localhost:{LIVE_SERVER_PORT}",
    DJANGO_ALLOW_ASYNC_UNSAFE="true",  # Playwright's loop lives in the thread that also asks the database
)
os.environ.pop("REQUESTS_CA_BUNDLE", None)
