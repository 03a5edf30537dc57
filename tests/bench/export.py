"""Takes a very large negotiation in and out as files; prints time and memory of each.

    python -m tests.bench.export [entries]        100,000 unless told

It comes in as a JSON document, through the service that imports. In a database of its own.
"""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

ENTRIES, ITEMS = 100_000, 1000
_FILE = Path(__file__).resolve().parents[2] / "var" / "bench-export.sqlite3"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.settings")
os.environ.setdefault("DATABASE_URL", f"sqlite:///{_FILE}")

SLUG, HEAD = "large", "bench-export"
LADDER = ("Raised", "Under discussion", "Agreed")
SAID = "The text goes too far; the list in the annex has to be shorter before we look again. "


def document(entries):
    """A negotiation of so many entries, as plain data."""
    return {
        "format": "parley-negotiation",
        "version": 1,
        "scope": {"audience": "members"},
        "negotiation": {
            **{"slug": SLUG, "title": "A large negotiation", "rule": "parties"},
            **{"round_word": "Round", "item_word": "Item", "freshness_months": 6},
        },
        "scheme": {"slug": "ladder", "name": "A ladder"},
        "statuses": [
            {"label": label, "short": label[:8], "test": ".", "category": category, "rung": rung}
            for rung, (label, category) in enumerate(
                zip(LADDER, ("open", "engaged", "settled"), strict=True), start=1
            )
        ],
        "parties": [{"code": "NOR", "name": "North"}, {"code": "SOU", "name": "South"}],
        "sources": [source(place) for place in range(1000)],
        "rounds": [
            {
                **{"place": place, "title": f"Round {place}", "state": "held"},
                **{"first_day": f"{2000 + place}-03-01", "last_day": f"{2000 + place}-03-02"},
                "precision": "day",
            }
            for place in range(1, 21)
        ],
        "items": [
            {"number": n, "title": f"Item {n}", "recorded_at": "2000-01-01T00:00:00.000000Z"}
            for n in range(1, ITEMS + 1)
        ],
        "agenda": [],
        "entries": [entry(place) for place in range(entries)],
    }


def source(place):
    return {"uuid": str(UUID(int=place + 1)), "kind": "web", "title": f"Note no. {place}"}


def entry(place):
    day = f"{2001 + place % 20}-{place % 12 + 1:02}-{place % 28 + 1:02}"
    return {
        **{"uuid": str(UUID(int=10**9 + place)), "item": place % ITEMS + 1, "kind": "entry"},
        **{"voice": "party", "party": ("NOR", "SOU")[place // ITEMS % 2], "said": day},
        **{"counts_from": day, "recorded_at": f"{day}T12:00:00.{place:06}Z"},
        **{"recorded_by": f"person-{place % 5 + 1}", "audience": "members"},
        "text": SAID * 2 + str(place),
        **({"status": LADDER[place % 3]} if place % 4 == 0 else {}),
        "sources": [
            {"source": str(UUID(int=place % 1000 + 1)), "recorded_at": f"{day}T12:00:00.000000Z"}
        ],
    }


def bring_in(entries):
    import json

    from django.core.management import call_command

    from issues.documents import broken_rules, read_document
    from issues.services import load_negotiation
    from negotiations.models import Negotiation, User

    call_command("migrate", interactive=False, verbosity=0)
    if Negotiation.objects.filter(slug=SLUG).exists():
        return
    from django.utils import timezone

    content = json.dumps(document(entries)).encode()
    started = time.monotonic()
    checked = read_document(content)
    assert broken_rules(checked, timezone.now()) == []
    checked_at = time.monotonic()
    load_negotiation(checked, by=User.objects.create_user(HEAD))
    print(
        f"import  {len(content) / 1e6:6.1f} MB: checked in {checked_at - started:.1f} s, "
        f"written in {time.monotonic() - checked_at:.1f} s, peak {peak():.0f} MB"
    )


def take_out():
    from issues.exports.csv_file import csv_pages
    from issues.exports.document import write_document
    from issues.exports.snapshot import take
    from issues.exports.tables import TABLES
    from issues.exports.workbook import write_workbook
    from negotiations.access import viewer_of
    from negotiations.models import User

    viewer = viewer_of(User.objects.get(username=HEAD), SLUG)
    print(f"{take(viewer).entry_count:,} entries; memory before: {peak():.0f} MB")

    def as_csv(path, snapshot):
        with open(path, "wb") as file:
            for piece in csv_pages(TABLES["entries"], snapshot):
                yield file.write(piece)

    for name, write in (("csv", as_csv), ("json", write_document), ("xlsx", write_workbook)):
        with TemporaryDirectory() as folder:
            path = Path(folder) / name
            steps, longest, last = 0, 0.0, time.monotonic()
            started = last
            for _step in write(path, take(viewer)):
                steps, now = steps + 1, time.monotonic()
                longest, last = max(longest, now - last), now
            end = time.monotonic()
            print(
                f"{name:6}  {path.stat().st_size / 1e6:6.1f} MB in {end - started:.1f} s, "
                f"{steps} steps, longest {max(longest, end - last):.2f} s; peak {peak():.0f} MB"
            )


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def main():
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES
    if "--bring-in" in sys.argv:
        bring_in(entries)
        return
    # In a process of its own: what it needed is no part of what taking out needs.
    subprocess.run(
        [sys.executable, "-m", "tests.bench.export", str(entries), "--bring-in"], check=True
    )
    take_out()


if __name__ == "__main__":
    import django

    django.setup()
    main()
