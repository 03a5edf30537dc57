"""Two people at the same moment, each with a connection of their own; and jobs without threads."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from unittest.mock import patch

from django.db import connection


def at_once(*acts):
    """What each of `acts` returns, or the exception it raised, in threads that start together."""
    start = Barrier(len(acts))

    def run(act):
        start.wait()
        try:
            return act()
        except Exception as error:  # noqa: BLE001 - a refusal is a result here
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@contextmanager
def written_at_once():
    """Whoever asks for a file has it written there and then, in the same transaction."""
    from issues.exports import jobs

    with patch.object(jobs, "wake", jobs.do_waiting):
        yield
