"""Rows added, changed and removed without Django's way to the SQL, as `prepared` reads them.

`bulk_create`, `save`, `update` and `delete` take 0.2 to 0.4 ms for a row or two, three times what
the database takes. One entry is a dozen of them: together a quarter of the time to record it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model

from .prepared import adapted

# More rows at a time are for `bulk_create`; so a few statements do for all lengths.
MOST = 16


def insert(rows: Sequence[Model]) -> None:
    """Adds rows of one model, which get their ids, as `bulk_create` does: without signals.

    For models whose values are plain: words, numbers, days, moments, truths, UUIDs.
    """
    if not rows:
        return
    if len(rows) > MOST:
        type(rows[0])._default_manager.bulk_create(rows, batch_size=500)
        return
    connection = connections[DEFAULT_DB_ALIAS]
    key = (connection.vendor, type(rows[0]), len(rows), rows[0].pk is None)
    if key not in _statements:
        _statements[key] = _Statement(rows, connection)
    _statements[key].carry_out(rows, connection)


class _Statement:
    def __init__(self, rows: Sequence[Model], connection: Any) -> None:
        meta = rows[0]._meta
        given_by_database = meta.pk if rows[0].pk is None else None
        fields = [f for f in meta.local_concrete_fields if f is not given_by_database]
        self.names = [field.attname for field in fields]
        self.sql = _inserting(meta, [str(f.column) for f in fields], len(rows), connection)

    def carry_out(self, rows: Sequence[Model], connection: Any) -> None:
        params = [adapted(getattr(row, name), connection) for row in rows for name in self.names]
        for row, pk in zip(rows, _given(connection, self.sql, params), strict=True):
            row.pk = pk
            row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def _inserting(
    meta: Any, columns: Sequence[str], rows: int, connection: Any, unique: Sequence[str] = ()
) -> str:
    """`unique`: where a row with the same ones is there, the others are set in it."""
    quote = connection.ops.quote_name
    one = f"({', '.join(['%s'] * len(columns))})"
    instead = ""
    if unique:
        given = ", ".join(
            f"{quote(column)} = excluded.{quote(column)}"
            for column in columns
            if column not in unique
        )
        instead = f" ON CONFLICT ({', '.join(map(quote, unique))}) DO UPDATE SET {given}"
    return (
        f"INSERT INTO {quote(meta.db_table)} ({', '.join(map(quote, columns))}) "  # noqa: S608 - names of our own
        f"VALUES {', '.join([one] * rows)}{instead} RETURNING {quote(meta.pk.column)}"
    )


def _given(connection: Any, sql: str, params: Sequence[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [pk for (pk,) in cursor.fetchall()]


_statements: dict[Hashable, _Statement] = {}


def put(model: type[Model], rows: Sequence[Mapping[str, Any]], unique: Sequence[str]) -> list[int]:
    """Adds rows, or changes those that are there already with the same `unique` values.

    Each is given by all attribute names but that of its id, always in the same order. Returns the
    ids, in the order of the rows.
    """
    if not rows:
        return []
    names = list(rows[0])
    if len(rows) > MOST:
        fields = [model._meta.get_field(name.removesuffix("_id")).name for name in names]
        key = [field for field, name in zip(fields, names, strict=True) if name in unique]
        made = model._default_manager.bulk_create(
            [model(**row) for row in rows],
            batch_size=500,
            update_conflicts=True,
            update_fields=[field for field in fields if field not in key],
            unique_fields=key,
        )
        return [row.pk for row in made]
    connection = connections[DEFAULT_DB_ALIAS]
    sql = _putting(model, tuple(names), len(rows), tuple(unique), connection.vendor)
    params = [adapted(row[name], connection) for row in rows for name in names]
    return _given(connection, sql, params)


@cache
def _putting(
    model: type[Model], names: Sequence[str], rows: int, unique: Sequence[str], _vendor: str
) -> str:
    columns = {name: _column(model, name) for name in names}
    key = [columns[name] for name in unique]
    connection = connections[DEFAULT_DB_ALIAS]
    return _inserting(model._meta, list(columns.values()), rows, connection, key)


def update(model: type[Model], pks: Sequence[int], **columns: Any) -> None:
    """Gives the rows with these ids these plain values, by attribute names, as `update` does."""
    connection = connections[DEFAULT_DB_ALIAS]
    quote = connection.ops.quote_name
    given = ", ".join(f"{quote(_column(model, name))} = %s" for name in columns)
    values = [adapted(value, connection) for value in columns.values()]
    sql = f"UPDATE {quote(model._meta.db_table)} SET {given}"  # noqa: S608 - names of our own
    _run(connection, sql, values, "id", pks)


def delete(model: type[Model], name: str, values: Sequence[int]) -> None:
    """Removes the rows with one of these values in a column, and nothing that hangs on them.

    The database refuses to remove what something hangs on.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    table = connection.ops.quote_name(model._meta.db_table)
    _run(connection, f"DELETE FROM {table}", [], _column(model, name), values)  # noqa: S608 - a name of our own


def _column(model: type[Model], name: str) -> str:
    field: Any = model._meta.get_field(name)
    return str(field.column)


def _run(connection: Any, begun: str, params: list[Any], column: str, ids: Sequence[int]) -> None:
    if not ids:
        return
    listed = ", ".join(["%s"] * len(ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"{begun} WHERE {connection.ops.quote_name(column)} IN ({listed})", [*params, *ids]
        )
