"""P1, P3, P4, P13: receiving against mbsync, mpop and the bare protocol."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from tests.benchmarks import peers
from tests.benchmarks.measuring import Usage
from tests.benchmarks.report import Row
from tests.benchmarks.surroundings import LARGE, QUIET, Surroundings

POLLS = 20
WORKER_LIMIT = 150.0  # MB


def imap(here: Surroundings) -> Iterator[Row]:
    """P1: the first download by IMAP with bodies."""
    work = f"P1 first IMAP sync, {here.messages}"
    peers.fetch_and_discard(here)  # the server fills its caches for whoever comes first
    bare = peers.fetch_and_discard(here)
    ours = here.ours("first_imap", "imap")
    more = {"ours": ours, "imaplib": bare.as_dict()}
    if peers.is_installed("mbsync"):
        usage = peers.mbsync(here, here.folder / "mbsync", with_peak=True)
        peers.check_complete(here.folder / "mbsync" / "INBOX", here.messages)
        more["mbsync"] = usage.as_dict()
        yield Row(f"{work}: CPU", "mbsync", usage.cpu, ours["cpu"], "s", 1.0, more)
        yield Row(f"{work}: wall", "mbsync", usage.wall, ours["wall"], "s", 1.0)
        yield Row(f"{work}: peak", "mbsync", _mb(usage.peak), _mb(ours["peak"]), "MB")
    yield Row(f"{work}: CPU", "imaplib, discarded", bare.cpu, ours["cpu"], "s", 0, more)
    yield Row(f"{work}: peak", "limit", 120, _mb(ours["peak"]), "MB", 1.0)


def pop3(here: Surroundings) -> Iterator[Row]:
    """P3: the first download by POP3."""
    work = f"P3 first POP3 download, {here.messages}"
    ours = here.ours("first_pop3", "pop3")
    usage = Usage(0, 0)
    if peers.is_installed("mpop"):
        usage = peers.mpop(here, here.folder / "mpop")
        peers.check_complete(here.folder / "mpop" / "mail", here.messages)
    more = {"ours": ours, "mpop": usage.as_dict()}
    yield Row(f"{work}: CPU", "mpop", usage.cpu, ours["cpu"], "s", 1.2, more)
    yield Row(f"{work}: wall", "mpop", usage.wall, ours["wall"], "s")


def poll(here: Surroundings) -> Iterator[Row]:
    """P4: a poll that finds nothing, five folders, one connection each time."""
    ours = here.ours("quiet_polls", "quiet", QUIET)
    usage = _quiet_mbsync(here)
    more = {"ours": ours, "mbsync": usage.as_dict()}
    peer = "mbsync, one process"
    yield Row("P4 quiet poll: CPU", peer, usage.cpu * 1000, ours["cpu"] * 1000, "ms", 1.0, more)
    yield Row("P4 quiet poll: wall", peer, usage.wall * 1000, ours["wall"] * 1000, "ms")


def worker(here: Surroundings) -> Iterator[Row]:
    """P13 and P4 with everything counted: a Celery worker with four threads and its parser."""
    login = here.login(LARGE)
    large = {"address": LARGE, "username": login.username, "password": login.password}
    ours = here.ours("worker", "worker", QUIET, large=large)
    usage = _quiet_mbsync(here)
    work = "P4 quiet poll with Celery: CPU"
    own = ours["cpu_per_poll"] * 1000
    yield Row(work, "mbsync, one process", usage.cpu * 1000, own, "ms", 1.0, ours)
    quiet, later = _mb(ours["quiet"]), _mb(ours["now"])
    yield Row("P13 worker and parser: quiet", "limit", WORKER_LIMIT, quiet, "MB", 1.0)
    work = f"P13 worker and parser: after {here.messages}"
    yield Row(work, "limit", WORKER_LIMIT, later, "MB", 1.0)
    yield Row(f"{work}, peak", "limit", WORKER_LIMIT, _mb(ours["peak"]), "MB", 1.0)


def _quiet_mbsync(here: Surroundings) -> Usage:
    if not peers.is_installed("mbsync"):
        return Usage(0, 0)
    folder = here.folder / "mbsync-quiet"
    peers.mbsync(here, folder, QUIET, with_peak=False)
    polls = [peers.mbsync(here, folder, QUIET, with_peak=False) for _poll in range(POLLS)]
    return Usage(
        statistics.mean(poll.cpu for poll in polls), statistics.median(poll.wall for poll in polls)
    )


def _mb(octets: float) -> float:
    return octets / 1e6
