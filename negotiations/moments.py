"""Reading a page's rows as of one moment, while others write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction


@contextmanager
def one_moment() -> Iterator[None]:
    """All that is read within is as it was at the first query: a headline fits its history.

    Also a decorator, for views that only read: what writes within may be refused by the database.
    Inside a transaction it does nothing.
    """
    connection: Any = connections[DEFAULT_DB_ALIAS]
    if connection.in_atomic_block:
        yield
        return
    with _reading(connection), transaction.atomic():
        yield


@contextmanager
def _reading(connection: Any) -> Iterator[None]:
    """The next transaction keeps to one snapshot, and on SQLite holds up no writer."""
    kind: Any = "DEFERRED"
    if connection.vendor == "sqlite":
        owner, name = connection, "transaction_mode"
    else:
        from psycopg import IsolationLevel

        connection.ensure_connection()
        owner, name = connection.connection, "isolation_level"
        kind = IsolationLevel.REPEATABLE_READ
    before = getattr(owner, name)
    setattr(owner, name, kind)
    try:
        yield
    finally:
        # A connection that broke meanwhile is replaced, and cannot be set any more.
        if connection.vendor == "sqlite" or not owner.closed:
            setattr(owner, name, before)
