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


@contextmanager
def elsewhere(folder, name="elsewhere"):
    """Somewhere empty; gone afterwards."""
    folder = Path(folder) / name
    folder.mkdir()
    if connection.vendor == "sqlite":
        yield Elsewhere(folder, f"sqlite:///{folder / 'parley.sqlite3'}")
        return
    given = connection.settings_dict
    database = f"{given['NAME']}_{name}_{os.getpid()}"
    server = {"host": given["HOST"], "port": given["PORT"], "user": given["USER"]}
    password = given["PASSWORD"] or None
    with psycopg.connect(
        **server, password=password, dbname="postgres", autocommit=True
    ) as outside:
        outside.execute(f'CREATE DATABASE "{database}"')
        try:
            secret = f":{quote(password)}" if password else ""
            place = f"{server['host']}:{server['port'] or 5432}"
            yield Elsewhere(folder, f"postgresql://{server['user']}{secret}@{place}/{database}")
        finally:
            outside.execute(f'DROP DATABASE "{database}" WITH (FORCE)')
