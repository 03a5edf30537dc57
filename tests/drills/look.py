"""Looks at a restored site: `python -m tests.drills.look USER PASSWORD`.

Prints what it found as JSON in the last line; `faults` is empty when all is as it should be.
"""

import json
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django  # noqa: E402

django.setup()

from django.apps import apps  # noqa: E402
from django.db import DatabaseError, connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402
from django.urls import reverse  # noqa: E402

from issues import fulltext, triggers  # noqa: E402
from issues.backups.manifest import chain_heads, counted  # noqa: E402
from issues.models import ChainLink, Entry  # noqa: E402
from issues.services import differences, verify_history  # noqa: E402
from negotiations.models import Negotiation  # noqa: E402

PAGES = ("state_of_play", "issue_list", "round_list", "changes", "files", "next_steps", "pictures")


def main(username, password):
    with connection.cursor() as cursor:
        tables = sorted({model._meta.db_table for model in apps.get_models(True)})
        found = {
            "rows": counted(cursor, tables),
            "chains": [list(vars(one).values()) for one in chain_heads(cursor)],
        }
    faults = [*whole(), *guarded()]
    for negotiation in Negotiation.objects.all():
        faults += [*verify_history(negotiation).faults, *differences(negotiation)]
    found["opened"], refused = crawl(username, password)
    found["entries"] = [str(uuid) for uuid in Entry.objects.values_list("uuid", flat=True)]
    found["links"] = list(ChainLink.objects.values_list("hash", flat=True))
    print(json.dumps(found | {"faults": faults + refused}))


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
