"""Taking one moment of a database into a file, and a database out of it, on both engines."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection, transaction

from .manifest import DATABASE, Manifest, Refused, expectations

IN_USE = "The database is not empty. Move it away, or name another in DATABASE_URL."


class Moment(NamedTuple):
    """`path` holds all of the database; `cursor` sees what it holds."""

    path: Path
    cursor: Any


class Engine(ABC):
    vendor: str

    @abstractmethod
    def moment(self, folder: Path) -> Any:
        """A context with the Moment, written into this folder; nobody is kept from writing."""

    @abstractmethod
    def refuse_used(self) -> None:
        """Raises Refused unless the database is empty and nobody else is connected."""

    @abstractmethod
    def folder(self) -> Path | None:
        """Where the file to restore has to lie to be moved into place; None where that is equal."""

    @abstractmethod
    def bring_in(self, path: Path, manifest: Manifest) -> None:
        """Makes the file the database if it is what the manifest says; else Refused, no change."""


class Sqlite(Engine):
    vendor = "sqlite"

    @property
    def path(self) -> Path:
        return Path(connection.settings_dict["NAME"])

    @contextmanager
    def moment(self, folder: Path) -> Iterator[Moment]:
        path = folder / DATABASE
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(path)])
        with closing(sqlite3.connect(path)) as copy:
            yield Moment(path, copy.cursor())

    def refuse_used(self) -> None:
        # What is in a log beside a database that is gone would be put into the new one.
        for rest in (f"{self.path}-wal", f"{self.path}-shm"):
            if Path(rest).exists() and not self.path.exists():
                raise Refused(f"{Path(rest).name} is left from another database. Move it away.")
        if self.path.exists() and self.path.stat().st_size:
            with closing(sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True)) as found:
                self._refuse_tables(found)

    def _refuse_tables(self, found: sqlite3.Connection) -> None:
        try:
            if found.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise Refused(IN_USE)
        except sqlite3.DatabaseError as error:
            raise Refused(IN_USE) from error

    def folder(self) -> Path:
        return self.path.parent

    def bring_in(self, path: Path, manifest: Manifest) -> None:
        with closing(sqlite3.connect(path)) as found:
            _check_sqlite(found, manifest)
        connection.close()
        for rest in (f"{self.path}-wal", f"{self.path}-shm"):
            Path(rest).unlink(missing_ok=True)
        path.chmod(0o600)
        os.replace(path, self.path)


def _check_sqlite(found: sqlite3.Connection, manifest: Manifest) -> None:
    """Raises Refused unless the database is whole and holds what the manifest says."""
    try:
        (said,) = found.execute("PRAGMA integrity_check").fetchone()
        if said != "ok":
            raise Refused(f"The database in this backup is damaged: {said}.")
        if broken := found.execute("PRAGMA foreign_key_check").fetchone():
            raise Refused(f"In this backup a row of {broken[0]} refers to nothing.")
        for one in expectations(manifest):
            if found.execute(one.sql).fetchone()[0] != one.count:
                raise Refused(f"In this backup {one.otherwise}.")
    except sqlite3.DatabaseError as error:
        raise Refused(f"The database in this backup is damaged: {error}.") from error


class Postgresql(Engine):
    vendor = "postgresql"

    @contextmanager
    def moment(self, folder: Path) -> Iterator[Moment]:
        path = folder / DATABASE
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            (snapshot,) = cursor.fetchone()
            # Not compressed here: the whole backup is.
            run_tool(
                *("pg_dump", "--format=custom", "--compress=0", "--no-owner", "--no-privileges"),
                *(f"--snapshot={snapshot}", f"--file={path}"),
            )
            yield Moment(path, cursor)

    def refuse_used(self) -> None:
        others, tables = (
            int(run_tool("psql", "-XAtc", sql))
            for sql in (
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
                "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()",
            )
        )
        if others:
            raise Refused(
                f"Others are connected to the database ({others}). Stop every server first."
            )
        if tables:
            raise Refused(IN_USE)

    def folder(self) -> None:
        return None

    def bring_in(self, path: Path, manifest: Manifest) -> None:
        """All of it in one transaction, which ends with what the manifest says being true."""
        script, checks = path.with_suffix(".sql"), path.with_suffix(".checks.sql")
        run_tool(
            *("pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(path)),
            otherwise="The database in this backup cannot be read",
        )
        checks.write_text(_as_block(manifest))
        run_tool(
            *("psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-o", os.devnull),
            *("-f", str(script), "-f", str(checks)),
            otherwise="The database in this backup was not taken in",
        )


def _as_block(manifest: Manifest) -> str:
    """Statements that fail unless the database holds what the manifest says."""
    tests = "".join(
        f"IF ({one.sql}) <> {one.count} THEN RAISE EXCEPTION '{one.otherwise}'; END IF;\n"
        for one in expectations(manifest)
    )
    # The script of pg_restore leaves no schema to search in.
    return f"SET search_path TO public;\nDO $check$ BEGIN\n{tests}END $check$;\n"


_ENVIRONMENT = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "service": "PGSERVICE",
}


def run_tool(*command: str, otherwise: str = "The database refused") -> str:
    """What a tool of PostgreSQL says, on the database in use.

    Where it fails, Refused gives the first line of its reason. The password goes by the
    environment, where other users of the machine cannot read it.
    """
    if not shutil.which(command[0]):
        raise Refused(f"{command[0]} is not installed; it comes with PostgreSQL's client programs.")
    given = connection.get_connection_params()
    named = {name: str(given[key]) for key, name in _ENVIRONMENT.items() if given.get(key)}
    done = subprocess.run(  # noqa: S603
        command, env=os.environ | named, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Refused(f"{otherwise}: {_reason(done.stderr)}")
    return done.stdout


def _reason(said: str) -> str:
    lines = [line for line in said.splitlines() if "error" in line.lower()] or said.splitlines()
    return lines[0].strip() if lines else "no reason was given."


def engine() -> Engine:
    """That of the database in use."""
    return Sqlite() if connection.vendor == "sqlite" else Postgresql()
