"""``python -m tests.benchmarks``: every comparison in one run, as a table and in ``var/bench.json``."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.benchmarks import mail, office, receiving, screens, searching
from tests.benchmarks.report import Row, table, write
from tests.benchmarks.surroundings import ROOT, Surroundings

BENCHMARKS: dict[str, Callable[[Surroundings], Iterator[Row]]] = {
    "imap": receiving.imap,
    "pop3": receiving.pop3,
    "poll": receiving.poll,
    "worker": receiving.worker,
    "pages": screens.pages,
    "search": searching.search,
    "office": office.office,
    "send": mail.send,
    "parse": mail.parse,
    "sanitize": mail.sanitize,
}


def options(arguments: list[str]) -> argparse.Namespace:
    """What to measure, on how much mail."""
    asked = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    asked.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all by default"
    )
    asked.add_argument("--messages", type=int, default=2000, help="size of the mailbox (2000)")
    asked.add_argument("--output", type=Path, default=ROOT / "var" / "bench.json")
    given = asked.parse_args(arguments)
    if unknown := set(given.names) - set(BENCHMARKS):
        asked.error(f"unknown: {', '.join(sorted(unknown))}")
    return given


def main(arguments: list[str]) -> int:
    """Measure, print, write; the exit code says whether everything could be measured, not how fast it was."""
    given = options(arguments)
    rows: list[Row] = []
    failures = 0
    began = time.monotonic()
    with Surroundings(given.messages) as here:
        print(f"{given.messages} messages, {here.octets / 1e6:.0f} MB", flush=True)
        for name in given.names or BENCHMARKS:
            print(f"measuring {name} …", flush=True)
            try:
                rows += BENCHMARKS[name](here)
            except (RuntimeError, OSError) as error:
                failures += 1
                print(f"{name} could not be measured: {error}", file=sys.stderr)
        octets = here.octets
    print(f"\n{table(rows)}\n")
    load = os.getloadavg()[0]
    facts = {
        "messages": given.messages,
        "octets": octets,
        "load": load,
        "seconds": time.monotonic() - began,
    }
    write(given.output, rows, facts)
    print(f"{facts['seconds']:.0f} s, load {load:.1f} on {os.cpu_count()} cores; {given.output}")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
