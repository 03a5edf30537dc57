"""One size on one database, measured from inside and through the server. Started by `all`.

    python -m tests.bench.site --items 1000 --out FILE [--repeats 40] [--asks 30] [--memory 10000]

The database (DATABASE_URL) is seeded unless it is; entries that are measured are added to it.
"""

import argparse
import json
import os
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from negotiations.models import User  # noqa: E402
from negotiations.server import prepare_static_files, spare_collector  # noqa: E402
from tests.bench.grow import grow  # noqa: E402
from tests.bench.measure import run  # noqa: E402
from tests.bench.network import NetBrowser, memory_after, server, through_server  # noqa: E402
from tests.bench.place import machine  # noqa: E402
from tests.bench.probes import ASKS, probes_for  # noqa: E402
from tests.bench.seed import Size, counted, seed  # noqa: E402

# What people do most: the others tell nothing more of a second worker.
TYPICAL = ("state of play", "list", "item", "one entry")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--items", type=int, required=True)
    parser.add_argument("--out", type=Path)
    for name, default in (("repeats", 40), ("asks", 30), ("memory", 0), ("times", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    begun = time.monotonic()
    call_command("migrate", interactive=False, verbosity=0)
    prepare_static_files()
    negotiation = seed(Size(asked.items, 20, asked.items * 10))
    if asked.times > 1:
        grow(asked.times)
    told = {"machine": machine(), "database": connection.vendor, "counts": counted(negotiation)}
    told |= {"seed_seconds": round(time.monotonic() - begun, 1), "megabytes": _megabytes()}
    if asked.repeats:
        spare_collector()  # as a worker of the server does
        told["inside"] = run(probes_for(negotiation), asked.repeats)
    if asked.asks or asked.memory:
        told |= _served(negotiation, asked)
    if asked.out:
        asked.out.write_text(json.dumps(told, indent=1))


def _served(negotiation, asked):
    user, found = User.objects.get(username=ASKS), {}

    def make(serving):
        return lambda place: probes_for(negotiation, NetBrowser(user, serving.port), place * 20)

    # A server of its own for the memory: what the others asked before would count.
    if asked.memory:
        with server() as serving:
            found["memory"] = memory_after(serving, make(serving), asked.memory)
    if asked.asks:
        with server() as serving:
            found["served"] = through_server(serving, make(serving), asked.asks)
    if asked.memory:
        with server(workers=2) as serving:
            found["by_two"] = through_server(serving, make(serving), asked.asks, TYPICAL)
    return found


def _megabytes():
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        else:
            cursor.execute("SELECT pg_database_size(current_database())")
        return round(cursor.fetchone()[0] / 1e6, 1)


if __name__ == "__main__":
    main()
