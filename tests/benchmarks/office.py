"""B1: what the function administrator of an office of thousands waits for, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.report import Row
from tests.benchmarks.surroundings import Surroundings
from tests.postgres import PostgresCluster

PEOPLE = 5000
LIMIT = 1.0  # s of the server's CPU, web process and database connection together, for each request


def office(here: Surroundings) -> Iterator[Row]:
    """Each screen and each bulk act with five thousand people who have an account each."""
    with PostgresCluster() as postgres:
        ours = here.ours("office", "office", database=postgres.url, people=PEOPLE)
    for name, (used, waited) in ours.items():
        work = f"B1 {PEOPLE} accounts: {name}"
        yield Row(work, "limit", LIMIT, used, "s", 1.0, {"by_the_clock": waited})
