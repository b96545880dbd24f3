"""``manage.py rotate_encryption_key``: seal every stored secret with the first key of the ring."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import models

from groupware import encryption

BATCH = 500


def _sealed_columns() -> Iterator[tuple[type[models.Model], encryption.EncryptedTextField]]:
    for model in apps.get_models():
        for column in model._meta.concrete_fields:
            if isinstance(column, encryption.EncryptedTextField):
                yield model, column


def _key_of(sealed: encryption.Sealed) -> str:
    return sealed.text.split(":")[1]


class Command(BaseCommand):
    """Safe beside a running installation, and safe to interrupt: it goes on where it stopped."""

    help = "Seals every stored secret with the first key of GROUPWARE_ENCRYPTION_KEYS and counts values by key."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--report", action="store_true", help="only count the values by key")

    def handle(self, *args: Any, **options: Any) -> None:
        primary = encryption.key_ring().primary
        keys: Counter[str] = Counter()
        lost = 0
        for model, column in _sealed_columns():
            rows = model._base_manager.exclude(**{column.name: ""})
            for public_id, sealed in rows.values_list("public_id", column.name).iterator(BATCH):
                if not options["report"] and _key_of(sealed) != primary:
                    lost += not self._rewrap(model, column, public_id, sealed)
            keys.update(
                _key_of(value) for value in rows.values_list(column.name, flat=True).iterator(BATCH)
            )
        for key, count in sorted(keys.items()):
            self.stdout.write(
                f"{key}: {count} values{' (seals new values)' if key == primary else ''}"
            )
        if lost:
            raise CommandError(
                f"{lost} values do not open with any key of the ring and stay as they are."
            )
        if set(keys) <= {primary}:
            self.stdout.write("Every other key may be taken out of GROUPWARE_ENCRYPTION_KEYS.")

    def _rewrap(
        self, model: type[models.Model], column: Any, public_id: Any, sealed: encryption.Sealed
    ) -> bool:
        context = f"{model._meta.db_table}.{column.column}.{public_id}"
        try:
            plaintext = encryption.key_ring().decrypt(sealed.text, context)
        except encryption.DecryptionError:
            return False
        # Only while it is still the value that was read: a token refreshed meanwhile is newer than this one.
        rows = model._base_manager.filter(public_id=public_id, **{column.name: sealed})
        rows.update(**{column.name: encryption.seal(model, column.column, public_id, plaintext)})
        return True
