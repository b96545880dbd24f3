"""``python -m tests``: the whole suite on SQLite and on PostgreSQL, and one closing line of counts."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

from tests.postgres import PostgresCluster

ROOT = Path(__file__).parent.parent
#: Shared out between runs that take place side by side, for most of their time is waiting: what knows no database runs
#: once, beside PostgreSQL; screens are driven once, in a run of their own, on the database that a newcomer gets.
KNOWS_NO_DATABASE = (
    "tests/sandbox",
    "tests/faults",
    "tests/webmail/protocols",
    "tests/webmail/mime",
)
BROWSER = ("tests/browser",)


@dataclass
class Counts:
    """Outcome of one or several runs."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, report: Path) -> None:
        """Add the counts of a JUnit report; a run that wrote none has failed as a whole."""
        if not report.exists():
            self.failed += 1
            return
        for suite in ET.parse(report).getroot().iter("testsuite"):
            bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            skipped = int(suite.get("skipped", 0))
            self.passed += int(suite.get("tests", 0)) - bad - skipped
            self.failed += bad
            self.skipped += skipped


def start(
    report: Path, log: Path | None, arguments: list[str], database: str
) -> subprocess.Popen[bytes]:
    """Start one run; with ``log`` its output goes there."""
    environment = dict(os.environ)
    environment.pop("DATABASE_URL", None)
    if database:
        environment["DATABASE_URL"] = database
    command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *arguments]
    output = log.open("wb") if log else None
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)


def without(folders: tuple[str, ...]) -> list[str]:
    """Arguments that leave folders out of a run."""
    return [f"--ignore={folder}" for folder in folders]


def plan(arguments: list[str], postgres: str) -> dict[str, tuple[list[str], str]]:
    """Name of each run → its arguments and its database. What somebody names is run on both databases alone."""
    if arguments:
        return {"SQLite": (arguments, ""), "PostgreSQL": (arguments, postgres)}
    return {
        "SQLite": (without((*KNOWS_NO_DATABASE, *BROWSER)), ""),
        "PostgreSQL": (without(BROWSER), postgres),
        "Screens": (list(BROWSER), ""),
    }


def main(arguments: list[str]) -> int:
    """Run everything side by side; the logs of all but the first are printed when all have ended."""
    counts = Counts()
    with (
        tempfile.TemporaryDirectory(prefix="groupware-reports-") as folder,
        PostgresCluster() as postgres,
    ):
        runs = {}
        for name, (chosen, database) in plan(arguments, postgres.url).items():
            log = Path(folder) / f"{name}.log" if runs else None
            runs[name] = start(Path(folder) / f"{name}.xml", log, chosen, database)
        codes = [run.wait() for run in runs.values()]
        for name in list(runs)[1:]:
            print(f"\n== {name} ==", flush=True)
            print((Path(folder) / f"{name}.log").read_text(errors="replace"))
        for name in runs:
            counts.add(Path(folder) / f"{name}.xml")
    print(f"{counts.passed} passed, {counts.failed} failed, {counts.skipped} skipped")
    return int(any(codes) or counts.failed > 0 or counts.passed == 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
