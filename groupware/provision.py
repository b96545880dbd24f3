"""Makes the installation equal to a TOML file.

Each app brings a ``Section`` for its table. All sections work in one transaction: a row is compared with what is
stored and saved only when it differs, so applying a file twice changes nothing. Every problem of the file is collected;
one is enough to roll everything back. What the file does not name stays as it is: nothing is ever deleted.

``docs/provisioning.md`` lists every table and key. Secrets come from the file itself, from the environment
(``<key>_env``) or from another file (``<key>_file``), and are never printed.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models, transaction

from groupware import encryption

KEEP: Any = object()
_KIND_WORDS = {
    str: "text in quotes",
    bool: "true or false",
    int: "a whole number",
    list: 'a list such as ["a", "b"]',
}


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


@dataclass(frozen=True)
class Problem:
    """What is wrong with the file, where, and what to do about it."""

    place: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" + (f" {self.remedy}" if self.remedy else "")


@dataclass(frozen=True)
class Change:
    """A row that was added or changed; ``fields`` are names only, never values."""

    table: str
    identity: str
    is_new: bool
    fields: tuple[str, ...] = ()


class ProvisioningError(Exception):
    """The file was not applied; ``problems`` says why, all of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = list(problems)


class SkipRowError(Exception):
    """Nothing more can be said about this row; its problem is already noted."""


@dataclass
class Provisioning:
    """One run over one file."""

    path: Path
    problems: list[Problem] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    failed: set[tuple[str, str]] = field(default_factory=set)


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
        return str(self.given.get(self.section.identified_by, ""))

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
                self.problem(
                    f'there is no [[{table}]] named "{name}".',
                    key,
                    _nearest(name, known) or f"Add a [[{table}]].",
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
        """Report a change, with names of keys only."""
        self.run.changes.append(Change(self.section.table, self.identity, is_new, tuple(fields)))


class Section:
    """One table of the file. Subclass it, fill the class attributes and write ``apply``."""

    table: ClassVar[str]
    order: ClassVar[int] = 100
    keys: ClassVar[Sequence[Key]] = ()
    identified_by: ClassVar[str] = "key"
    is_single: ClassVar[bool] = False

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


_sections: dict[str, Section] = {}


def register(section: Section) -> None:
    """Add a section; the same table is taken once."""
    if section.table in _sections and type(_sections[section.table]) is not type(section):
        raise ValueError(f"The table {section.table!r} is registered twice.")
    _sections[section.table] = section


def apply(path: Path, *, check: bool = False) -> list[Change]:
    """Make the installation equal to the file and return what changed; with ``check`` only say so.

    Raises ProvisioningError with every problem found; nothing is applied then.
    """
    run = Provisioning(path)
    document = _read(run)
    with transaction.atomic():
        rows = _rows(run, document)
        for section in sorted(_sections.values(), key=lambda item: item.order):
            section.apply_all(rows.get(section.table, []))
        if run.problems:
            raise ProvisioningError(run.problems)
        if check:
            transaction.set_rollback(True)
    return run.changes


def _read(run: Provisioning) -> dict[str, Any]:
    try:
        return tomllib.loads(run.path.read_text(encoding="utf-8"))
    except OSError as exc:
        problem = Problem(
            str(run.path),
            f"the file cannot be read: {exc.strerror}.",
            "Check its path and its rights.",
        )
    except UnicodeDecodeError:
        problem = Problem(str(run.path), "the file is not UTF-8.", "Save it as UTF-8.")
    except tomllib.TOMLDecodeError as exc:
        problem = Problem(
            run.path.name, f"this is not TOML: {exc}.", "Correct the line that is named."
        )
    raise ProvisioningError([problem])


def _rows(run: Provisioning, document: dict[str, Any]) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {}
    for table, content in document.items():
        section = _sections.get(table)
        if section is None:
            remedy = _nearest(table, _sections) or f"Known tables: {', '.join(sorted(_sections))}."
            run.problems.append(Problem(f"{run.path.name}: [[{table}]]", "unknown table.", remedy))
            continue
        entries = [content] if section.is_single else content
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            head = f"[{table}]" if section.is_single else f"[[{table}]]"
            run.problems.append(
                Problem(
                    f"{run.path.name}: {table}",
                    "the table is written in another form.",
                    f"Write {head}.",
                )
            )
            continue
        made = [Row(run, section, number, entry) for number, entry in enumerate(entries, 1)]
        rows[table] = [row for row in made if _fill(row)]
        _refuse_duplicates(made)
    return rows


def _refuse_duplicates(rows: Sequence[Row]) -> None:
    seen: dict[str, int] = {}
    for row in rows:
        first = seen.setdefault(row.identity, row.number)
        if row.identity and first != row.number:
            row.problem(
                f"the same name as entry {first}.", row.section.identified_by, "Give each its own."
            )


def _fill(row: Row) -> bool:
    """Check the keys and types of a row and read its secrets; False when it cannot be applied."""
    before = len(row.run.problems)
    known = [name for key in row.section.keys for name in key.names]
    for name in row.given:
        if name not in known:
            row.problem(
                "unknown key.", name, _nearest(name, known) or f"Known keys: {', '.join(known)}."
            )
    for key in row.section.keys:
        given = [name for name in key.names if name in row.given]
        if len(given) > 1:
            row.problem(
                f"given in {len(given)} ways: {', '.join(given)}.", key.name, "Keep one of them."
            )
        elif given:
            _fill_key(row, key, given[0])
        elif key.required:
            row.problem("missing.", key.name, f"Add {' or '.join(key.names)}.")
        elif key.default is not KEEP:
            row.values[key.name] = key.default
    return len(row.run.problems) == before


def _fill_key(row: Row, key: Key, name: str) -> None:
    value = row.given[name]
    kind = str if name != key.name else key.kind
    is_right = type(value) is kind and (
        kind is not list or all(type(item) is str for item in value)
    )
    if not is_right:
        row.problem(f"must be {_KIND_WORDS[kind]}.", name)
    elif key.choices and value not in key.choices:
        row.problem(f'"{value}" is not possible.', name, f"Use one of: {', '.join(key.choices)}.")
    elif key.required and not value and value is not False and value != 0:
        row.problem("must not be empty.", name)
    elif name == f"{key.name}_env" and key.is_secret:
        if value in os.environ:
            row.values[key.name] = os.environ[value]
        else:
            row.problem(
                f"the environment variable {value} is not set.",
                name,
                "Set it before the command runs.",
            )
    elif key.is_file or (name == f"{key.name}_file" and key.is_secret):
        row.values[key.name] = _text_of(row, name, value) if value else ""
    else:
        row.values[key.name] = value


def _text_of(row: Row, name: str, value: str) -> str:
    path = row.run.path.parent / value
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as exc:
        row.problem(
            f"the file {path} cannot be read: {exc.strerror}.",
            name,
            "Paths are relative to this TOML file.",
        )
    except UnicodeDecodeError:
        row.problem(f"the file {path} is not text in UTF-8.", name)
    return ""


def _equal(instance: models.Model, name: str, value: Any) -> bool:
    try:
        return bool(getattr(instance, name) == value)
    except encryption.DecryptionError:  # its key is gone: the file is the chance to set it again
        return False


def _nearest(name: str, known: Any) -> str:
    match = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f'Did you mean "{match[0]}"?' if match else ""
