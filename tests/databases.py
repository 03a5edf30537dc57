"""The databases of a test run: migrated once, loaded with the case once, and then copied.

The processes of a run share them; whichever needs one first makes it, under a lock.
"""

import fcntl
import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections

CASE = ("schemes", "russia_us")


class Databases:
    """Those of the run with this name; its processes share the folder."""

    def __init__(self, folder, run, process):
        self.folder, self.run, self.process = Path(folder), run, process
        self.copies, self.mine = [], self.folder / f"{process}.user"
        self.mine.touch()

    def empty(self):
        """The name of the one that was migrated and holds nothing. To be copied, not written."""
        return self._made("empty", None, lambda: call_command("migrate", verbosity=0))

    def case(self):
        """The name of the one that holds the demo's case as well. To be copied, not written."""
        load = lambda: call_command("loaddata", *CASE, verbosity=0)  # noqa: E731
        return self._made("case", self.empty, load)

    def copy(self, original, name):
        """The name of a copy that this process may write to."""
        self.copies.append(_copy(original, self._name(f"{name}_{self.process}")))
        return self.copies[-1]

    def drop(self):
        """Remove the copies of this process; the last one removes the originals as well."""
        with self._locked():
            self.mine.unlink()
            notes = [] if any(self.folder.glob("*.user")) else list(self.folder.glob("*.made"))
            for name in (*self.copies, *(note.read_text() for note in notes)):
                _drop(name)
            for note in notes:
                note.unlink()

    def _made(self, name, original, fill):
        base, note = original and original(), self.folder / f"{name}.made"
        with self._locked():
            if not note.exists():
                made = _copy(base, self._name(name))
                with connected(made):
                    fill()
                note.write_text(made)
        return note.read_text()

    @contextmanager
    def _locked(self):
        with open(self.folder / "databases.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _name(self, name):
        name = f"parley_{self.run}_{name}"
        return str(self.folder / f"{name}.sqlite3") if _is_file() else name


def lead_to(name):
    """This process, whatever its threads, uses the database of this name from now on."""
    connection = connections[DEFAULT_DB_ALIAS]
    connection.close()
    if connection.settings_dict["OPTIONS"].get("pool"):
        connection.close_pool()
    # New threads connect by the very same mapping.
    connection.settings_dict["NAME"] = name


def address_of(name):
    """What DATABASE_URL is for another process that uses the database of this name."""
    if _is_file():
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


@contextmanager
def connected(name):
    """This thread's connection leads to the database of this name meanwhile."""
    outer = connections[DEFAULT_DB_ALIAS]
    # Connections of the pool lead to the other database.
    options = {key: value for key, value in outer.settings_dict["OPTIONS"].items() if key != "pool"}
    there = outer.settings_dict | {"NAME": name, "OPTIONS": options}
    connections[DEFAULT_DB_ALIAS] = inner = type(outer)(there, DEFAULT_DB_ALIAS)
    try:
        yield
    finally:
        inner.close()
        connections[DEFAULT_DB_ALIAS] = outer


def _drop(name):
    if _is_file():
        for end in ("", "-wal", "-shm"):
            Path(name + end).unlink(missing_ok=True)
    else:
        _on_the_server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _copy(original, name):
    if not _is_file():
        _on_the_server(f"CREATE DATABASE {name}" + (f" TEMPLATE {original}" if original else ""))
    elif original:
        shutil.copyfile(original, name)
    return name


def _on_the_server(statement):
    with connections[DEFAULT_DB_ALIAS]._nodb_cursor() as cursor:
        cursor.execute(statement)


def _is_file():
    return connections[DEFAULT_DB_ALIAS].vendor == "sqlite"
