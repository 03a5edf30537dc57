"""Querysets whose SQL is worked out once.

Django takes 0.3 to 1 ms to turn a queryset into SQL, ten times what the database takes to answer
it. A page asks ten to twenty, always the same but for ids, days and scopes: together a third of
its time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import update_wrapper
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, QuerySet
from django.db.models.base import ModelState
from django.db.models.expressions import Col
from django.db.models.query import (
    FlatValuesListIterable,
    ModelIterable,
    ValuesIterable,
    ValuesListIterable,
)

from .scopes import Scope

Make = Callable[..., "QuerySet[Any]"]
# What decides about the SQL: kinds of values, lengths of lists, what is None.
Shape = Any
PLAIN = (int, str, bool, type(None))


class prepared:  # noqa: N801 - a decorator
    """Makes a function that returns a queryset into one that returns its rows.

    The function is called once for each shape of its arguments, with stand-ins for them, and has
    to use each just as it is. Ids, UUIDs, words, days, moments and scopes may differ from call to
    call, and lists of ids or words; None and booleans may decide what is asked. With an empty list
    there are no rows.
    """

    def __init__(self, make: Make) -> None:
        update_wrapper(self, make)
        self.make = make
        self.plans: dict[Hashable, _Plan] = {}

    def __call__(self, *given: Any) -> list[Any]:
        return self._rows(given, None)

    def between(self, start: int, stop: int | None, *given: Any) -> list[Any]:
        """Of the same rows those from place `start` up to `stop`; all that follow with None.

        One statement for every page: what a queryset is sliced by is part of its SQL.
        """
        if stop is None:
            return self(*given)[start:]
        return self._rows(given, (stop - start, start)) if start < stop else []

    def _rows(self, given: Sequence[Any], part: tuple[int, int] | None) -> list[Any]:
        flat: list[Any] = []
        shape = tuple(_take(value, flat) for value in given)
        if 0 in shape:
            return []
        connection = connections[DEFAULT_DB_ALIAS]
        key = (connection.vendor, shape)
        if key not in self.plans:
            self.plans[key] = _Plan(self.make, shape, connection)
        return self.plans[key].rows(flat, connection, part)


def _take(value: Any, flat: list[Any]) -> Shape:
    """Adds what may differ from call to call to `flat`; returns what decides about the SQL.

    Lists are filled up to a power of two, so that a few statements do for all lengths.
    """
    if value is None or isinstance(value, bool):
        return (value,)
    if isinstance(value, Scope):
        return _take_scope(value, flat)
    if not isinstance(value, list):
        flat.append(value)
        return type(value)
    if not value:
        return 0
    length = 1 << (len(value) - 1).bit_length()
    flat += value
    flat += value[-1:] * (length - len(value))
    return (type(value[0]), length)


def _take_scope(scope: Scope, flat: list[Any]) -> Shape:
    """One statement for the public, one for members, one for all delegations."""
    if scope.party_id is None:
        return (scope,)
    flat += [scope.key, scope.party_id]
    return Scope


def _stand_in(kind: type, place: int) -> Any:
    """A value that stands nowhere else in a query."""
    if issubclass(kind, int):
        return 2_000_000_000 + place
    if issubclass(kind, str):
        return f"stand-in {place}"
    if issubclass(kind, UUID):
        return UUID(int=place + 1)
    if issubclass(kind, dt.datetime):
        return dt.datetime(1000, 1, 1, tzinfo=dt.UTC) + dt.timedelta(place)
    if issubclass(kind, dt.date):
        return dt.date(1000, 1, 1) + dt.timedelta(place)
    raise TypeError(f"A prepared query takes no {kind.__name__}.")


def adapted(value: Any, connection: Any) -> Any:
    """As a field hands it to the database."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, UUID):
        return value if connection.features.has_native_uuid_field else value.hex
    if isinstance(value, dt.datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, dt.date):
        return connection.ops.adapt_datefield_value(value)
    if isinstance(value, dt.time):
        return connection.ops.adapt_timefield_value(value)
    return value


class _Plan:
    """One statement: its SQL, where its parameters go and how its rows are read."""

    def __init__(self, make: Make, shape: Sequence[Shape], connection: Any) -> None:
        stand_ins: list[Any] = []
        arguments, groups = [], []
        for form in shape:
            start = len(stand_ins)
            arguments.append(_stand(form, stand_ins))
            if len(stand_ins) > start:
                groups.append(range(start, len(stand_ins)))
        queryset = make(*arguments)
        self.compiler: Any = queryset.query.get_compiler(connection=connection)
        self.sql, params = self.compiler.as_sql()
        places = {adapted(one, connection): at for at, one in enumerate(stand_ins)}
        self.params = [(places.get(value), value) for value in params]
        used = {at for at, _value in self.params}
        if any(used.isdisjoint(group) for group in groups):
            raise ValueError(f"{make.__qualname__} has to use each of its arguments just as it is.")
        columns = [column for column, *_rest in self.compiler.select[: self.compiler.col_count]]
        self.converters = _needed(self.compiler.get_converters(columns), connection)
        self.shaped = _shaper(queryset, self.compiler)
        self.compiler.connection = None  # that of this thread only

    def rows(
        self, flat: Sequence[Any], connection: Any, part: tuple[int, int] | None = None
    ) -> list[Any]:
        """What Django makes of the answer, whatever the queryset yields; `part`: limit and offset.

        Without its way through iterators, generators and a fresh look at each column: a third less
        for a query of a few rows.
        """
        values = [adapted(value, connection) for value in flat]
        params = tuple(value if at is None else values[at] for at, value in self.params)
        sql = self.sql
        if part:
            sql, params = f"{sql} LIMIT %s OFFSET %s", (*params, *part)
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            found = cursor.fetchall()
        return self.shaped(self._converted(found, connection))

    def _converted(self, rows: list[Any], connection: Any) -> Iterable[Any]:
        if self.compiler.has_extra_select:
            rows = [row[: self.compiler.col_count] for row in rows]
        if not self.converters:
            return rows
        made = [list(row) for row in rows]
        for place, converts, column in self.converters:
            for convert in converts:
                for row in made:
                    row[place] = convert(row[place], column, connection)
        return made


def _needed(converters: dict[int, Any], connection: Any) -> list[tuple[int, list[Any], Any]]:
    """Of what Django does to columns: on SQLite, days and truths come as such from the driver.

    Looking at each of them once more took a tenth of the state of play. Moments come without their
    zone.
    """
    instead: dict[Any, list[Any]] = {}
    if connection.vendor == "sqlite":
        ops = connection.ops
        instead = {ops.convert_datefield_value: [], ops.convert_booleanfield_value: []}
        instead[ops.convert_datetimefield_value] = [_with_zone]
    found = []
    for place, (converts, column) in converters.items():
        kept = converts
        if isinstance(column, Col):
            kept = [each for one in converts for each in instead.get(one, [one])]
        if kept:
            found.append((place, kept, column))
    return found


def _with_zone(value: dt.datetime | None, _column: Any, connection: Any) -> dt.datetime | None:
    return value and value.replace(tzinfo=connection.timezone)


def _shaper(queryset: Any, compiler: Any) -> Callable[[Iterable[Any]], list[Any]]:
    """What makes of rows what this queryset yields."""
    kind, query = queryset._iterable_class, queryset.query
    if kind is ValuesListIterable:
        return lambda rows: list(map(tuple, rows))
    if kind is FlatValuesListIterable:
        return lambda rows: list(map(itemgetter(0), rows))
    if kind is ValuesIterable:
        names = tuple(query.selected or (*query.values_select, *query.annotation_select))
        return lambda rows: [dict(zip(names, row, strict=True)) for row in rows]
    if kind is ModelIterable and not compiler.annotation_col_map:
        return _Maker(compiler.klass_info, compiler.select).all
    raise TypeError(f"A prepared query yields no {kind.__name__}.")


class _Maker:
    """Makes a model's objects of rows, with those that `select_related` names.

    Django's own way looks at each field of each object, and makes the author of sixty entries
    sixty times: three quarters of the time that the entries of a long history took.
    """

    def __init__(self, info: Mapping[str, Any], select: Sequence[Any]) -> None:
        places = info["select_fields"]
        self.model: type[Model] = info["model"]
        self.span = slice(places[0], places[-1] + 1)
        self.names = [column.target.attname for column, *_rest in select[self.span]]
        self.key = places[0] + self.names.index(self.model._meta.pk.attname)
        self.related = [
            (_Maker(one, select), one["local_setter"], one["remote_setter"])
            for one in info.get("related_klass_infos", ())
        ]

    def all(self, rows: Iterable[Sequence[Any]]) -> list[Model]:
        """An object for each row; rows that are related to the same share one."""
        shared: dict[tuple[_Maker, Any], Model] = {}
        return [self._make(row, shared) for row in rows]

    def _make(self, row: Sequence[Any], shared: dict[tuple[_Maker, Any], Model]) -> Model:
        made = self.model.__new__(self.model)
        # What `Model.__init__` does with a value for each field; one that is left out is deferred.
        made._state = state = ModelState()
        state.adding, state.db = False, DEFAULT_DB_ALIAS
        made.__dict__.update(zip(self.names, row[self.span], strict=True))
        for maker, set_here, set_there in self.related:
            found = maker._shared(row, shared)
            set_here(made, found)
            if found:
                set_there(found, made)
        return made

    def _shared(self, row: Sequence[Any], shared: dict[tuple[_Maker, Any], Model]) -> Model | None:
        key = row[self.key]
        if key is None:
            return None
        if (self, key) not in shared:
            shared[self, key] = self._make(row, shared)
        return shared[self, key]


def _stand(form: Shape, stand_ins: list[Any]) -> Any:
    """An argument of this shape, made of stand-ins."""
    if form is Scope:
        return Scope(_stand(str, stand_ins), _stand(int, stand_ins))
    if isinstance(form, type):
        stand_ins.append(_stand_in(form, len(stand_ins)))
        return stand_ins[-1]
    if len(form) == 1:
        return form[0]
    kind, length = form
    return [_stand(kind, stand_ins) for _place in range(length)]
