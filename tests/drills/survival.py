"""How long backup, restore and upgrade took: kept in var/drills, and a table of BENCHMARKS.md."""

import datetime as dt
import json
import os
import resource
import time
from contextlib import contextmanager

from tests.bench import tables

from .places import ROOT

KEPT = ROOT / "var" / "drills" / "survival.json"
HEAD = """| What | Database | Entries | s | of them processor s | load then | Date |
|---|---|--:|--:|--:|--:|---|"""


@contextmanager
def timed(taken, what):
    """Notes how long something took, and how long processors were busy with it here."""
    begun, worked = time.monotonic(), _busy()
    yield
    seconds, busy = time.monotonic() - begun, _busy() - worked
    taken[what] = {"seconds": round(seconds, 1), "busy": round(busy, 1)}


def _busy():
    """Of this process and those it started; a server of PostgreSQL is none of them."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def keep(taken, database, entries, *, write):
    """Keeps the latest of each kind; with `write` all of them go into BENCHMARKS.md."""
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    about = {
        "database": database,
        "entries": entries,
        "load": round(os.getloadavg()[0], 1),
        "date": f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC",
    }
    for what, found in taken.items():
        kept[f"{what}, {database}"] = {"what": what, **found, **about}
    KEPT.write_text(json.dumps(kept, indent=1))
    table = as_markdown(kept.values())
    print(table)
    if write:
        tables.write({"survival": table})


def as_markdown(rows):
    lines = [
        f"| {one['what']} | {one['database']} | {one['entries']:,} | {one['seconds']} "
        f"| {one['busy']} | {one['load']} | {one['date']} |"
        for one in rows
    ]
    return "\n".join([HEAD, *lines])
