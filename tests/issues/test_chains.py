"""Tamper-evident history: who changes, adds or removes a row is found, by name."""

from io import StringIO
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, models, transaction
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from issues import services, triggers
from issues.apps import _brought
from issues.chaining import digest
from issues.models import (
    AudienceChange,
    ChainHead,
    ChainLink,
    Entry,
    EntrySource,
    PersonErasure,
    Redaction,
    Standing,
    StandingParty,
)
from issues.reads.chains import heads_of
from negotiations.models import Membership, Status
from tests import factories
from tests.factories import entry_data, own_audience, record, viewer
from tests.issues.exported import prepared, signed_in, workbook

Kind = ChainLink.Kind


def faults(talks):
    return services.verify_history(talks.negotiation).faults


def heads(talks):
    rows = ChainHead.objects.filter(negotiation=talks.negotiation)
    return dict(rows.values_list("chain", "hash"))


def kinds(talks, chain):
    rows = ChainLink.objects.filter(negotiation=talks.negotiation, chain=chain)
    return list(rows.values_list("kind", flat=True))


def party_chain(talks, code="RU"):
    return f"party-{talks.negotiation.parties.get(code=code).pk}"


@pytest.fixture
def talks(db):
    """Every kind of event that a history has."""
    talks = factories.make_delegations()
    talks.issue = factories.make_issue(talks.negotiation)
    head = viewer(talks.negotiation)
    source = services.NewSource(title="A paper")
    talks.first = record(talks.issue, "RU US", "Agreed", sources=[source])
    talks.open = record(talks.issue, "US", "Raised", audience="public")
    said = entry_data(talks.negotiation, "US", "Blocked")
    (talks.right,) = services.correct(talks.open, said, viewer=head, reason="Misheard").entries
    services.retract(talks.right, viewer=head, reason="It was right")
    services.undo([record(talks.issue, "own", "Closed")], viewer=head)
    own = own_audience(viewer(talks.negotiation, talks.ru))
    talks.own = record(talks.issue, "RU", "Blocked", by=talks.ru, text="ours", **own)
    services.add_source(talks.first, services.NewSource(title="B"), viewer=head)
    services.redact(record(talks.issue, "US"), reason="Secret", by="admin")
    return talks


def overwrite(model, pk, **columns):
    """Past the triggers, as somebody with the database can."""
    triggers.drop("default")
    assert QuerySet(model).filter(pk=pk).update(**columns)
    triggers.install("default")


def remove(rows):
    triggers.drop("default")
    assert rows._raw_delete("default")
    triggers.install("default")


class TestWriting:
    def test_every_event_has_its_link_and_all_verifies(self, talks):
        assert faults(talks) == []
        assert kinds(talks, "public") == ["entry"]
        own = kinds(talks, party_chain(talks))
        assert own == ["entry"]
        members = kinds(talks, "members")
        assert (members.count("entry"), members.count("source")) == (6, 2)
        assert members[-1] == "redaction"

    def test_what_a_delegation_keeps_moves_no_other_chain(self, talks):
        before = heads(talks)
        own = own_audience(viewer(talks.negotiation, talks.ru))
        record(talks.issue, "RU", "Closed", by=talks.ru, **own)
        after = heads(talks)
        assert [chain for chain in after if after[chain] != before[chain]] == [party_chain(talks)]

    def test_a_batch_sent_twice_is_chained_once(self, talks):
        data, person = entry_data(talks.negotiation, "RU", "Raised"), viewer(talks.negotiation)
        batch = uuid4()
        for _time in range(2):
            services.record(talks.issue, data, viewer=person, batch=batch)
        assert faults(talks) == []

    def test_a_refused_entry_leaves_no_link(self, talks):
        before = heads(talks)
        with pytest.raises(ValidationError):
            record(talks.issue, "RU", text="")
        assert heads(talks) == before

    def test_rows_that_were_there_before_get_the_chains_they_would_have_had(self, talks):
        services.change_audience(
            talks.open,
            audience="members",
            party=None,
            reason="So",
            viewer=viewer(talks.negotiation),
        )
        before = list(ChainLink.objects.values_list("chain", "kind", "row", "content"))
        for model in (ChainLink, ChainHead):
            remove(QuerySet(model))
        services.chain_negotiation(talks.negotiation)
        assert faults(talks) == []
        redacted = Redaction.objects.get().entry_id
        made = ChainLink.objects.values_list("chain", "kind", "row", "content")
        assert {x for x in made if x[2] != redacted} == {x for x in before if x[2] != redacted}

    def test_chaining_again_adds_nothing(self, talks):
        before = heads(talks)
        services.chain_negotiation(talks.negotiation)
        assert heads(talks) == before


class TestAudience:
    """A change is told to those who lose the entry and those who gain it, and no more."""

    def change(self, talks, entry, audience, party=None, by=None, reason="So"):
        return services.change_audience(
            entry,
            audience=audience,
            party=party,
            reason=reason,
            viewer=viewer(talks.negotiation, by),
        )

    def test_it_is_an_event_on_both_sides(self, talks):
        self.change(talks, talks.first, "public")
        assert kinds(talks, "members")[-1] == "left"
        assert kinds(talks, "public")[-1] == "came"
        self.change(talks, talks.first, "members")
        assert (kinds(talks, "public")[-1], kinds(talks, "members")[-1]) == ("left", "came")
        assert faults(talks) == []

    @pytest.mark.parametrize("reason", ["So", "Another"])
    def test_those_left_behind_have_no_word_of_where_it_went(self, talks, reason):
        ru = talks.negotiation.parties.get(code="RU")
        mine = record(talks.issue, "RU", "Raised", by=talks.ru)
        change = self.change(talks, mine, "delegation", ru, talks.ru, reason)
        link = ChainLink.objects.get(kind=Kind.LEFT)
        assert (link.chain, kinds(talks, party_chain(talks))[-1]) == ("members", "came")
        assert link.content == digest({"entry": mine.uuid, "at": change.changed_at})
        assert faults(talks) == []

    def test_a_source_added_later_goes_where_the_entry_went(self, talks):
        self.change(talks, talks.first, "public")
        services.add_source(
            talks.first, services.NewSource(title="C"), viewer=viewer(talks.negotiation)
        )
        assert kinds(talks, "public")[-1] == "source"

    def test_a_change_without_an_event_is_found(self, talks):
        QuerySet(Entry).filter(pk=talks.first.pk).update(audience="public")  # triggers let it pass
        assert str(talks.first.uuid) in faults(talks)[0]
        assert "audience" in faults(talks)[0]


class TestTampering:
    def test_a_changed_word_is_found_by_its_entry(self, talks):
        overwrite(Entry, talks.first.pk, text="They said no.")
        (fault,) = faults(talks)
        assert fault.startswith("members, link 1: ")
        assert f"entry {talks.first.uuid} of item 1 is not what was recorded" in fault

    def test_what_a_status_means_is_part_of_it(self, talks):
        QuerySet(Status).filter(label="Agreed").update(rung=1)
        assert str(talks.first.uuid) in faults(talks)[0]
        QuerySet(Status).filter(label="Agreed").update(rung=4, label="Settled")
        assert faults(talks) == []

    def test_a_missing_row_is_named(self, talks):
        link = EntrySource.objects.order_by("pk").last()
        remove(QuerySet(EntrySource).filter(pk=link.pk))
        (fault,) = faults(talks)
        assert "the added source is missing" in fault

    def test_a_row_put_in_from_outside_is_named(self, talks):
        entry = Entry.objects.get(pk=talks.open.pk)
        entry.pk, entry.uuid, entry._state.adding = None, uuid4(), True
        entry.batch = uuid4()
        entry.save()
        (fault,) = faults(talks)
        assert fault == f"entry {entry.uuid} of item 1 has no link"

    def test_words_put_back_after_a_redaction_are_found(self, talks):
        redacted = Redaction.objects.get().entry
        overwrite(Entry, redacted.pk, text="They said so.")
        assert "is redacted and says something" in faults(talks)[0]

    def test_a_redaction_keeps_the_hash_of_what_was_there(self, talks):
        redacted = Redaction.objects.get().entry
        link = ChainLink.objects.get(kind=Kind.ENTRY, row=redacted.pk)
        overwrite(ChainLink, link.pk, words="0" * 64)
        assert f"link {link.place}: the link itself was changed" in faults(talks)[0]

    def test_a_link_taken_out_is_named(self, talks):
        remove(QuerySet(ChainLink).filter(chain="members", place=2))
        assert "members, link 2: it is missing" in faults(talks)[0]

    def test_a_cut_end_differs_from_its_head(self, talks):
        last = ChainLink.objects.filter(chain="public").last()
        remove(QuerySet(ChainLink).filter(pk=last.pk))
        assert "public, link 1: its head tells of 1 links, there are 0" in faults(talks)


def cut(talks, links):
    """Takes the last links of the members' chain away with their rows, and mends the head."""
    triggers.drop("default")
    for model in (StandingParty, Standing):
        QuerySet(model)._raw_delete("default")
    rows = ChainLink.objects.filter(negotiation=talks.negotiation, chain="members")
    tables = {Kind.ENTRY: Entry, Kind.SOURCE: EntrySource, Kind.REDACTION: Redaction}
    for link in list(rows.order_by("-place")[:links]):
        if link.kind == Kind.ENTRY:
            QuerySet(Entry.joint_parties.through).filter(entry=link.row)._raw_delete("default")
        QuerySet(tables[link.kind]).filter(pk=link.row)._raw_delete("default")
        QuerySet(ChainLink).filter(pk=link.pk)._raw_delete("default")
        ChainHead.objects.filter(chain="members").update(length=F("length") - 1, hash=link.previous)
    triggers.install("default")


@pytest.fixture
def plain(db):
    """Talks of which only entries are on record."""
    talks = factories.make_talks()
    talks.issue = factories.make_issue(talks.negotiation)
    for word in ("Raised", "Agreed", "Blocked"):
        record(talks.issue, "RU US", word)
    return talks


def verify(*args, **options):
    out = StringIO()
    call_command("verify_history", *args, stdout=out, **options)
    return out.getvalue()


class TestCommand:
    def test_it_prints_the_heads(self, talks):
        text = verify(talks.slug)
        for head in heads(talks).values():
            assert head in text
        assert "delegation of RU" in text
        assert text.endswith("Every row is what was recorded.\n")

    def test_it_names_the_first_fault_and_fails(self, talks):
        overwrite(Entry, talks.first.pk, text="They said no.")
        with pytest.raises(CommandError, match=str(talks.first.uuid)):
            verify()

    def test_only_a_head_kept_elsewhere_tells_of_a_clean_cut(self, plain):
        head = heads(plain)["members"]
        spaced = " ".join(head[n : n + 8] for n in range(0, 32, 8))
        record(plain.issue, "RU", "Closed")
        assert "recorded" in verify(head=[head, spaced.upper()])
        cut(plain, 2)
        assert "recorded" in verify()
        with pytest.raises(CommandError, match="cut off"):
            verify(plain.slug, head=[head])

    @pytest.mark.parametrize("head", ["abc", "z" * 64])
    def test_what_is_no_head_is_refused(self, db, head):
        with pytest.raises(CommandError, match="not a head"):
            verify(head=[head])

    def test_unknown_negotiation(self, db):
        with pytest.raises(CommandError, match="no negotiation"):
            verify("missing")


class TestErasedPerson:
    def erase(self, person, **options):
        options = {"reason": "They asked", "by": "data officer", "yes": True} | options
        call_command("erase_person", person.username, stdout=StringIO(), **options)
        person.refresh_from_db()

    def test_names_are_gone_and_the_chain_verifies(self, talks):
        person = talks.ru
        person.first_name, person.last_name, person.email = "Olga", "Ivanova", "o@example.org"
        person.save()
        self.erase(person)
        assert not {"Olga", "Ivanova", "o@example.org"} & set(map(str, vars(person).values()))
        assert str(person) == "Erased person"
        assert not person.is_active
        assert not Membership.objects.filter(user=person).exists()
        assert Entry.objects.get(pk=talks.own.pk).recorded_by == person
        assert faults(talks) == []
        assert kinds(talks, "members")[-1] == "person"

    def test_a_changed_erasure_is_found(self, talks):
        self.erase(talks.ru)
        overwrite(PersonErasure, PersonErasure.objects.get().pk, reason="No reason")
        assert "erasure" in faults(talks)[0]

    def test_refusals_leave_everything(self, talks):
        for person, message in ((talks.head, "at least one head"), (talks.us, "reason")):
            with pytest.raises(CommandError, match=message):
                self.erase(person, reason=" " if person == talks.us else "So")
            person.refresh_from_db()
            assert person.is_active
        with pytest.raises(CommandError, match="nobody"):
            call_command("erase_person", "missing", reason="So", by="x", yes=True)
        self.erase(talks.us)
        with pytest.raises(CommandError, match="already"):
            self.erase(talks.us)


FROM = {"from": "2025-01-01"}


class TestOnFilesAndPapers:
    """Every way out carries the heads of its reader's scope, and of nothing else."""

    def carried(self, user, talks):
        client, names = signed_in(user), ("paper_state", "paper_moved", "paper_brief")
        about = {"paper_brief": [talks.slug, 1]}
        papers = [
            client.get(reverse(f"issues:{name}", args=about.get(name, [talks.slug])), FROM).content
            for name in names
        ]
        csv = client.get(reverse("issues:file_table", args=[talks.slug, "entries"]))
        page = client.get(reverse("issues:files", args=[talks.slug])).content
        sheet = list(workbook(client, talks.slug)["About"].values)
        cells = "\n".join(str(row) for row in sheet).encode()
        json_file = prepared(client, talks.slug, "json")
        short = [paper.replace(b" ", b"") for paper in papers]
        return short, [csv["Parley-Fingerprint"].encode(), page, cells, json_file]

    @pytest.mark.parametrize("name", ["ru", "us", "reader"])
    def test_those_of_the_readers_scope(self, talks, name, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path
        head_of = heads(talks)
        own = head_of.pop(party_chain(talks))
        papers, files = self.carried(getattr(talks, name), talks)
        for head in head_of.values():
            assert all(head[:32].encode() in paper for paper in papers)
            assert all(head.encode() in file for file in files)
        found = [own[:32].encode() in text for text in (*papers, *files)]
        assert set(found) == {name == "ru"}

    def test_as_of_what_was_known(self, talks):
        person = viewer(talks.negotiation)
        before = heads_of(person)
        moment = timezone.now()
        record(talks.issue, "RU", "Closed")
        assert heads_of(person, moment) == before != heads_of(person)

    def test_nothing_is_said_of_a_record_without_entries(self, db):
        assert heads_of(viewer(factories.make_negotiation())) == []


# --- Any history, any byte ----------------------------------------------------------------------


def a_history(draw, talks):
    """Some acts on one item, each where its rules let it."""
    head, ru = viewer(talks.negotiation), viewer(talks.negotiation, talks.ru)
    made = [record(talks.issue, "RU US", "Agreed")]
    for act in draw(st.lists(st.sampled_from(ACTS), min_size=2, max_size=6)):
        target = draw(st.sampled_from(made))
        target.refresh_from_db()
        try:
            made += act(talks, target, head, ru)
        except Exception as refusal:
            if type(refusal).__name__ not in ("ValidationError", "Conflict"):
                raise


def _said(talks, _target, _head, ru):
    return [record(talks.issue, "RU", "Blocked", by=ru.user, **own_audience(ru))]


def _published(talks, _target, _head, _ru):
    source = services.NewSource(title="S")
    return [record(talks.issue, "US", "Raised", audience="public", sources=[source])]


def _corrected(talks, target, head, _ru):
    data = entry_data(talks.negotiation, "US", "Closed", audience=target.audience)
    return services.correct(target, data, viewer=head, reason="Slip").entries


def _retracted(_talks, target, head, _ru):
    return services.retract(target, viewer=head, reason="Slip").entries


def _moved(_talks, target, head, _ru):
    other = "public" if target.audience == "members" else "members"
    services.change_audience(target, audience=other, party=None, reason="So", viewer=head)
    return []


def _redacted(_talks, target, _head, _ru):
    services.redact(target, reason="Secret", by="admin")
    return []


def _sourced(_talks, target, head, _ru):
    services.add_source(target, services.NewSource(title="S"), viewer=head)
    return []


ACTS = [_said, _published, _corrected, _retracted, _moved, _redacted, _sourced]
# Names of people are outside the hashes, so that they can be erased; ids are what links go by.
LEFT_OUT = {"id", "redacted_by", "erased_by"}
HASHED = (Entry, EntrySource, AudienceChange, Redaction, ChainLink, ChainHead)


def flipped(field, value):
    """Another value that the column can hold."""
    match field:
        case models.DateTimeField():
            return "2001-01-01 00:00:00+00:00"
        case models.DateField():
            return "2001-01-01"
        case models.TimeField():
            return "01:00"
        case models.UUIDField():
            return uuid4().hex
        case models.IntegerField() | models.ForeignKey() | models.AutoField():
            return (value or 0) + 1
    return (
        ("" if value else "x")
        if len(value) < 2
        else f"{value[:-1]}{'x' if value[-1] != 'x' else 'y'}"
    )


def write_anything(statement, *values):
    """Without triggers, constraints or foreign keys in the way, as on a bare file. May be refused
    by what a database keeps even so, such as unique columns.
    """
    on, off = {
        "sqlite": ("PRAGMA ignore_check_constraints = ON", "PRAGMA ignore_check_constraints = OFF"),
        "postgresql": (
            "SET LOCAL session_replication_role = replica",
            "SET LOCAL session_replication_role = DEFAULT",
        ),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(on)
        try:
            with transaction.atomic():
                cursor.execute(statement, values)
        except DatabaseError:
            return False
        finally:
            cursor.execute(off)
    return True


def columns_of(model):
    return [f for f in model._meta.concrete_fields if f.column not in LEFT_OUT]


def flip(draw):
    """Changes one column of one row; what was changed, or None where the database refused it."""
    model = draw(st.sampled_from([m for m in HASHED if m._base_manager.exists()]))
    field = draw(st.sampled_from(columns_of(model)))
    row = draw(st.sampled_from(list(model._base_manager.order_by("pk"))))
    value = flipped(field, getattr(row, field.attname))
    statement = f'UPDATE "{model._meta.db_table}" SET "{field.column}" = %s WHERE id = %s'
    changed = write_anything(statement, value, row.pk)
    return (model.__name__, field.column, getattr(row, field.attname), value) if changed else None


@pytest.mark.django_db
@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.data())
def test_any_history_verifies_and_any_flip_is_found(data):
    with transaction.atomic():
        talks = factories.make_delegations()
        talks.issue = factories.make_issue(talks.negotiation)
        a_history(data.draw, talks)
        assert faults(talks) == []
        triggers.drop("default")
        for _time in range(30):
            with transaction.atomic():
                done = flip(data.draw)
                assert done is None or faults(talks), done
                transaction.set_rollback(True)
        transaction.set_rollback(True)


@pytest.mark.parametrize(("name", "chained"), [("0008_chains", True), ("0014_sight_chains", False)])
def test_only_the_upgrade_that_brings_chains_chains_what_is_there(name, chained):
    """Later, whatever stands there without a link did not come through the services."""
    plan = [(SimpleNamespace(app_label="issues", name=name), False)]
    assert ("0008_chains" in _brought(plan)) is chained
    assert not _brought([(plan[0][0], True)])
