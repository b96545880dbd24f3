"""The file as rows: tables and keys checked, types checked, secrets and files read."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from groupware.provision.report import Problem, Provisioning, ProvisioningError, nearest
from groupware.provision.section import KEEP, Key, Row, Section

_KIND_WORDS = {
    str: "text in quotes",
    bool: "true or false",
    int: "a whole number",
    list: 'a list such as ["a", "b"]',
}


def read(run: Provisioning) -> dict[str, Any]:
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


def rows_of(
    run: Provisioning, document: dict[str, Any], sections: Mapping[str, Section]
) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {}
    for table, content in document.items():
        section = sections.get(table)
        if section is None:
            remedy = nearest(table, sections) or f"Known tables: {', '.join(sorted(sections))}."
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
        run.named[table] = [row.identity for row in made]
        rows[table] = [row for row in made if _fill(row)]
        _refuse_duplicates(made)
    return rows


def _refuse_duplicates(rows: Sequence[Row]) -> None:
    seen: dict[str, int] = {}
    for row in rows:
        first = seen.setdefault(row.identity, row.number)
        if row.identity and first != row.number:
            row.problem(
                f"the same name as entry {first}.",
                row.section.identity_keys[-1],
                "Give each its own.",
            )


def _fill(row: Row) -> bool:
    """Check the keys and types of a row and read its secrets; False when it cannot be applied."""
    before = len(row.run.problems)
    known = [name for key in row.section.keys for name in key.names]
    for name in row.given:
        if name not in known:
            row.problem(
                "unknown key.", name, nearest(name, known) or f"Known keys: {', '.join(known)}."
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
        row.problem(
            f'"{value}" is not possible.',
            name,
            f"Use one of: {', '.join(filter(None, key.choices))}.",
        )
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
