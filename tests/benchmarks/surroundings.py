"""What a run stands on: the sandbox's mail servers, a private Redis, and data folders that go when it ends."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks import corpus
from tests.sandbox import Sandbox
from tests.sandbox.dovecot import MASTER
from tests.servers import free_port, start_redis

ROOT = Path(__file__).resolve().parents[2]
LARGE, QUIET = "pierre@atelier.example", "maria@contoso.example"
QUIET_MESSAGES = 20


@dataclass(frozen=True)
class Login:
    """How everybody here opens a mailbox: with the sandbox's own key, over TLS."""

    address: str
    username: str
    password: str


class Surroundings:
    """``with Surroundings(2000) as here:``"""

    def __init__(self, messages: int) -> None:
        self.messages = messages
        self.folder = Path(tempfile.mkdtemp(prefix="groupware-bench-"))
        self.octets = 0

    def __enter__(self) -> Surroundings:
        self.folder.chmod(0o755)  # the mail server's processes walk through it
        port = free_port()
        self._redis = start_redis(self.folder, port)
        (self.folder / "sandbox").mkdir()
        self.sandbox = Sandbox(self.folder / "sandbox", seed_messages=False)
        self.sandbox.start()
        mail = self.folder / "sandbox" / "mail"
        self.octets = corpus.fill(mail / LARGE, self.messages)
        corpus.fill(mail / QUIET, QUIET_MESSAGES)
        self.environment = {
            **os.environ,
            "GROUPWARE_DEVELOPMENT": "1",
            "GROUPWARE_DATA": str(self.folder),
            "DATABASE_URL": f"sqlite:///{self.folder / 'template.sqlite3'}",
            "STATIC_ROOT": str(self.folder / "static"),
            "REDIS_URL": f"redis://127.0.0.1:{port}/0",
            "DJANGO_SETTINGS_MODULE": "groupware.settings",
            "LOG_LEVEL": "WARNING",
        }
        for command in (["migrate"], ["collectstatic", "--noinput"]):
            self._manage(*command)
        return self

    def __exit__(self, *_: object) -> None:
        self.sandbox.stop()
        self._redis.kill()
        self._redis.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def login(self, address: str = LARGE) -> Login:
        return Login(address, f"{address}*{MASTER}", self.sandbox._secret)

    def installation(self, name: str) -> dict[str, str]:
        """The environment of an installation of its own: empty tables, an empty raw store."""
        data = self.folder / name
        if not data.exists():
            data.mkdir()
            shutil.copy(self.folder / "template.sqlite3", data / "groupware.sqlite3")
        return {
            **self.environment,
            "GROUPWARE_DATA": str(data),
            "DATABASE_URL": f"sqlite:///{data / 'groupware.sqlite3'}",
        }

    def ours(
        self, work: str, installation: str, address: str = LARGE, database: str = "", **more: Any
    ) -> dict[str, Any]:
        """Do one work of ``tests.benchmarks.ours`` in a process of its own; return what it measured.

        ``database`` is the address of an empty database to use instead of the installation's own.
        """
        login = self.login(address)
        facts = {
            "ports": self.sandbox.ports,
            "ca_file": str(self.sandbox.ca_file),
            "address": address,
            "username": login.username,
            "password": login.password,
            "messages": self.messages,
            **more,
        }
        environment = self.installation(installation)
        if database:
            environment["DATABASE_URL"] = database
            self._manage("migrate", environment=environment)
        answer = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.ours", work],
            cwd=ROOT,
            env=environment,
            input=json.dumps(facts),
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode:
            raise RuntimeError(f"{work}: {answer.stderr[-3000:]}")
        measured: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
        return measured

    def _manage(self, *arguments: str, environment: dict[str, str] | None = None) -> None:
        subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment or self.environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
