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
#: Shared out between the two runs, which take place side by side: what knows no database runs once, on the side that
#: has no browser to drive; screens are driven once, on the database that a newcomer gets.
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


def main(arguments: list[str]) -> int:
    """Run both databases side by side; print the second log when both have ended."""
    counts = Counts()
    with (
        tempfile.TemporaryDirectory(prefix="groupware-reports-") as folder,
        PostgresCluster() as postgres,
    ):
        reports = [Path(folder) / "sqlite.xml", Path(folder) / "postgresql.xml"]
        log = Path(folder) / "postgresql.log"
        runs = [
            start(reports[0], None, without(KNOWS_NO_DATABASE) + arguments, ""),
            start(reports[1], log, without(BROWSER) + arguments, postgres.url),
        ]
        codes = [run.wait() for run in runs]
        print(f"\n== The same on PostgreSQL {postgres.version} ==", flush=True)
        print(log.read_text(errors="replace"))
        for report in reports:
            counts.add(report)
    print(f"{counts.passed} passed, {counts.failed} failed, {counts.skipped} skipped")
    return int(any(codes) or counts.failed > 0 or counts.passed == 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
