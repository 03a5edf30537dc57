"""Measures everything and writes it into BENCHMARKS.md, between its marks.

    python -m tests.bench.all [--sizes 100,1000,10000] [--databases sqlite,postgresql]
                              [--repeats 40] [--asks 30] [--memory 10000] [--saves 30]
                              [--drill 60] [--quick] [--no-write]

Seeded databases are kept under var/bench: the first run takes some minutes longer. `--quick` is
small in everything, to try whether it works. Drills are left out with `--drill 0`, the browser with
`--saves 0`, memory with `--memory 0`.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.bench import tables
from tests.drills.places import ROOT, Cluster

FOLDER = ROOT / "var" / "bench"
HERE = Path(__file__).parent
# Of more than this many items the rest is copied.
WRITTEN = 1000
DRILLS = {"many": "Three web processes and PostgreSQL", "one": "SQLite and two workers"}


def main():
    asked = _asked()
    begun = time.monotonic()
    FOLDER.mkdir(parents=True, exist_ok=True)
    found = {"sites": [], "drills": []}
    for _step in _steps(asked, found):
        found["seconds"] = round(time.monotonic() - begun)
        # After every step: whoever stops it keeps what was measured until then.
        (FOLDER / "all.json").write_text(json.dumps(found, indent=1))
        if asked.write:
            tables.write(tables.everything(found))
    print(*(f"{part}\n" for part in tables.everything(found).values()), sep="\n")


def _steps(asked, found):
    """Measures one thing after the other into `found`."""
    sizes = sorted(map(int, asked.sizes.split(",")))
    usual = sizes[-2:][0]
    for engine in asked.databases.split(","):
        with ENGINES[engine]() as databases:
            for size in sizes:
                found["sites"].append(_site(databases, size, asked, size == usual))
                yield
            if engine == "sqlite" and asked.saves:
                _say("at the browser")
                found["browser"] = _run("browser", databases.copy(usual), "--saves", asked.saves)
                yield
    for name in DRILLS if asked.drill else ():
        found["drills"].append(_drill(name, asked.drill))
        yield


def _drill(name, seconds):
    """What it found; also where it found something wrong, which it says itself."""
    _say(f"drill: {DRILLS[name]}")
    kept = ROOT / "var" / "drills" / f"{name}.json"
    kept.unlink(missing_ok=True)
    command = [sys.executable, "-m", f"tests.drills.{name}", "--seconds", str(seconds)]
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    return json.loads(kept.read_text())


def _asked():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", default="100,1000,10000")
    parser.add_argument("--databases", default="sqlite,postgresql")
    numbers = {"repeats": 40, "asks": 30, "memory": 10_000, "saves": 30, "drill": 60}
    for name, default in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--no-write", dest="write", action="store_false")
    asked = parser.parse_args()
    if asked.quick:
        small = {"sizes": "60,120", "repeats": 3, "asks": 4, "memory": 200, "saves": 3, "drill": 10}
        vars(asked).update(small)
    return asked


def _site(databases, size, asked, with_memory):
    _say(f"{databases.name}, {size:,} items")
    memory = asked.memory if with_memory else 0
    url = databases.copy(size)
    options = ("--items", min(size, WRITTEN), "--repeats", asked.repeats, "--asks", asked.asks)
    return _run("site", url, *options, "--memory", memory) | {"size": size}


def _run(module, url, *options):
    out = FOLDER / "one.json"
    command = [sys.executable, "-m", f"tests.bench.{module}", "--out", out, *options]
    environment = os.environ | {"DATABASE_URL": url}
    subprocess.run([str(part) for part in command], cwd=ROOT, env=environment, check=True)
    return json.loads(out.read_text())


def _seed(url, items, times=1):
    _say(f"  seeding {items * times:,} items")
    none = ("--repeats", 0, "--asks", 0)
    _run("site", url, "--items", items, "--times", times, *none)


def _say(line):
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def _recipe():
    """Another one makes other databases."""
    files = ("seed.py", "grow.py")
    return hashlib.sha256(b"".join((HERE / f).read_bytes() for f in files)).hexdigest()[:8]


class Databases:
    """Seeded ones, each made once; what is measured is a copy, which the measuring changes."""

    # What is added to the address while it is seeded.
    seeding = ""

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        pass

    def copy(self, size):
        """The address of a fresh copy of the database of this size."""
        kept = f"bench_{size}_{_recipe()}"
        if not self.exists(kept):
            if size > WRITTEN:
                self.duplicate(self.base(), f"{kept}_new")
            else:
                self.create(f"{kept}_new")
            address = self.url(f"{kept}_new") + self.seeding
            _seed(address, min(size, WRITTEN), max(1, size // WRITTEN))
            self.rename(f"{kept}_new", kept)
        self.duplicate(kept, "bench_work")
        return self.url("bench_work")

    def base(self):
        self.copy(WRITTEN)
        return f"bench_{WRITTEN}_{_recipe()}"


class Sqlite(Databases):
    name = "SQLite"

    def url(self, name):
        return f"sqlite:///{self._file(name)}"

    def exists(self, name):
        return self._file(name).exists()

    def create(self, name):
        self._remove(name)

    def duplicate(self, name, copy):
        """Through SQLite itself: what was written last may lie in a file beside it."""
        import sqlite3

        self._remove(copy)
        kept = sqlite3.connect(self._file(name))
        kept.execute("VACUUM INTO ?", [str(self._file(copy))])
        kept.close()

    def rename(self, name, kept):
        self.duplicate(name, kept)
        self._remove(name)

    def _file(self, name):
        return FOLDER / f"{name}.sqlite3"

    def _remove(self, name):
        for ending in ("", "-wal", "-shm"):
            Path(f"{self._file(name)}{ending}").unlink(missing_ok=True)


class Postgres(Databases):
    """In a cluster of its own, which stays; its server runs only meanwhile."""

    name = "PostgreSQL"
    # Nobody waits for the disk there: what is lost with the power is seeded anew.
    seeding = "?options=-c%20synchronous_commit%3Doff"

    def __enter__(self):
        self.cluster = Cluster(FOLDER)
        return self

    def __exit__(self, *exc_info):
        self.cluster.stop("fast")

    def url(self, name):
        return self.cluster.url.rpartition("/")[0] + f"/{name}"

    def exists(self, name):
        return bool(self._do("SELECT 1 FROM pg_database WHERE datname = %s", name))

    def create(self, name):
        self._do(f"DROP DATABASE IF EXISTS {name}")
        self._do(f"CREATE DATABASE {name}")

    def duplicate(self, name, copy):
        self._do(f"DROP DATABASE IF EXISTS {copy}")
        self._do(f"CREATE DATABASE {copy} TEMPLATE {name}")

    def rename(self, name, kept):
        self._do(f"ALTER DATABASE {name} RENAME TO {kept}")

    def _do(self, sql, *values):
        import psycopg

        with psycopg.connect(self.cluster.url, autocommit=True) as connection:
            cursor = connection.execute(sql, values)
            return cursor.fetchall() if cursor.description else []


ENGINES = {"sqlite": Sqlite, "postgresql": Postgres}

if __name__ == "__main__":
    if shutil.which("nginx") is None:
        print("nginx is missing: the drill with several processes will say so.", file=sys.stderr)
    main()
