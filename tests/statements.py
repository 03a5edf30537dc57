"""What is sent to the database, where looking at every row after each request would take long."""

import re
from contextlib import contextmanager

from django.db import connection

READING = re.compile(r"\s*(SELECT|SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT)\b")


@contextmanager
def noted_writes():
    """The statements of this thread meanwhile that may change a row: all but those that read."""
    sent = []

    def note(execute, sql, params, many, context):
        if not READING.match(sql):
            sent.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield sent
