"""Seeds a large negotiation into a database of its own, measures the pages, prints a table.

Writes var/bench.json too. A database that already holds other people's work is refused.
"""

import json
import os
import platform
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from negotiations.models import User  # noqa: E402
from negotiations.server import prepare_static_files  # noqa: E402
from tests.bench.measure import run  # noqa: E402
from tests.bench.probes import probes_for  # noqa: E402
from tests.bench.seed import PEOPLE, counted, seed  # noqa: E402

REPEATS = 40
TARGET = 3.0


def main():
    call_command("migrate", interactive=False, verbosity=0)
    if User.objects.exclude(username__in=PEOPLE).exists():
        sys.exit("This database is in use: the bench wants one of its own in DATABASE_URL.")
    prepare_static_files()
    negotiation = seed()
    results = run(probes_for(negotiation), REPEATS)
    counts = counted(negotiation)
    report = {"counts": counts, "machine": machine(), "results": results}
    (settings.VAR_DIR / "bench.json").write_text(json.dumps(report, indent=1))
    print(as_markdown(report))
    slow = [r["name"] for r in results if r["ratio"] > TARGET]
    print(f"\nOver {TARGET:g} × the floor: {', '.join(slow) or 'none'}.")


def machine():
    return {
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "django": django.__version__,
        "database": connection.vendor,
    }


def as_markdown(report):
    counts, place = report["counts"], report["machine"]
    lines = [
        ", ".join(f"{n:,} {name}" for name, n in counts.items())
        + f" · {place['database']}, Python {place['python']}, {place['cpus']} processors",
        "",
        "| Request | median ms | p95 ms | × floor | CPU ms | queries | bytes | gzipped |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for r in report["results"]:
        cells = (r["name"], r["median_ms"], r["p95_ms"], r["ratio"], r["cpu_ms"], r["queries"])
        sizes = (f"{r['bytes']:,}", f"{r['bytes_gzip']:,}")
        lines.append("| " + " | ".join(str(cell) for cell in (*cells, *sizes)) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
