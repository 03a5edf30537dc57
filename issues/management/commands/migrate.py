from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

# Any number of ours, so that of two machines that upgrade at once one waits.
UPGRADING = 7_235_539


class Command(DjangoMigrate):
    """Django's migrate, all or nothing.

    Where one of several migrations fails, the database is as the version before left it: its
    triggers too, which are taken away for the time being. Its program goes on with it.
    """

    def handle(self, *args: Any, **options: Any) -> None:
        with in_one_piece(connections[options["database"]]):
            super().handle(*args, **options)


@contextmanager
def in_one_piece(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """One transaction around several migrations; within another one there is nothing to do."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        # Tables are made anew, which their own references would forbid. Off before it begins:
        # inside a transaction SQLite does not hear it.
        with connection.constraint_checks_disabled(), transaction.atomic(connection.alias):
            with _unchecked(connection):
                yield
            connection.check_constraints()
    else:
        with transaction.atomic(connection.alias), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [UPGRADING])
            # No table can be altered while references of its rows are still to be checked.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            yield


@contextmanager
def _unchecked(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Without Django's look at every reference after each migration; one at the end is the same.

    Of an upgrade of 100,000 entries by 18 migrations the looks are a third.
    """
    connection.check_constraints = lambda table_names=None: None  # type: ignore[method-assign]
    try:
        yield
    finally:
        del connection.check_constraints
