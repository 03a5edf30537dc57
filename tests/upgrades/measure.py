"""How long an upgrade takes: `python -m tests.upgrades.measure RELEASE [entries]`.

RELEASE is a commit. Its own program writes the entries (100,000 unless told) into a database of
this run, then this version migrates it. DATABASE_URL may name an empty one; prints seconds.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 60


def main(release, entries="100000"):
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
        begun, worked = time.monotonic(), processor()
        subprocess.run([sys.executable, "manage.py", "migrate"], cwd=ROOT, env=env, check=True)
        seconds, busy = time.monotonic() - begun, processor() - worked
    print(f"{int(entries):,} entries from {release}: {seconds:.1f} s, processor {busy:.1f} s")
    sys.exit(0 if seconds < LIMIT else f"More than {LIMIT} s.")


def processor():
    """Seconds that the processes started here have worked; on a busy machine not what it took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main(*sys.argv[1:])
