"""How long a search takes among 100,000 entries: `python -m tests.bench.search`.

Writes them straight into a database of its own (SQLite in var/, or DATABASE_URL), half of them
for one delegation only, makes the index, and asks as the other delegation does. Not the services'
way in, which would take an hour; the index itself is made by its own service.
"""

import datetime as dt
import os
import random
import statistics
import sys
import time
from pathlib import Path

import django

FILE = Path(__file__).resolve().parents[2] / "var" / "bench-search.sqlite3"
os.environ.setdefault("DATABASE_URL", f"sqlite:///{FILE}")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.settings")
if __name__ == "__main__":
    django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from issues import services as items  # noqa: E402
from issues.models import Entry, EntrySource, Issue  # noqa: E402
from negotiations import services  # noqa: E402
from negotiations.access import viewer_of  # noqa: E402
from negotiations.models import Negotiation, Source, StatusScheme, User  # noqa: E402

SLUG = "bench-search"
PEOPLE = {"search-north": "NOR", "search-south": "SOU"}
ENTRIES, ITEMS, SOURCES = 100_000, 1_000, 2_000
REPEATS, TARGET_MS = 30, 50.0
BATCH = 2_000
NAMES = ("Darchiev", "Дарчиев", "Лавров", "Müller", "Coulter", "Zelenskyy", "Ушаков", "Rubio")
ENDINGS = ("", "s", "ing", "ed", "ment", "tion", "er", "al")
# What is asked, and of what it is an example.
QUESTIONS = {
    "everywhere": "in every entry, seen or not",
    "ev": "the same, while typing",
    "visible": "in everything one sees",
    "northern": "only in what one does not see",
    "everywhere northern": "both of these",
    "everywhere visible consultation": "three words in everything",
    "Darchiyev": "a name in another spelling",
    "Дарчиев": "and in another alphabet",
    "sources note": "in the titles of all sources",
    "one in a thousand needle": "rare words",
    "nowheretobefound": "in nothing at all",
}


def seed():
    """The negotiation, written unless it is there."""
    found = Negotiation.objects.filter(slug=SLUG).first()
    if found:
        return found
    if not StatusScheme.objects.filter(negotiation=None).exists():
        call_command("loaddata", "schemes", verbosity=0)
    with transaction.atomic():
        negotiation = _frame()
        _entries(negotiation)
    begun = time.perf_counter()
    items.rebuild_search(negotiation)
    print(f"Index of {ENTRIES:,} entries made in {time.perf_counter() - begun:.0f} s.")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    return negotiation


def _frame():
    head = User.objects.create(username="search-head")
    scheme = StatusScheme.objects.get(slug="diplomatic-consultations", negotiation=None)
    parties = [("NOR", "Northern League"), ("SOU", "Southern Union")]
    negotiation = services.create_negotiation(
        title="A hundred thousand entries", slug=SLUG, by=head, scheme=scheme, parties=parties
    )
    for username, code in PEOPLE.items():
        user = User.objects.create(username=username)
        party = negotiation.parties.get(code=code)
        services.add_member(negotiation, user=user, role="recorder", party=party)
    names = [items.ItemData(f"Matter {number}") for number in range(ITEMS)]
    items.open_issues(negotiation, names, by=None)
    return negotiation


def _entries(negotiation):
    dice = random.Random(20261123)
    north = negotiation.parties.get(code="NOR")
    issues = list(Issue.objects.filter(negotiation=negotiation).values_list("pk", flat=True))
    words = [_word(dice) for _ in range(4_000)]
    rows = (_entry(dice, number, issues, north, words) for number in range(ENTRIES))
    made = Entry.objects.bulk_create(rows, batch_size=BATCH)
    sources = Source.objects.bulk_create(
        (
            Source(negotiation=negotiation, title=f"Note {n} on sources everywhere", kind="notes")
            for n in range(SOURCES)
        ),
        batch_size=BATCH,
    )
    links = (EntrySource(entry=entry, source=dice.choice(sources)) for entry in made[::4])
    EntrySource.objects.bulk_create(links, batch_size=BATCH)


def _word(dice):
    letters = "".join(dice.choice("bcdfglmnprst") + dice.choice("aeiou") for _ in range(3))
    return letters + dice.choice(ENDINGS)


def _entry(dice, number, issues, north, words):
    hidden = number % 2
    told = dice.choices(words, k=14)
    told += ["everywhere", "northern" if hidden else "visible", "consultation"]
    told += ["needle", "one in a thousand"] if number % 1000 == 0 else []
    day = dt.date(2023, 1, 1) + dt.timedelta(dice.randrange(1000))
    return Entry(
        issue_id=dice.choice(issues),
        voice="own",
        said_first=day,
        said_last=day,
        counts_from=day,
        text=" ".join(told),
        speaker=dice.choice(NAMES) if number % 3 == 0 else "",
        audience="delegation" if hidden else "members",
        audience_party=north if hidden else None,
    )


def measure(viewer):
    """For each question how long the reads of its first page take, and what they find."""
    from issues.reads.search import SearchReader

    for typed, what in QUESTIONS.items():
        times = []
        for _ in range(REPEATS):
            begun = time.perf_counter()
            groups = SearchReader([viewer], typed).overview()
            times.append((time.perf_counter() - begun) * 1000)
        found = ", ".join(f"{g.said}" for g in groups) or "nothing"
        yield typed, what, statistics.median(times), min(times), found


def main():
    call_command("migrate", interactive=False, verbosity=0)
    if User.objects.exclude(username__startswith="search-").exists():
        sys.exit("This database is in use: the bench wants one of its own in DATABASE_URL.")
    seed()
    viewer = viewer_of(User.objects.get(username="search-south"), SLUG)
    print(f"{Entry.objects.count():,} entries · {connection.vendor}\n")
    print("| Looked for | which is | median ms | fastest | found |\n|---|---|--:|--:|---|")
    slow = []
    for typed, what, median, fastest, found in measure(viewer):
        print(f"| {typed} | {what} | {median:.1f} | {fastest:.1f} | {found} |")
        slow += [typed] if median > TARGET_MS else []
    print(f"\nOver {TARGET_MS:g} ms: {', '.join(slow) or 'none'}.")


if __name__ == "__main__":
    main()
