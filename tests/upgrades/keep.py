"""Keeps a release: run it from a checkout of that release, with its name and where to write.

    git worktree add ../release COMMIT && cd ../release
    python PATH/TO/tests/upgrades/keep.py COMMIT PATH/TO/tests/upgrades/releases/COMMIT.json.gz

The rows are those of the talks that the release's own leak tests make: every kind there is.
"""

import gzip
import json
import os
import sys
import tempfile

# That of the checkout, not of this file.
sys.path[0] = os.getcwd()
APPS = ("negotiations", "issues", "mfa", "usersessions", "sessions")
# They name rows that Django makes after every migration, under numbers of its own.
LEFT_OUT = {"negotiations.User_groups", "negotiations.User_user_permissions"}


def main(name, target):
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/kept.sqlite3"
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        import django

        django.setup()
        from django.conf import settings
        from django.core.management import call_command

        settings.MEDIA_ROOT = folder
        call_command("migrate", interactive=False, verbosity=0)
        _write_rows()
        kept = {"release": name, "migrations": _migrations(), "statements": _statements()}
        text = json.dumps(kept | {"rows": _rows()}, indent=0, sort_keys=True)
    with open(target, "wb") as file, gzip.GzipFile("", "wb", 9, file, 0) as packed:
        packed.write(text.encode())


def _write_rows():
    from tests.leaks import world

    talks = world.base()
    world.secrets(talks)
    world.later(talks)
    _write_frame(talks)
    _write_people(talks)


def _write_frame(talks):
    """What the leak tests have no use for: agenda, delegations, readouts, an item raised."""
    from issues import services
    from negotiations.services.rounds import Account, Person
    from tests import factories

    russia = talks.negotiation.parties.get(code="RU")
    issue = factories.make_issue(talks.negotiation, raised_by=[russia])
    round_ = factories.make_round(
        talks.negotiation,
        "R9",
        "2 Mar 2026",
        number=9,
        delegations={russia: [Person("Anna Head", "head of delegation", True)]},
        readouts={russia: Account("Useful.", "Readout", "https://example.org/readout")},
    )
    round_.sources.add(talks.source)
    services.set_agenda_line(round_, issue, by=talks.head, planned=True, outcome="discussed")
    # Recorded by somebody, so that there is an edit history of the line.
    services.set_agenda_line(round_, issue, by=talks.head, planned=True, outcome="not_reached")
    other = factories.make_negotiation(title="Gone")
    services.erase_negotiation(other, reason="Opened by mistake", by="Administrator")


def _write_people(talks):
    from allauth.mfa.models import Authenticator
    from django.core.cache import cache
    from django.test import Client

    from issues import services
    from negotiations.services import invite
    from tests.factories import add_member

    invite(talks.negotiation, by=talks.head, role="viewer", email="new@example.org")
    Authenticator.objects.create(user=talks.us, type="totp", data={"secret": "x"})
    leaving = add_member(talks.negotiation, "recorder")
    services.erase_person(leaving, reason="Asked for it", by="Administrator")
    cache.set("tries", 3)
    client = Client()
    client.post("/login/", {"login": talks.head.username, "password": "a long password"})


def _migrations():
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    return sorted(MigrationLoader(connection).graph.leaf_nodes())


def _statements():
    """The triggers of the release, which its migrations alone do not bring."""
    from django.db import connection

    from issues import triggers

    with connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name")
        sqlite = [row[0] for row in cursor.fetchall()]
    return {"sqlite": sqlite, "postgresql": triggers._statements("postgresql")}


def _rows():
    from django.apps import apps

    models = [m for app in APPS for m in apps.get_app_config(app).get_models(True)]
    kept = [m for m in models if m._meta.managed and m._meta.label not in LEFT_OUT]
    return {model._meta.label: _rows_of(model) for model in kept}


def _rows_of(model):
    fields = model._meta.concrete_fields
    rows = model._base_manager.order_by("pk")
    return {
        "fields": [field.attname for field in fields],
        "rows": [[_plain(field, row) for field in fields] for row in rows],
    }


def _plain(field, row):
    value = field.value_from_object(row)
    return None if value is None else field.value_to_string(row)


if __name__ == "__main__":
    main(*sys.argv[1:])
