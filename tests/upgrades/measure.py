"""How long an upgrade takes: `python -m tests.upgrades.measure RELEASE [entries] [--write]`.

RELEASE is a commit. Its own program writes the entries (100,000 unless told) into a database of
this run, then this version migrates it: on SQLite, then on a PostgreSQL that the run starts and
stops. DATABASE_URL may name one empty database instead. Prints how long that took; with --write
into BENCHMARKS.md.
"""

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from tests.drills.places import ROOT, Cluster
from tests.drills.survival import keep, timed

LIMIT = 60


def main(release, entries="100000", write=""):
    slow = []
    with tempfile.TemporaryDirectory() as folder:
        checkout = Path(folder) / "release"
        checkout.mkdir()
        archive = subprocess.run(
            ["git", "archive", release], cwd=ROOT, capture_output=True, check=True
        )
        subprocess.run(["tar", "-x"], cwd=checkout, input=archive.stdout, check=True)
        for place in places():
            with place(Path(folder)) as url:
                taken, what = {}, f"upgrade from {release}"
                upgrade(checkout, entries, url, taken, what)
                engine = url.partition(":")[0]
            keep(taken, engine, int(entries), write=write == "--write")
            slow += [engine] if taken[what]["seconds"] >= LIMIT else []
    sys.exit(f"{LIMIT} s or more on {' and '.join(slow)}." if slow else 0)


def upgrade(checkout, entries, url, taken, what):
    env = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.bench.settings"}
    # As the release does it: with its own models, rules and triggers.
    fill = ["-m", "tests.bench.export", entries, "--bring-in"]
    subprocess.run([sys.executable, *fill], cwd=checkout, env=env, check=True)
    with timed(taken, what):
        subprocess.run([sys.executable, "manage.py", "migrate"], cwd=ROOT, env=env, check=True)


def places():
    return [given] if os.environ.get("DATABASE_URL") else [sqlite, postgresql]


@contextmanager
def given(_folder):
    yield os.environ["DATABASE_URL"]


@contextmanager
def sqlite(folder):
    yield f"sqlite:///{folder}/large.sqlite3"


@contextmanager
def postgresql(folder):
    cluster = Cluster(folder)
    try:
        yield cluster.url
    finally:
        cluster.stop("fast")


if __name__ == "__main__":
    main(*sys.argv[1:])
