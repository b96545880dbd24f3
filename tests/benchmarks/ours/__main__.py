"""Does one work inside the installation that the environment names."""

from __future__ import annotations

import importlib
import json
import sys

import django

WORKS = {
    "first_imap": "receiving",
    "first_pop3": "receiving",
    "quiet_polls": "receiving",
    "pages": "pages",
    "send": "sending",
    "parse": "bodies",
    "sanitize": "bodies",
    "worker": "working",
    "office": "office",
    "search": "searching",
}


def main() -> None:
    """Read the facts, do the work, print what was measured."""
    facts = json.load(sys.stdin)
    django.setup()
    work = sys.argv[1]
    module = importlib.import_module(f"tests.benchmarks.ours.{WORKS[work]}")
    print(json.dumps(getattr(module, work)(facts)))


if __name__ == "__main__":
    main()
