"""P12 and the work on one message: sending, parsing, cleaning."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from tests.benchmarks import peers
from tests.benchmarks.report import Row
from tests.benchmarks.surroundings import Surroundings

SENDS = 30
OVERHEAD_LIMIT = 50.0  # ms beyond the bare conversation


def send(here: Surroundings) -> Iterator[Row]:
    """P12: from the draft to the server's 250, against the same bytes through smtplib."""
    ours = here.ours("send", "send")
    raw = ours.pop("raw").encode("ascii")
    bare = peers.bare_smtp(here, raw, [ours["recipient"]], SENDS)
    theirs, own = statistics.median(bare) * 1000, statistics.median(ours["seconds"]) * 1000
    yield Row("P12 send one message: wall", "smtplib", theirs, own, "ms", 0, ours)
    overhead = max(own - theirs, 0.01)
    yield Row("P12 own overhead", "limit", OVERHEAD_LIMIT, overhead, "ms", 1.0)


def parse(here: Surroundings) -> Iterator[Row]:
    """One message of the corpus from bytes to fields."""
    ours = here.ours("parse", "parse")
    theirs = ours["compat32"]
    yield Row("parse one message: CPU", "email, compat32", theirs, ours["ours"], "ms", 0, ours)
    work = "parse behind the guard: wall"
    yield Row(work, "email, compat32", theirs, ours["guarded_wall"], "ms")


def sanitize(here: Surroundings) -> Iterator[Row]:
    """One HTML body of 19 KB."""
    ours = here.ours("sanitize", "sanitize")
    yield Row("clean one HTML body: CPU", "nh3 alone", ours["nh3"], ours["ours"], "ms", 0, ours)
