"""P7, P8: whole requests against a page of the same frame that shows no mail."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.report import Row
from tests.benchmarks.surroundings import Surroundings

LIMIT = 25.0  # ms, for the 95th percentile

NAMES = {
    "list": "P7 list page",
    "last_rows": "P7 last 50 rows",
    "message": "P8 open a message",
    "body": "P8 cleaned HTML body",
}


def pages(here: Surroundings) -> Iterator[Row]:
    """Requests one after the other through the WSGI application, in the installation that P1 has filled."""
    if not (here.folder / "imap" / "raw").exists():
        here.ours("first_imap", "imap")
    ours = here.ours("pages", "imap")
    for name, work in NAMES.items():
        page, bare = ours[name], ours["skeleton"]
        yield Row(f"{work}: CPU", "frame without mail", bare["cpu"], page["cpu"], "ms", 0, page)
        yield Row(f"{work}: p50", "frame without mail", bare["p50"], page["p50"], "ms")
        yield Row(f"{work}: p95", "limit", LIMIT, page["p95"], "ms", 1.0)
