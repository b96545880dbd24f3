"""P6, P9: taking mail into the index, and finding it, against the mail server's own SEARCH."""

from __future__ import annotations

import imaplib
import ssl
import statistics
import time
from collections.abc import Iterator

from tests.benchmarks.report import Row
from tests.benchmarks.surroundings import Surroundings

#: Words of the corpus: in many messages, in few, in none.
WORDS = {
    "common, Japanese": "会議",
    "common, English": "meeting",
    "rare, Japanese": "議事録 7",
    "rare, English": "minutes 17",
    "absent": "xylophone",
}
ROUNDS = 7
INDEX_LIMIT = 0.4  # ms of CPU per message: 2,500 a second


def search(here: Surroundings) -> Iterator[Row]:
    """The mailbox that P1 has filled: index it, then ask; the server is asked for the same words in the body."""
    if not (here.folder / "imap" / "raw").exists():
        here.ours("first_imap", "imap")
    ours = here.ours("search", "imap", words=WORDS, rounds=ROUNDS)
    yield Row("P6 index a message: CPU", "limit", INDEX_LIMIT, ours["index_cpu"], "ms", 1.0, ours)
    work = "P6 read and index a message: CPU"
    yield Row(work, "limit of indexing", INDEX_LIMIT, ours["whole_cpu"], "ms")
    for name, words in WORDS.items():
        peer = _server_search(here, words) * 1000
        found = ours["found"][name]
        yield Row(f"P9 search page, {name}: p50", "IMAP SEARCH TEXT", peer, found["p50"], "ms", 1.0)
        yield Row(
            f"P9 the index alone, {name}: p50", "IMAP SEARCH TEXT", peer, found["index"], "ms"
        )


def _server_search(here: Surroundings, words: str) -> float:
    """Seconds of the server for the same words anywhere in a message; the best of three."""
    login = here.login()
    context = ssl.create_default_context(cafile=str(here.sandbox.ca_file))
    client = imaplib.IMAP4_SSL("localhost", here.sandbox.imap.tls_port, ssl_context=context)
    client.login(login.username, login.password)
    client.select("INBOX", readonly=True)
    seconds = []
    for _round in range(3):
        began = time.perf_counter()
        client.literal = words.encode()  # type: ignore[attr-defined]  # imaplib's own way to send one
        client.uid("SEARCH", "CHARSET", "UTF-8", "TEXT")
        seconds.append(time.perf_counter() - began)
    client.logout()
    return statistics.median(seconds)
