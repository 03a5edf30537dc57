"""A migration that fails leaves a database that the version before goes on with."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from issues import fulltext, triggers
from issues.services import verify_history
from negotiations.health import reasons_not_ready
from tests.factories import make_issue, make_negotiation, record

pytestmark = pytest.mark.django_db(transaction=True)


def columns():
    with connection.cursor() as cursor:
        described = connection.introspection.get_table_description(cursor, "issues_entry")
    return [column.name for column in described]


def test_a_migration_that_fails_leaves_the_version_before_at_work(settings):
    issue = make_issue(make_negotiation())
    record(issue, "RU", "Raised")
    before = columns(), triggers.installed("default")
    # An app that has no migrations gets two: the first alters a table of ours, the second fails.
    settings.MIGRATION_MODULES = {"django_htmx": "tests.upgrades.broken"}
    with pytest.raises(RuntimeError, match="the disk is full"):
        call_command("migrate", verbosity=0)
    settings.MIGRATION_MODULES = {}
    connection.close()
    assert (columns(), triggers.installed("default")) == before
    assert triggers.missing("default") | fulltext.missing("default") == set()
    assert "django_htmx_late" not in connection.introspection.table_names()
    applied = {app for app, _name in MigrationRecorder(connection).applied_migrations()}
    assert "django_htmx" not in applied
    assert reasons_not_ready() == []
    record(issue, "US", "Agreed")
    assert verify_history(issue.negotiation).faults == []


def test_an_upgrade_that_leaves_a_reference_to_nothing_is_taken_back(settings):
    issue = make_issue(make_negotiation())
    record(issue, "RU", "Raised")
    settings.MIGRATION_MODULES = {"django_htmx": "tests.upgrades.orphaned"}
    with pytest.raises(IntegrityError):
        call_command("migrate", verbosity=0)
    settings.MIGRATION_MODULES = {}
    assert issue.entries.count() == 1
    assert triggers.missing("default") | fulltext.missing("default") == set()


def test_references_are_checked_again_afterwards():
    call_command("migrate", verbosity=0)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA foreign_keys")
            assert cursor.fetchone() == (1,)
    connection.check_constraints()


def test_no_migration_is_split_over_transactions():
    """What is not atomic cannot be taken back as a whole."""
    loader = MigrationLoader(None)
    assert [key for key, one in loader.disk_migrations.items() if not one.atomic] == []
