"""How long an upgrade takes: `python -m tests.upgrades.measure RELEASE [entries] [--write]`.

RELEASE is a commit. Its own program writes the entries (100,000 unless told) into a database of
this run, then this version migrates it. DATABASE_URL may name an empty one. Prints how
long that took; with --write into BENCHMARKS.md.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.drills.survival import keep, timed

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 60


def main(release, entries="100000", write=""):
    with tempfile.TemporaryDirectory() as folder:
        checkout = Path(folder) / "release"
        checkout.mkdir()
        archive = subprocess.run(
            ["git", "archive", release], cwd=ROOT, capture_output=True, check=True
        )
        subprocess.run(["tar", "-x"], cwd=checkout, input=archive.stdout, check=True)
        env = {"DATABASE_URL": f"sqlite:///{folder}/large.sqlite3"} | os.environ
        env["DJANGO_SETTINGS_MODULE"] = "tests.bench.settings"
        # As the release does it: with its own models, rules and triggers.
        fill = ["-m", "tests.bench.export", entries, "--bring-in"]
        subprocess.run([sys.executable, *fill], cwd=checkout, env=env, check=True)
        taken, what = {}, f"upgrade from {release}"
        with timed(taken, what):
            subprocess.run([sys.executable, "manage.py", "migrate"], cwd=ROOT, env=env, check=True)
    engine = env["DATABASE_URL"].partition(":")[0]
    keep(taken, engine, int(entries), write=write == "--write")
    seconds = taken[what]["seconds"]
    sys.exit(0 if seconds < LIMIT else f"More than {LIMIT} s.")


if __name__ == "__main__":
    main(*sys.argv[1:])
