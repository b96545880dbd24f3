"""Makes the installation equal to a TOML file.

Each app brings a ``Section`` for its table. All sections work in one transaction: a row is compared with what is
stored and saved only when it differs, so applying a file twice changes nothing. Every problem of the file is collected;
one is enough to roll everything back. What the file does not name stays as it is: nothing is ever deleted.

``docs/provisioning.md`` lists every table and key. Secrets come from the file itself, from the environment
(``<key>_env``) or from another file (``<key>_file``), and are never printed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.db import transaction

from groupware.provision import reading
from groupware.provision.report import (
    Change,
    Problem,
    Provisioning,
    ProvisioningError,
    SkipRowError,
)
from groupware.provision.section import KEEP, Key, Row, Section

__all__ = [
    "KEEP",
    "Change",
    "Key",
    "Problem",
    "ProvisioningError",
    "Row",
    "Section",
    "SkipRowError",
    "apply",
    "register",
    "sections",
]

_sections: dict[str, Section] = {}


def register(section: Section) -> None:
    """Add a section; the same table is taken once."""
    if section.table in _sections and type(_sections[section.table]) is not type(section):
        raise ValueError(f"The table {section.table!r} is registered twice.")
    _sections[section.table] = section


def sections() -> list[Section]:
    """Every section, in the order in which they are applied."""
    return sorted(_sections.values(), key=lambda item: item.order)


def apply(
    path: Path, *, check: bool = False, on_applied: Callable[[list[Change]], None] | None = None
) -> list[Change]:
    """Make the installation equal to the file and return what changed; with ``check`` only say so.

    ``on_applied`` is called in the same transaction, when there are changes to keep. Raises ProvisioningError with
    every problem found; nothing is applied then.
    """
    run = Provisioning(path)
    document = reading.read(run)
    with transaction.atomic():
        rows = reading.rows_of(run, document, _sections)
        for section in sections():
            section.apply_all(rows.get(section.table, []))
        if run.problems:
            raise ProvisioningError(run.problems)
        if check:
            transaction.set_rollback(True)
        elif run.changes and on_applied:
            on_applied(run.changes)
    return run.changes
