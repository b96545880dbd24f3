"""``make run``: the groupware with everything behind it, under one supervisor.

Web, workers, beat, a private Redis and the sandbox's servers start together and end together. Everything is kept in
one folder (``var/``, or ``GROUPWARE_DATA``); a second start finds it again.
"""

from __future__ import annotations

import base64
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

from tests.sandbox import Sandbox
from tests.sandbox.furnishing import SHARED
from tests.servers import die_with_parent, free_port, is_taken

ROOT = Path(__file__).parents[2]
PYTHON = sys.executable
WEB_PORT, REDIS_PORT = 8000, 18379
SENT_NOTICES = "notices"


def say(text: str) -> None:
    """One line to the person at the terminal."""
    print(text, flush=True)


def choose_port(preferred: int, what: str) -> int:
    """The preferred port, or the next free one with a word about it."""
    for port in range(preferred, preferred + 20):
        if not is_taken(port):
            if port != preferred:
                say(f"Port {preferred} is taken; {what} uses {port}.")
            return port
    port = free_port()
    say(f"Ports {preferred} to {preferred + 19} are taken; {what} uses {port}.")
    return port


def speaks_ipv6() -> bool:
    """Whether this machine has an IPv6 loopback."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def secret_file(folder: Path, name: str, make: str) -> str:
    """Make a secret at the first start and keep it, readable by nobody else; return its path."""
    path = folder / name
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(make, encoding="utf-8")
    return str(path)


def environment(data: Path, web_port: int, redis_port: int) -> dict[str, str]:
    """The variables of every process of the product."""
    folder = data / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    key = f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}"
    return {
        **os.environ,
        "GROUPWARE_DEVELOPMENT": "1",
        "GROUPWARE_DATA": str(data),
        "GROUPWARE_ENCRYPTION_KEYS_FILE": secret_file(folder, "encryption-keys", key),
        "SECRET_KEY_FILE": secret_file(folder, "secret-key", secrets.token_urlsafe(64)),
        "PUBLIC_URL": f"http://localhost:{web_port}",
        "REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
        "SYNC_SWEEP_SECONDS": "5",
        "SYNC_INTERVAL_SECONDS": "15",
        "TOKEN_SWEEP_SECONDS": "10",
        # Nothing leaves this machine: what would go to people by e-mail can be read as files.
        "EMAIL_URL": os.environ.get("EMAIL_URL", f"filemail:///{data / SENT_NOTICES}"),
        "PYTHONUNBUFFERED": "1",
    }


class Supervisor:
    """Starts the processes, notices when one ends, and ends them all."""

    def __init__(self, data: Path, variables: dict[str, str]) -> None:
        self.logs = data / "logs"
        self.logs.mkdir(exist_ok=True)
        self.variables = variables
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.stopping = threading.Event()

    def start(self, name: str, *command: str) -> None:
        """Start one process in a group of its own; its output goes to ``logs/<name>.log``."""
        log = self.logs / f"{name}.log"
        with log.open("ab") as output:
            self.processes[name] = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.variables,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which then ends them in order
                preexec_fn=die_with_parent,
            )

    def watch(self) -> int:
        """Wait for Ctrl-C or for a process that ends by itself; return the exit code."""
        while not self.stopping.wait(0.5):
            for name, process in self.processes.items():
                if process.poll() is not None:
                    say(f"{name} ended with code {process.returncode}; see {self.logs / name}.log")
                    return 1
        return 0

    def stop(self) -> None:
        """End every process: politely, and after ten seconds by force."""
        for process in reversed(self.processes.values()):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + 10
        for process in self.processes.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def manage(variables: dict[str, str], *arguments: str) -> str:
    """Run one management command to its end; its output only matters when it fails."""
    return finish(variables, "manage.py", *arguments)


def finish(variables: dict[str, str], *arguments: str) -> str:
    """Run one Python program of the product to its end."""
    result = subprocess.run(
        [PYTHON, *arguments],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        say(result.stdout + result.stderr)
        raise SystemExit(f"{' '.join(arguments[:2])} failed.")
    return result.stdout


def prepare(variables: dict[str, str], sandbox: Sandbox) -> None:
    """Bring database, static files and the described installation up to date."""
    manage(variables, "migrate", "--verbosity", "0")
    static = threading.Thread(
        target=manage,
        args=(variables, "collectstatic", "--noinput", "--verbosity", "0"),
        daemon=True,
    )
    static.start()
    for file in (sandbox.provisioning_file, sandbox.application_file):
        manage(variables, "provision", str(file))
    finish(variables, "-m", "tests.sandbox.furnishing")
    static.join()


def start_all(supervisor: Supervisor, web_port: int) -> None:
    """Web, the workers by queue, and the one beat."""
    celery = [PYTHON, "-m", "celery", "-A", "groupware"]
    worker = [*celery, "worker", "--pool=threads", "--loglevel=INFO", "--without-mingle"]
    gunicorn = [
        PYTHON,
        "-m",
        "gunicorn",
        "groupware.wsgi:application",
        "--workers=2",
        "--threads=8",
    ]
    bind = ["--bind", f"127.0.0.1:{web_port}", "--timeout=60"]
    if speaks_ipv6():  # browsers may try ::1 first when they are asked for localhost
        bind += ["--bind", f"[::1]:{web_port}"]
    supervisor.start("web", *gunicorn, *bind, "--worker-tmp-dir", "/dev/shm")
    supervisor.start(
        "worker", *worker, "-c", "6", "-Q", "interactive,sync,maintenance", "-n", "worker@%h"
    )
    supervisor.start("beat", *celery, "beat", "--loglevel=INFO")


def wait_until_answering(url: str, supervisor: Supervisor) -> None:
    """Return once the web answers; raise when it has ended before."""
    for _attempt in range(300):
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            if supervisor.processes["web"].poll() is not None:
                break
            time.sleep(0.1)
    raise SystemExit(f"The web did not start; see {supervisor.logs / 'web.log'}")


def welcome(address: str, sandbox: Sandbox, data: Path) -> None:
    """Say where it is and who may sign in."""
    say(f"\n  {address}\n")
    say("  Sign in as            password     mailbox")
    for person in sandbox.people:
        say(
            f"  {person.username:<20}  {person.password:<11}  {person.address or '– (administrator)'}"
        )
    say("\n  Shared mailbox              opened by")
    for piece in SHARED:
        opened_by = piece.authorized_as or "the application, without a person"
        say(f"  {piece.address:<26}  {opened_by}")
    say(f"\n  Invitations and notices by e-mail are written to {data / SENT_NOTICES}.")
    say(f"  Data and logs are kept in {data}. Ctrl-C ends everything.\n")


def main() -> int:
    """Start, wait, stop."""
    started = time.monotonic()
    data = Path(os.environ.get("GROUPWARE_DATA", ROOT / "var")).resolve()
    data.mkdir(parents=True, exist_ok=True)
    web_port = choose_port(int(os.environ.get("PORT", WEB_PORT)), "the web")
    redis_port = choose_port(REDIS_PORT, "the private Redis")
    variables = environment(data, web_port, redis_port)
    supervisor = Supervisor(data, variables)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: supervisor.stopping.set())
    address = variables["PUBLIC_URL"]
    try:
        redis = [
            "--bind",
            "127.0.0.1",
            "--dir",
            str(data),
            "--save",
            "",
            "--maxmemory-policy",
            "noeviction",
        ]
        supervisor.start("redis", "redis-server", "--port", str(redis_port), *redis)
        with Sandbox(data=data / "sandbox", redirect_base=address, fixed_ports=True) as sandbox:
            prepare(variables, sandbox)
            start_all(supervisor, web_port)
            wait_until_answering(f"{address}/livez", supervisor)
            welcome(address, sandbox, data)
            say(f"  Ready after {time.monotonic() - started:.0f} seconds.")
            code = supervisor.watch()
            say("Stopping.")
            supervisor.stop()
            return code
    finally:
        supervisor.stop()


if __name__ == "__main__":
    sys.exit(main())
