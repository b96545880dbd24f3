"""CPU, wall clock and memory of a program, of this process, and of the processes below it."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_SAMPLE_SECONDS = 0.01


@dataclass(frozen=True)
class Usage:
    """What some work cost: seconds of CPU (user and system), seconds of wall clock, peak resident octets."""

    cpu: float
    wall: float
    peak: int = 0

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


class CommandFailedError(RuntimeError):
    """A peer did not do its work; the text holds its last words."""


def of_command(
    command: Sequence[str], environment: Mapping[str, str] | None = None, *, with_peak: bool = False
) -> Usage:
    """Run a program to its end. Raises CommandFailedError.

    ``with_peak`` reads the high-water mark from /proc while the program runs: ``ru_maxrss`` would tell that of the
    process that started it, which it inherits.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    peaks = [0]
    watcher = threading.Thread(target=_watch, args=(process.pid, peaks), daemon=True)
    if with_peak:
        watcher.start()
    assert process.stdout is not None
    words = process.stdout.read()
    process.stdout.close()
    _pid, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise CommandFailedError(f"{command[0]}: {words.decode(errors='replace')[-800:]}")
    return Usage(used.ru_utime + used.ru_stime, wall, max(peaks))


class Stopwatch:
    """``with Stopwatch() as watch: ...`` then ``watch.usage``: this process and the children that it has now."""

    usage: Usage

    def __enter__(self) -> Stopwatch:
        self._children = sum(cpu_of(pid) for pid in children())
        self._cpu, self._wall = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        below = children()
        cpu += sum(cpu_of(pid) for pid in below) - self._children
        peak = sum(peak_of(pid) for pid in (os.getpid(), *below))
        self.usage = Usage(cpu, wall, peak)


def children(pid: int | None = None) -> list[int]:
    """The processes that ``pid`` (this one by default) has started and that still run."""
    tasks = Path(f"/proc/{pid or os.getpid()}/task")
    found: list[int] = []
    for task in tasks.iterdir():
        found.extend(int(number) for number in (task / "children").read_text().split())
    return found


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has used, in steps of the kernel's tick (10 ms)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def peak_of(pid: int) -> int:
    """The most octets that a process has held resident (VmHWM)."""
    return _memory(pid, "VmHWM:")


def resident(pid: int) -> int:
    """Octets that a process holds resident now (VmRSS)."""
    return _memory(pid, "VmRSS:")


def _memory(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    return 0


def _watch(pid: int, peaks: list[int]) -> None:
    while True:
        try:
            peak = peak_of(pid)
        except OSError:
            return
        if not peak:  # a zombie has no memory
            return
        peaks.append(peak)
        time.sleep(_SAMPLE_SECONDS)
