"""History is append-only in the database itself: whoever asks, in whatever words."""

from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection, models, transaction
from django.db.models import QuerySet
from django.db.utils import DatabaseError

from issues import services, triggers
from issues.apps import check_triggers
from issues.models import AudienceChange, Entry, EntrySource, HistoryIsFinal, Redaction
from negotiations.models import Erasure
from tests import factories
from tests.factories import record, viewer

SQLITE = connection.vendor == "sqlite"
# What each database has besides UPDATE and DELETE to get rid of a row.
WIPE = 'REPLACE INTO "{0}" SELECT * FROM "{0}"' if SQLITE else 'TRUNCATE "{0}" CASCADE'
GUARDED = triggers.guarded_models()


def name_of(model):
    return model.__name__


@pytest.fixture
def entry(db):
    return make_history()


def make_history():
    """A row in every guarded table; the entry."""
    issue = factories.make_issue(factories.make_negotiation())
    source = services.NewSource(title="A readout")
    entry = record(issue, "RU US", "Agreed", sources=[source])
    person = viewer(issue.negotiation)
    services.change_audience(entry, audience="public", party=None, reason="So.", viewer=person)
    services.redact(record(issue, "RU"), reason="So.", by="admin")
    Erasure.objects.create(slug_sha256="0" * 64, reason="So.", entries=0)
    factories.add_vault(issue)
    note = factories.add_note(issue, audience="named")
    services.change_note_sight(note, audience="members", reason="So.", viewer=person)
    services.erase_person(factories.make_user(), reason="So.", by="admin")
    return entry


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def refused(statement, *values):
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        sql(statement, *values)
    return str(caught.value)


def a_column(model):
    """A column besides the key, and a value that it does not hold."""
    field = next(f for f in model._meta.concrete_fields if not f.primary_key)
    others = {models.UUIDField: uuid4().hex, models.DateTimeField: "2001-01-01 00:00:00+00"}
    return field.column, others.get(type(field), 0)


class TestEveryTable:
    @pytest.mark.parametrize("model", GUARDED, ids=name_of)
    def test_neither_changed_nor_removed(self, entry, model):
        table, (column, value) = model._meta.db_table, a_column(model)
        connection.check_constraints()  # PostgreSQL truncates nothing that has checks to come
        for statement, values in (
            (f'UPDATE "{table}" SET "{column}" = %s', [value]),
            (f'DELETE FROM "{table}"', []),
            (WIPE.format(table), []),
        ):
            assert "append-only" in refused(statement, *values), statement
        assert model._base_manager.exists()

    @pytest.mark.parametrize("model", GUARDED, ids=name_of)
    def test_update_that_changes_nothing_passes(self, entry, model):
        table, columns = model._meta.db_table, [f.column for f in model._meta.concrete_fields]
        same = ", ".join(f'"{column}" = "{column}"' for column in columns)
        sql(f'UPDATE "{table}" SET {same}')


class TestEntries:
    def test_no_column_changes_but_who_may_see_it(self, entry, subtests):
        others = {
            models.DateField: "2001-01-01",
            models.DateTimeField: "2001-01-01 00:00:00+00",
            models.UUIDField: uuid4().hex,
            models.TimeField: "01:00",
        }
        for field in Entry._meta.concrete_fields:
            if field.column not in triggers.AUDIENCE:
                with subtests.test(field.column):
                    statement = f'UPDATE issues_entry SET "{field.column}" = %s WHERE id = %s'
                    message = refused(statement, others.get(type(field), 77), entry.pk)
                    assert "append-only" in message

    def test_audience_is_the_one_that_does(self, entry):
        sql("UPDATE issues_entry SET audience = 'members' WHERE id = %s", entry.pk)
        entry.refresh_from_db()
        assert entry.audience == "members"

    def test_upsert(self, entry):
        columns = [f.column for f in Entry._meta.concrete_fields]
        listed = ", ".join(f'"{column}"' for column in columns)
        for key in ("id", "uuid"):
            upsert = (
                f"INSERT INTO issues_entry ({listed}) SELECT {listed} FROM issues_entry "
                f"WHERE id = %s ON CONFLICT ({key}) DO UPDATE SET text = "
            )
            assert "append-only" in refused(f"{upsert}'They said no.'", entry.pk)
            sql(f"{upsert}excluded.text", entry.pk)

    def test_correction_belongs_to_the_item_of_its_target(self, entry):
        other = factories.make_issue(entry.issue.negotiation)
        columns = [f.column for f in Entry._meta.concrete_fields if not f.primary_key]
        given = {
            "uuid": f"'{uuid4().hex}'",
            "batch": f"'{uuid4().hex}'",
            "kind": "'correction'",
            "corrects_id": str(entry.pk),
        }
        listed = ", ".join(f'"{column}"' for column in columns)

        def insert(issue):
            values = given | {"issue_id": str(issue.pk)}
            chosen = ", ".join(values.get(column, f'"{column}"') for column in columns)
            return f"INSERT INTO issues_entry ({listed}) SELECT {chosen} FROM issues_entry "

        message = refused(f"{insert(other)} WHERE id = %s", entry.pk)
        assert "belongs to the item" in message
        sql(f"{insert(entry.issue)} WHERE id = %s", entry.pk)


class TestHeads:
    """The end of a chain moves with it, and only ahead."""

    def test_a_head_moves_ahead_only(self, entry):
        sql("UPDATE issues_chainhead SET length = length + 1, hash = %s", "0" * 64)
        assert "append-only" in refused("UPDATE issues_chainhead SET length = length - 1")


class TestThroughTheOrm:
    def test_save(self, entry):
        entry.text = "They said no."
        with pytest.raises(HistoryIsFinal):
            entry.save()
        with pytest.raises(HistoryIsFinal):
            entry.save(update_fields=["text"])

    def test_delete(self, entry):
        for row in (entry, entry.source_links.get(), entry.audience_changes.get()):
            with pytest.raises(HistoryIsFinal):
                row.delete()

    @pytest.mark.parametrize(
        "act",
        [
            lambda rows: rows.update(text="No."),
            lambda rows: rows.bulk_update(list(rows), ["text"]),
            lambda rows: rows.delete(),
            lambda rows: rows.filter(pk__gt=0).delete(),
        ],
    )
    def test_querysets(self, entry, act):
        with pytest.raises(HistoryIsFinal):
            act(Entry.objects.all())
        assert Entry.objects.filter(text="They said so.").exists()

    @pytest.mark.parametrize("model", [EntrySource, AudienceChange, Redaction], ids=name_of)
    def test_what_hangs_on_an_entry(self, entry, model):
        for act in ("delete", "update"):
            with pytest.raises(HistoryIsFinal):
                getattr(model.objects, act)()

    def test_upsert_of_many(self, entry):
        twin = Entry.objects.get(pk=entry.pk)
        twin.text = "They said no."
        with pytest.raises(DatabaseError), transaction.atomic():
            Entry.objects.bulk_create(
                [twin], update_conflicts=True, update_fields=["text"], unique_fields=["id"]
            )

    def test_joint_parties(self, entry):
        one = entry.joint_parties.first()
        acts = (
            lambda: entry.joint_parties.clear(),
            lambda: entry.joint_parties.remove(one),
            lambda: entry.joint_parties.set([one]),
        )
        for act in acts:
            with pytest.raises(DatabaseError), transaction.atomic():
                act()

    def test_past_the_manager_the_database_still_refuses(self, entry):
        for act in (
            lambda: QuerySet(Entry).filter(pk=entry.pk).update(text="No."),
            lambda: QuerySet(Redaction).all()._raw_delete("default"),
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                act()


class TestTheyStay:
    def test_all_are_there_after_every_migration(self, db):
        assert triggers.missing("default") == set()
        assert check_triggers(databases=["default"]) == []

    def test_check_tells_of_a_missing_one(self, db):
        with transaction.atomic():
            drop("parley_keep_issues_entry_u", "issues_entry")
            assert triggers.missing("default") == {"parley_keep_issues_entry_u"}
            (warning,) = check_triggers(databases=["default"])
            assert warning.id == "issues.W001"
            transaction.set_rollback(True)

    def test_install_replaces_what_is_there(self, db):
        before = triggers.installed("default")
        triggers.install("default")
        assert triggers.installed("default") == before


def drop(name, table):
    sql(f'DROP TRIGGER "{name}"' + ("" if SQLITE else f' ON "{table}"'))


@pytest.mark.django_db(transaction=True)
class TestMigrations:
    """Outside a transaction, as `migrate` runs."""

    def test_migrating_again_puts_missing_ones_back(self):
        drop("parley_keep_issues_entry_d", "issues_entry")
        call_command("migrate", verbosity=0)
        assert triggers.missing("default") == set()
        self.assert_guarded(make_history())

    def test_table_rebuilt_by_a_migration_keeps_them(self):
        """SQLite alters a column by making the table anew, without its triggers."""
        entry = make_history()
        old = Entry._meta.get_field("speaker")
        new = models.CharField(max_length=200, blank=True)
        new.set_attributes_from_name("speaker")
        new.model = Entry
        for change in ((old, new), (new, old)):
            with connection.schema_editor() as editor:
                editor.alter_field(Entry, *change, strict=True)
        assert ("parley_keep_issues_entry_u" in triggers.missing("default")) == SQLITE
        call_command("migrate", verbosity=0)
        assert triggers.missing("default") == set()
        self.assert_guarded(entry)

    @pytest.mark.parametrize("inhibited", [False, True])
    def test_flush_is_tolerated(self, inhibited):
        make_history()
        call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=inhibited)
        assert not Entry.objects.exists()
        self.assert_guarded(make_history())

    def assert_guarded(self, entry):
        assert "append-only" in refused("DELETE FROM issues_entry WHERE id = %s", entry.pk)
