"""A second site, empty, on a database of the same kind and in a folder of its own."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]


class Elsewhere:
    """`run` starts a command of Python there; `url` is its DATABASE_URL."""

    def __init__(self, folder, url):
        self.folder, self.url = folder, url
        self.env = os.environ | {"DATABASE_URL": url, "PARLEY_VAR": str(folder)}

    def run(self, *command, **environment):
        return subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env=self.env | environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    def restore(self, file, **environment):
        return self.run("manage.py", "restore", str(file), **environment)

    def look(self, username, password):
        """What `tests.drills.look` finds there."""
        done = self.run("-m", "tests.drills.look", username, password)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout.splitlines()[-1])


def address_of(name):
    """DATABASE_URL of a database beside the one in use; on SQLite the name is a path."""
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    given = connection.settings_dict
    secret = f":{quote(given['PASSWORD'])}" if given["PASSWORD"] else ""
    place = f"{given['HOST']}:{given['PORT'] or 5432}"
    return f"postgresql://{given['USER']}{secret}@{place}/{name}"


@contextmanager
def elsewhere(folder, name="elsewhere"):
    """Somewhere empty; gone afterwards."""
    folder = Path(folder) / name
    folder.mkdir()
    if connection.vendor == "sqlite":
        yield Elsewhere(folder, address_of(folder / "parley.sqlite3"))
        return
    database = f"{connection.settings_dict['NAME']}_{name}_{os.getpid()}"
    with psycopg.connect(address_of("postgres"), autocommit=True) as outside:
        outside.execute(f'CREATE DATABASE "{database}"')
        try:
            yield Elsewhere(folder, address_of(database))
        finally:
            outside.execute(f'DROP DATABASE "{database}" WITH (FORCE)')
