"""The negotiation of a drill, its sign-ins, and what has to be true of it afterwards."""

import io
import os
import re
from collections import Counter

SLUG, ITEMS = "bench", 12


def settings(folder, database, port, **more):
    """The environment of a real site for this drill, and of nothing else."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PARLEY_", "DJANGO_"))}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "negotiations.settings",
        "DATABASE_URL": database,
        "PARLEY_URL": f"http://127.0.0.1:{port}",
        "PARLEY_SECRET_KEY": "only-for-the-drill-" + "x" * 50,
        "PARLEY_FILES": str(folder / "files"),
        **more,
    }


def prepare(people):
    """Tables, a negotiation and sign-ins: the numbers of the items to work on, session keys."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    from issues import services as items
    from negotiations.models import User
    from negotiations.server import prepare_static_files
    from tests.bench.measure import session_of
    from tests.bench.seed import Size, seed

    prepare_static_files()
    negotiation = seed(Size(items=60, rounds=6, entries=300))
    plain = [items.ItemData(title=f"Drill {n}") for n in range(1, ITEMS + 1)]
    opened = items.open_issues(negotiation, plain, by=None)
    names = ("bench-north", "bench-south", "bench-head")
    users = [User.objects.get(username=names[place % 3]) for place in range(people)]
    sessions = [session_of(user) for user in users]
    _close()
    return [issue.number for issue in opened], sessions


def verdict(load):
    """What is wrong with the record, in sentences; nothing where all is well."""
    from django.core.management import CommandError, call_command
    from django.db import connection

    from issues.models import Entry

    wrong = []
    texts = Entry.objects.filter(text__startswith="drill ").values_list("text", flat=True)
    counts = Counter(re.search(r"[0-9a-f]{32}$", text)[0] for text in texts)
    lost = load.acknowledged - set(counts)
    twice = [token for token, count in counts.items() if count > 1]
    strange = set(counts) - load.sent
    for what, found in (("lost", lost), ("recorded twice", twice), ("nobody's", strange)):
        if found:
            wrong.append(f"{len(found)} entries {what}")
    for command in ("check_standings", "verify_history"):
        out = io.StringIO()
        try:
            call_command(command, stdout=out, stderr=out)
        except (CommandError, SystemExit) as error:
            wrong.append(f"{command}: {error} {out.getvalue()}")
    if connection.vendor == "sqlite":
        wrong += _sqlite_faults(connection)
    if load.mixtures:
        wrong.append(f"{len(load.mixtures)} pages disagreed with themselves: {load.mixtures[:3]}")
    return wrong


def _sqlite_faults(connection):
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        found = [row[0] for row in cursor.fetchall() if row[0] != "ok"]
        cursor.execute("PRAGMA foreign_key_check")
        return found + [f"foreign key: {row}" for row in cursor.fetchall()]


def _close():
    """The servers come next; the pool would not outlive the restart of the database."""
    from django.db import connection

    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()
