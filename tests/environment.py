"""What the tests run in: a data folder of their own, a private Redis, and settings for development.

Loaded by ``-p tests.environment`` before Django reads its settings, so that no test ever touches the installation's
own database, Redis or files.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from tests.servers import free_port, start_redis

DATA = Path(tempfile.mkdtemp(prefix="groupware-tests-"))
DATA.chmod(0o755)  # the mail server's processes walk through it
atexit.register(shutil.rmtree, DATA, ignore_errors=True)

REDIS_PORT = free_port()
_redis = start_redis(DATA, REDIS_PORT)


def stop_redis() -> None:
    """Kill the private Redis; it keeps nothing on disk, so everything in it is lost."""
    _redis.kill()
    _redis.wait()


def restart_redis() -> None:
    """Start an empty Redis at the same address."""
    global _redis
    _redis = start_redis(DATA, REDIS_PORT)


atexit.register(stop_redis)

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
