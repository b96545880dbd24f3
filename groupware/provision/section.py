"""A table of the file: its keys, its rows, and how a row becomes what is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models

from groupware import encryption
from groupware.provision.report import Change, Problem, Provisioning, SkipRowError, nearest

KEEP: Any = object()


@dataclass(frozen=True)
class Key:
    """One key of a table.

    ``default`` stands for an absent key; ``KEEP`` leaves what is stored. ``is_secret`` also accepts ``name_env`` and
    ``name_file``. ``is_file`` means that the value is a path and the row sees the text of that file.
    """

    name: str
    kind: type = str
    required: bool = False
    default: Any = KEEP
    choices: tuple[str, ...] = ()
    is_secret: bool = False
    is_file: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Every spelling that may stand in the file."""
        return (
            (self.name, f"{self.name}_env", f"{self.name}_file") if self.is_secret else (self.name,)
        )


@dataclass
class Row:
    """One entry of a table with its values checked and its secrets read."""

    run: Provisioning
    section: Section
    number: int
    given: dict[str, Any]
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """What names this row among the others of its table."""
        return " ".join(
            str(self.given.get(name, "")) for name in self.section.identity_keys
        ).strip()

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or ``default`` when the key is absent and has none."""
        return self.values.get(key, default)

    def problem(self, message: str, key: str = "", remedy: str = "") -> None:
        """Note a problem; the run goes on to find the others."""
        table = (
            f"[{self.section.table}]"
            if self.section.is_single
            else f"[[{self.section.table}]] {self.number}"
        )
        name = f' "{self.identity}"' if self.identity else ""
        where = f', key "{key}"' if key else ""
        self.run.problems.append(
            Problem(f"{self.run.path.name}: {table}{name}{where}", message, remedy)
        )
        self.run.failed.add((self.section.table, self.identity))

    def reference(self, key: str, rows: models.QuerySet[Any], table: str, by: str = "key") -> Any:
        """The row of ``rows`` that ``key`` names; None when it names none. An unknown name skips this row."""
        return self.named(str(self.get(key) or ""), key, rows, table, by)

    def named(
        self, name: str, key: str, rows: models.QuerySet[Any], table: str, by: str = "key"
    ) -> Any:
        """Like ``reference`` for one name of a list."""
        if not name:
            return None
        found = rows.filter(**{by: name}).first()
        if found is None:
            if (
                table,
                name,
            ) not in self.run.failed:  # else it is named already, where the trouble is
                known = [str(value) for value in rows.values_list(by, flat=True)]
                known += self.run.named.get(table, [])
                self.problem(
                    f'there is no [[{table}]] named "{name}".',
                    key,
                    nearest(name, known) or f"Add a [[{table}]].",
                )
            self.run.failed.add((self.section.table, self.identity))
            raise SkipRowError
        return found

    def save(
        self,
        instance: models.Model,
        fields: Mapping[str, Any],
        keys: Mapping[str, str] | None = None,
    ) -> bool:
        """Set ``fields`` where they differ, validate and save; True when something changed.

        ``keys`` says which key of the file a field comes from, where the names differ. Raises SkipRowError when the
        values are refused.
        """
        is_new = instance._state.adding
        changed = [
            name for name, value in fields.items() if is_new or not _equal(instance, name, value)
        ]
        if not changed:
            return False
        for name in changed:
            setattr(instance, name, fields[name])
        try:
            instance.full_clean()
        except ValidationError as exc:
            self.refuse(exc, keys or {})
        instance.save()
        self.changed(is_new, [(keys or {}).get(name, name) for name in changed])
        return True

    def refuse(self, exc: ValidationError, keys: Mapping[str, str]) -> None:
        """Turn refused values into problems and give the row up."""
        for name, messages in exc.message_dict.items():
            key = "" if name == NON_FIELD_ERRORS else keys.get(name, name)
            self.problem(" ".join(messages), key)
        raise SkipRowError

    def changed(self, is_new: bool, fields: Sequence[str] = ()) -> None:
        """Report a change, with names of keys only; what is said of one row becomes one change."""
        changes, name = self.run.changes, (self.section.table, self.identity)
        for index, change in enumerate(changes):
            if (change.table, change.identity) == name:
                changes[index] = replace(change, fields=(*change.fields, *fields))
                return
        changes.append(Change(*name, is_new, tuple(fields)))


class Section:
    """One table of the file. Subclass it, fill the class attributes and write ``apply``."""

    table: ClassVar[str]
    order: ClassVar[int] = 100
    keys: ClassVar[Sequence[Key]] = ()
    identified_by: ClassVar[str | tuple[str, ...]] = "key"
    is_single: ClassVar[bool] = False

    @property
    def identity_keys(self) -> tuple[str, ...]:
        """The keys that together name a row; no two rows of a file may have the same."""
        return (self.identified_by,) if isinstance(self.identified_by, str) else self.identified_by

    def apply(self, row: Row) -> None:
        """Make the installation equal to this row, with ``row.save()``; note problems with ``row.problem()``."""
        raise NotImplementedError

    def apply_all(self, rows: Sequence[Row]) -> None:
        """Apply the rows in the order of the file; override where rows of the table refer to each other."""
        for row in rows:
            self.apply_one(row)

    def apply_one(self, row: Row) -> None:
        """Apply one row; a row that was given up is already noted."""
        try:
            self.apply(row)
        except SkipRowError:
            self._forget(row)

    def _forget(self, row: Row) -> None:
        row.run.failed.add((self.table, row.identity))


def _equal(instance: models.Model, name: str, value: Any) -> bool:
    try:
        return bool(getattr(instance, name) == value)
    except encryption.DecryptionError:  # its key is gone: the file is the chance to set it again
        return False
