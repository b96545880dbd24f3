"""Starting, stopping, starting again, and being killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from tests.sandbox import Sandbox, SandboxError
from tests.sandbox.mailboxes import quoted
from tests.sandbox.messages import letters
from tests.sandbox.sandbox import _ROOT

OLGA = "olga@lab.example"


def processes_of(data: Path) -> list[str]:
    """Command lines of living processes in which the data folder or its run folder stands."""
    note = data / "run-folder"
    names = [str(data), *([note.read_text()] if note.exists() else [])]
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if any(name in words for name in names) and int(folder.name) != os.getpid():
            found.append(words)
    return found


def counted(sandbox: Sandbox) -> dict[str, int]:
    """How many messages lie in each folder that has letters."""
    wanted = {(letter.mailbox, letter.folder) for letter in letters()}
    found = {}
    for address, folder in wanted:
        with sandbox.mailbox(address) as mailbox:
            status, numbers = mailbox.select(quoted(folder), readonly=True)
            assert status == "OK"
            found[f"{address}/{folder}"] = int(numbers[0])
    return found


def test_everything_survives_a_restart_and_nothing_is_seeded_twice(tmp_path):
    expected: dict[str, int] = {}
    for letter in letters():
        name = f"{letter.mailbox}/{letter.folder}"
        expected[name] = expected.get(name, 0) + 1
    with Sandbox(tmp_path / "world") as first:
        minted, ports, secret = first.generic.issue(OLGA), first.ports, first.generic.client_secret
        assert counted(first) == expected
    with Sandbox(tmp_path / "world", fixed_ports=True) as second:
        assert (second.ports, second.generic.client_secret) == (ports, secret)
        assert counted(second) == expected
        form = {
            "grant_type": "refresh_token",
            "refresh_token": minted.refresh_token,
            "client_id": second.generic.client_id,
            "client_secret": second.generic.client_secret,
        }
        browser = second.generic.browser()
        assert browser.post(second.generic.token_endpoint, data=form, timeout=30).ok
    assert processes_of(tmp_path) == []


def test_one_folder_serves_one_sandbox(tmp_path):
    with Sandbox(tmp_path, seed_messages=False), pytest.raises(SandboxError, match="already runs"):
        Sandbox(tmp_path, seed_messages=False).start()


def test_a_killed_parent_leaves_no_process_and_the_folder_can_be_used_again(tmp_path):
    command = [sys.executable, "-m", "tests.sandbox", "--data", str(tmp_path), "--free-ports"]
    parent = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout.readline().startswith("microsoft")
    assert any("dovecot" in words for words in processes_of(tmp_path))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 20
    while processes_of(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_of(tmp_path) == []
    with Sandbox(tmp_path, seed_messages=False) as again:
        assert again.is_running


def test_a_killed_world_takes_dovecot_with_it(tmp_path):
    sandbox = Sandbox(tmp_path, seed_messages=False)
    sandbox.start()
    sandbox._process.kill()
    deadline = time.monotonic() + 20
    while processes_of(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.1)
    sandbox.stop()
    assert processes_of(tmp_path) == []
    with Sandbox(tmp_path, seed_messages=False) as again:
        assert again.is_running


def test_the_sandbox_describes_itself_for_provisioning(sandbox):
    described = tomllib.loads(sandbox.provisioning_file.read_text())
    servers = {server["key"]: server for server in described["authorization_server"]}
    assert servers["microsoft"]["endpoint"] == sandbox.microsoft.endpoint
    assert servers["generic"]["client_secret"] == sandbox.generic.client_secret
    ca_file = sandbox.provisioning_file.parent / servers["google"]["ca_file"]
    assert ca_file.read_bytes() == sandbox.ca_file.read_bytes()
    known = {server["key"] for server in described["mail_server"]}
    for account in described["mail_account"]:
        assert {account["incoming_server"], account["outgoing_server"]} <= known
    assert sandbox.provisioning_file.stat().st_mode & 0o077 == 0
