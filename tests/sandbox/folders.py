"""Where the sandbox keeps things, and that only one sandbox uses them."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MAIL_ELSEWHERE = "sandbox-mail-"
_BELONGS_TO = "belongs-to"


class AlreadyRunningError(RuntimeError):
    """Another sandbox uses this data folder."""


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Holds the data folder; the kernel lets go of it however this process ends."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(f"A sandbox already runs in {data}.") from None
        _end_leftovers(data)
        yield


def make_run_folder(data: Path) -> Path:
    """A folder for sockets and settings, remembered so that the next start can clean up.

    Its path is short, and Dovecot's user can pass through it wherever `data` may be.
    """
    run = Path(tempfile.mkdtemp(prefix="sbx-", dir="/tmp"))
    run.chmod(0o755)
    (data / "run-folder").write_text(str(run))
    return run


def remove_run_folder(data: Path) -> None:
    note = data / "run-folder"
    if note.exists():
        shutil.rmtree(note.read_text(), ignore_errors=True)
        note.unlink()


def mail_folder(data: Path) -> Path:
    """Where Dovecot keeps mail: below `data`, or, when the user `mail` cannot get there, in
    /var/tmp with a link below `data`."""
    _remove_orphans()
    link = data / "mail"
    if os.getuid() != 0:
        link.mkdir(exist_ok=True)
        return link
    if link.is_dir() and not link.is_symlink():
        return link
    if _is_open(data):
        link.mkdir()
        shutil.chown(link, "mail", "mail")
        return link
    name = hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:16]
    elsewhere = Path("/var/tmp") / f"{_MAIL_ELSEWHERE}{name}"
    elsewhere.mkdir(mode=0o700, exist_ok=True)
    (elsewhere / _BELONGS_TO).write_text(str(data.resolve()))
    shutil.chown(elsewhere, "mail", "mail")
    if not link.is_symlink():
        link.symlink_to(elsewhere)
    return elsewhere


def _is_open(folder: Path) -> bool:
    """Whether everybody may pass through the folder and all above it."""
    resolved = folder.resolve()
    return all(path.stat().st_mode & 0o001 for path in (resolved, *resolved.parents))


def _remove_orphans() -> None:
    """Mail in /var/tmp whose data folder is gone, as it is after a test run."""
    for folder in Path("/var/tmp").glob(f"{_MAIL_ELSEWHERE}*"):
        note = folder / _BELONGS_TO
        if os.access(note, os.R_OK) and not Path(note.read_text()).is_dir():
            shutil.rmtree(folder, ignore_errors=True)


def _end_leftovers(data: Path) -> None:
    """A Dovecot that a killed sandbox has left behind holds the ports: end it."""
    note = data / "run-folder"
    if not note.exists():
        return
    run = note.read_text()
    process_file = Path(run) / "master.pid"
    process = int(process_file.read_text()) if process_file.exists() else 0
    deadline = time.monotonic() + 5
    while process and _is_our_dovecot(process, run):
        os.kill(process, signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL)
        time.sleep(0.1)
    remove_run_folder(data)


def _is_our_dovecot(process: int, run: str) -> bool:
    """Process numbers are used again, so the command line must name our configuration."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False
    return f"{run}/".encode() in words
