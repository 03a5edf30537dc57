"""Querysets whose SQL is worked out once.

Django takes 0.3 to 1 ms to turn a queryset into SQL, ten times what the database takes to answer
it. A page asks ten to twenty, always the same but for ids, days and scopes: together a third of
its time.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Hashable, Sequence
from functools import update_wrapper
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet

from .scopes import Scope

Make = Callable[..., "QuerySet[Any]"]
# What decides about the SQL: kinds of values, lengths of lists, what is None.
Shape = Any


class prepared:  # noqa: N801 - a decorator
    """Makes a function that returns a queryset into one that returns its rows.

    The function is called once for each shape of its arguments, with stand-ins for them, and has
    to use each just as it is. Ids, words, days, moments and scopes may differ from call to call,
    and lists of ids or words; None and booleans may decide what is asked. With an empty list there
    are no rows.
    """

    def __init__(self, make: Make) -> None:
        update_wrapper(self, make)
        self.make = make
        self.plans: dict[Hashable, _Plan] = {}

    def __call__(self, *given: Any) -> list[Any]:
        flat: list[Any] = []
        shape = tuple(_take(value, flat) for value in given)
        if 0 in shape:
            return []
        connection = connections[DEFAULT_DB_ALIAS]
        key = (connection.vendor, shape)
        if key not in self.plans:
            self.plans[key] = _Plan(self.make, shape, connection)
        return self.plans[key].rows(flat, connection)


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
    if issubclass(kind, dt.datetime):
        return dt.datetime(1000, 1, 1, tzinfo=dt.UTC) + dt.timedelta(place)
    if issubclass(kind, dt.date):
        return dt.date(1000, 1, 1) + dt.timedelta(place)
    raise TypeError(f"A prepared query takes no {kind.__name__}.")


def _adapted(value: Any, connection: Any) -> Any:
    """As a field hands it to the database."""
    if isinstance(value, dt.datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, dt.date):
        return connection.ops.adapt_datefield_value(value)
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
        self.queryset = make(*arguments)
        self.compiler: Any = self.queryset.query.get_compiler(connection=connection)
        self.sql, params = self.compiler.as_sql()
        places = {_adapted(one, connection): at for at, one in enumerate(stand_ins)}
        self.params = [(places.get(value), value) for value in params]
        used = {at for at, _value in self.params}
        if any(used.isdisjoint(group) for group in groups):
            raise ValueError(f"{make.__qualname__} has to use each of its arguments just as it is.")
        columns = [column for column, *_rest in self.compiler.select]
        self.converters = self.compiler.get_converters(columns)
        self.compiler.connection = None  # that of this thread only

    def rows(self, flat: Sequence[Any], connection: Any) -> list[Any]:
        """What Django makes of the answer, whatever the queryset yields."""
        values = [_adapted(value, connection) for value in flat]
        params = tuple(value if at is None else values[at] for at, value in self.params)
        compiler = copy.copy(self.compiler)
        compiler.connection = connection
        compiler.as_sql = lambda: (self.sql, params)
        compiler.get_converters = lambda _columns: self.converters
        made: Any = self.queryset
        query: Any = _Query(made.query, compiler)
        asked: Any = QuerySet(made.model, query)
        asked._iterable_class, asked._fields = made._iterable_class, made._fields
        return list(asked)


class _Query:
    """The queryset's query, with a compiler that knows the SQL already."""

    def __init__(self, query: Any, compiler: Any) -> None:
        self._query = query
        self._compiler = compiler

    def get_compiler(self, *_args: Any, **_kwargs: Any) -> Any:
        return self._compiler

    def __getattr__(self, name: str) -> Any:
        return getattr(self._query, name)


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
