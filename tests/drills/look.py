"""Looks at a restored site: `python -m tests.drills.look MANIFEST USER PASSWORD`.

Prints what it found as JSON in the last line; `faults` is empty when all is as it should be.
"""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django  # noqa: E402

django.setup()

from django.db import DatabaseError, connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402
from django.urls import reverse  # noqa: E402

from issues import fulltext, triggers  # noqa: E402
from issues.backups.manifest import chain_heads, counted, read_manifest  # noqa: E402
from issues.models import Entry  # noqa: E402
from issues.services import differences, verify_history  # noqa: E402
from negotiations.models import Job, Negotiation  # noqa: E402

PAGES = ("state_of_play", "issue_list", "round_list", "changes", "files", "next_steps", "pictures")


def main(manifest, username, password):
    manifest = read_manifest(Path(manifest).read_bytes())
    faults = [*whole(), *guarded(), *as_listed(manifest)]
    for negotiation in Negotiation.objects.all():
        faults += [*verify_history(negotiation).faults, *differences(negotiation)]
    opened, refused = crawl(username, password)
    entries = [str(uuid) for uuid in Entry.objects.values_list("uuid", flat=True)]
    print(json.dumps({"faults": faults + refused, "opened": opened, "entries": entries}))


def whole():
    """What the database itself finds wrong."""
    connection.check_constraints()
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA integrity_check")
            yield from (row[0] for row in cursor.fetchall() if row[0] != "ok")


def guarded():
    """Triggers that are missing, and one that does not hold."""
    yield from triggers.missing("default") | fulltext.missing("default")
    try:
        with transaction.atomic():
            Entry.objects.all()._raw_delete("default")
        yield "entries could be deleted"
    except DatabaseError:
        pass


def as_listed(manifest):
    """Tables and chains that are not as the manifest says, but for what a restore leaves out."""
    tables = {t: n for t, n in manifest.rows.items() if t != Job._meta.db_table}
    with connection.cursor() as cursor:
        found = counted(cursor, list(tables))
        yield from (f"{t}: {found[t]} rows for {n}" for t, n in tables.items() if found[t] != n)
        if chain_heads(cursor) != manifest.chains:
            yield "chains end otherwise"


def crawl(username, password):
    """Signs in and opens the main pages of every negotiation; how many, and which did not."""
    setup_test_environment()
    client = Client(raise_request_exception=False)
    client.post("/login/", {"login": username, "password": password})
    addresses = ["/", "/search/?q=said"]
    for negotiation in Negotiation.objects.filter(memberships__user__username=username):
        addresses += [reverse(f"issues:{page}", args=[negotiation.slug]) for page in PAGES]
        addresses += [one.get_absolute_url() for one in negotiation.issues.all()[:3]]
    answers = {address: client.get(address).status_code for address in addresses}
    refused = [f"{address}: {status}" for address, status in answers.items() if status != 200]
    return len(answers), refused


if __name__ == "__main__":
    main(*sys.argv[1:])
