"""B1: what the function administrator of an office of thousands waits for, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.report import Row
from tests.benchmarks.surroundings import Surroundings
from tests.postgres import PostgresCluster

PEOPLE = 5000
LIMIT = 1.0  # s of the server for each request


def office(here: Surroundings) -> Iterator[Row]:
    """Each screen and each bulk act with five thousand people who have an account each."""
    with PostgresCluster() as postgres:
        ours = here.ours("office", "office", database=postgres.url, people=PEOPLE)
    for name, seconds in ours.items():
        yield Row(f"B1 {PEOPLE} accounts: {name}", "limit", LIMIT, seconds, "s", 1.0)
