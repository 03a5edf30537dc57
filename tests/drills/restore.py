"""The restore drill: back up while people write, restore elsewhere, look at everything there.

    python -m tests.drills.restore [entries] [--write]      10,000 unless told

Seeds a database of its own (DATABASE_URL; else a file that is gone afterwards) and prints how long
each step took; with --write into BENCHMARKS.md. The suite runs it small: see test_restore.py.
"""

import os
import sys
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

WRITERS = 3
ENTRIES = 10_000


@dataclass
class Drill:
    """What was acknowledged before the backup began and until it had ended, and what was found."""

    before: set
    acknowledged: set
    found: dict
    manifest: object
    taken: dict = field(default_factory=dict)

    @property
    def lost(self):
        return self.before - set(self.found["entries"])

    @property
    def invented(self):
        return set(self.found["entries"]) - self.acknowledged

    @property
    def differing(self):
        """Tables with other rows, and chains with other ends, than the manifest says."""
        kept, found = self.manifest.rows, self.found["rows"]
        tables = [name for name in kept if found.get(name) != kept[name]]
        heads = [list(vars(one).values()) for one in self.manifest.chains]
        return tables + ["chains"] * (heads != self.found["chains"])


def drill(folder, negotiation, user, password):
    """Everything, in a folder that is empty."""
    from issues.backups import make_backup
    from issues.models import Entry

    from .elsewhere import elsewhere
    from .survival import timed

    taken, file = {}, Path(folder) / "drill.backup"
    noted = {str(uuid) for uuid in Entry.objects.values_list("uuid", flat=True)}
    with writers(negotiation, user, noted) as written:
        with timed(taken, "backup, while people write"):
            before = set(written)
            manifest = make_backup(file, tell=lambda _line: None)
        during = len(written) - len(before)
    assert during, "nobody wrote while the backup ran"
    with elsewhere(folder) as place:
        with timed(taken, "restore"):
            done = place.restore(file)
            assert done.returncode == 0, done.stderr
        with timed(taken, "looking at all that was restored"):
            found = place.look(user.username, password)
    return Drill(before, set(written), found, manifest, taken)


@contextmanager
def writers(negotiation, user, written):
    """People at work in threads; each entry is in `written` once it is acknowledged, none after."""
    stop, failures = threading.Event(), []
    begun = threading.Barrier(WRITERS + 1)
    issues = list(negotiation.issues.all()[:WRITERS])
    threads = [
        threading.Thread(target=_write, args=(issue, user, written, stop, begun, failures))
        for issue in issues
    ]
    for thread in threads:
        thread.start()
    begun.wait(60)
    try:
        yield written
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []


def _write(issue, user, written, stop, begun, failures):
    from django.db import connection

    from tests.factories import record

    is_first = True
    try:
        while is_first or not stop.is_set():
            written.add(str(record(issue, "RU", "Agreed", by=user).uuid))
            if is_first:
                begun.wait(60)
                is_first = False
    except Exception as error:  # noqa: BLE001 - told by the thread that waits
        failures.append(error)
        begun.abort()
    finally:
        connection.close()


# --- As a command ---------------------------------------------------------------------------------


def main(entries=ENTRIES, write=""):
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/drill.sqlite3")
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        os.environ["PARLEY_VAR"] = folder
        import django

        django.setup()
        from django.db import connection

        from .survival import keep

        negotiation, user = _seeded(int(entries))
        result = drill(folder, negotiation, user, "a long password")
        restored = len(result.found["entries"])
        keep(result.taken, connection.vendor, restored, write=write == "--write")
        wrong = [
            *(*result.found["faults"], *result.differing),
            *(f"{uuid} is lost" for uuid in result.lost),
            *(f"{uuid} was never acknowledged" for uuid in result.invented),
        ]
        print(f"Written while it ran: {len(result.acknowledged - result.before):,}")
        print(f"Acknowledged before it began and lost: {len(result.lost)}")
        sys.exit("\n".join(wrong) or 0)


def _seeded(entries):
    from django.core.management import call_command

    from negotiations.models import Negotiation
    from tests.bench.seed import SLUG, Size, seed
    from tests.factories import add_member, make_issue, make_negotiation

    call_command("migrate", interactive=False, verbosity=0)
    if Negotiation.objects.exclude(slug=SLUG).exists():
        sys.exit("This database is in use: the drill wants one of its own in DATABASE_URL.")
    large = seed(Size(items=entries // 10, entries=entries))
    user = add_member(large, "recorder")
    negotiation = make_negotiation()
    add_member(negotiation, "recorder", user=user)
    for _ in range(WRITERS):
        make_issue(negotiation)
    return negotiation, user


if __name__ == "__main__":
    main(*sys.argv[1:])
