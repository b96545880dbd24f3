"""Thousands of rows in one statement, where an instance a time would make a page wait.

What differs from row to row travels as one JSON text which the database takes apart (``json_to_recordset`` of
PostgreSQL, ``json_each`` of SQLite); what is the same for all is a parameter. No signal is sent and nothing is
validated: the caller has done that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, models


def insert(objects: Sequence[models.Model], varying: Iterable[str]) -> None:
    """Insert ``objects`` of one model; columns besides ``varying`` are the same as in the first.

    The objects do not learn their primary keys.
    """
    if not objects:
        return
    model = type(objects[0])
    meta = model._meta
    pk = meta.pk
    fields = [field for field in meta.concrete_fields if field is not pk]
    different = _fields(model, varying)
    same = {
        field: field.get_db_prep_save(field.pre_save(objects[0], add=True), connection)
        for field in fields
        if field not in different
    }
    expressions = [_read(field) if field in different else "%s" for field in fields]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in fields)
    statement = (
        f"INSERT INTO {quote(meta.db_table)} ({columns}) "  # noqa: S608 - names of our own models
        f"SELECT {', '.join(expressions)} FROM {_source(different)}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*same.values(), _text(objects, different, add=True)])


def update(objects: Sequence[models.Model], varying: Iterable[str], **same: Any) -> int:
    """Write the columns ``varying`` of ``objects`` from each, and ``same`` alike in all; return how many rows."""
    if not objects:
        return 0
    model = type(objects[0])
    meta = model._meta
    different = _fields(model, varying)
    alike = _fields(model, same)
    quote = connection.ops.quote_name
    table, pk = quote(meta.db_table), meta.pk
    settings = [f"{quote(field.column)} = %s" for field in alike]
    settings += [f"{quote(field.column)} = {_read(field)}" for field in different]
    statement = (
        f"UPDATE {table} SET {', '.join(settings)} FROM {_source([pk, *different])} "  # noqa: S608
        f"WHERE {table}.{quote(pk.column)} = {_read(pk)}"
    )
    values = [field.get_db_prep_save(same[field.attname], connection) for field in alike]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, _text(objects, [pk, *different], add=False)])
        return int(cursor.rowcount)


def _fields(model: type[models.Model], names: Iterable[str]) -> list[Any]:
    """The fields of a model by the names of their attributes, in the model's order; foreign keys end in ``_id``."""
    wanted = set(names)
    found = [field for field in model._meta.concrete_fields if field.attname in wanted]
    if len(found) != len(wanted):
        raise LookupError(f"{model.__name__} has not all of {sorted(wanted)}.")
    return found


def _source(fields: Iterable[Any]) -> str:
    if connection.vendor == "sqlite":
        return "json_each(%s) AS v"
    described = (
        f"{connection.ops.quote_name(field.column)} {field.rel_db_type(connection)}"
        if field.primary_key
        else f"{connection.ops.quote_name(field.column)} {field.db_type(connection)}"
        for field in fields
    )
    return f"json_to_recordset(%s::json) AS v({', '.join(described)})"


def _read(field: Any) -> str:
    if connection.vendor == "sqlite":
        return f"json_extract(v.value, '$.{field.column}')"
    return f"v.{connection.ops.quote_name(field.column)}"


def _text(objects: Sequence[models.Model], fields: Sequence[Any], *, add: bool) -> str:
    rows = [
        {field.column: _plain(field.get_prep_value(field.pre_save(one, add))) for field in fields}
        for one in objects
    ]
    return json.dumps(rows, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """A value as JSON carries it and the database reads it."""
    if isinstance(value, UUID):
        return str(value) if connection.features.has_native_uuid_field else value.hex
    if isinstance(value, datetime):
        adapted = connection.ops.adapt_datetimefield_value(value)
        return adapted.isoformat() if isinstance(adapted, datetime) else adapted
    return value
