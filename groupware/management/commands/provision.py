"""``manage.py provision FILE.toml``: make the installation equal to a file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from groupware import provision
from groupware.audit.record import record


class Command(BaseCommand):
    """Applies all of the file or nothing of it."""

    help = (
        "Makes authorization servers, mail servers, people and mail accounts equal to a TOML file."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", type=Path, help="the TOML file; docs/provisioning.md lists its keys"
        )
        parser.add_argument(
            "--check", action="store_true", help="say what would change and change nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            changes = provision.apply(path, check=options["check"], on_applied=self._record)
        except provision.ProvisioningError as exc:
            lines = "\n".join(f"  {problem}" for problem in exc.problems)
            count = len(exc.problems)
            raise CommandError(
                f"Nothing was applied: {count} {'problem' if count == 1 else 'problems'} in {path}.\n{lines}"
            ) from None
        for change in changes:
            self.stdout.write(self._line(change))
        if not changes:
            self.stdout.write(f"{path}: nothing to change.")
        elif options["check"]:
            self.stdout.write(f"{path}: checked only; nothing was changed.")
        else:
            self.stdout.write(
                f"{path}: {len(changes)} {'change' if len(changes) == 1 else 'changes'} applied."
            )

    def _record(self, changes: list[provision.Change]) -> None:
        record(
            "groupware.installation.provisioned",
            details={"changes": [self._line(item) for item in changes]},
        )

    def _line(self, change: provision.Change) -> str:
        name = f"{change.table} {change.identity}"
        return f"+ {name}" if change.is_new else f"~ {name}: {', '.join(change.fields)}"
