"""Fixtures of all tests: the sandbox's real servers, a worker process, and a guard against the outside world."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from pytest_django.live_server_helper import LiveServer

from tests import environment
from tests.sandbox import Sandbox
from tests.servers import die_with_parent

_connect = socket.socket.connect


def _loopback_only(self: socket.socket, address: object) -> object:
    """Refuse every connection that would leave this machine."""
    if isinstance(address, tuple) and not str(address[0]).startswith(
        ("127.", "::1", "localhost", "::ffff:127.")
    ):
        raise OSError(f"A test tried to reach {address[0]}.")
    return _connect(self, address)


def pytest_configure() -> None:
    """Hash passwords cheaply: how slow the real hasher is on purpose is not what these tests are about."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True, scope="session")
def stay_on_this_machine() -> Iterator[None]:
    """Tests speak to servers on loopback and to nothing else."""
    socket.socket.connect = _loopback_only  # type: ignore[method-assign,assignment]
    yield
    socket.socket.connect = _connect  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def empty_cache(request: pytest.FixtureRequest) -> None:
    """Rate limits and cached values of one test must not reach the next."""
    if "django_db_setup" in request.fixturenames or "client" in request.fixturenames:
        cache.clear()


@pytest.fixture(autouse=True, scope="session")
def static_files() -> None:
    """Collect the static files once: pages name them by their hashes, as in production."""
    call_command("collectstatic", interactive=False, verbosity=0)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Real mail servers and authorization servers on loopback, one set for the whole run."""
    folder = environment.DATA / "sandbox"
    folder.mkdir()
    redirect_base = os.environ["PUBLIC_URL"]
    with Sandbox(data=folder, redirect_base=redirect_base) as running:
        yield running


@pytest.fixture(scope="session")
def live_server(static_files: None) -> Iterator[LiveServer]:
    """The product's own server for static files answers, hashed names and all; the test server's knows no hashes."""
    server = LiveServer(os.environ["DJANGO_LIVE_TEST_SERVER_ADDRESS"], start=False)
    server.thread.static_handler = lambda application: application
    server.start()
    yield server
    server.stop()


def database_url() -> str:
    """The address of the database that the tests use, for processes started by a test."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    who = f"{database['USER']}:{database['PASSWORD']}"
    return f"postgres://{who}@{database['HOST']}:{database['PORT']}/{database['NAME']}"


def process_environment() -> dict[str, str]:
    """The environment in which a process of the product sees the same rows as the test."""
    return {**os.environ, "DATABASE_URL": database_url()}


def start_workers() -> subprocess.Popen[bytes]:
    """A real Celery worker with beat, sweeping every second; its log is ``worker.log`` of the data folder."""
    worker = (
        "celery -A groupware worker --beat --pool=threads --concurrency=4 "
        "-Q interactive,sync,maintenance --loglevel=INFO"
    )
    with (environment.DATA / "worker.log").open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", *worker.split(), "--schedule", str(environment.DATA / "beat")],
            cwd=Path(__file__).parent.parent,
            env={
                **process_environment(),
                "SYNC_SWEEP_SECONDS": "1",
                "SYNC_INTERVAL_SECONDS": "2",
                "TOKEN_SWEEP_SECONDS": "2",
            },
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # beat and the parsers are processes of their own: one group, ended together
            preexec_fn=die_with_parent,
        )


def kill_workers(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL for the worker and everything it has started: nothing is tidied up."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture
def workers(transactional_db: None) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process that lives as long as the test."""
    process = start_workers()
    yield process
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)
    kill_workers(process)
