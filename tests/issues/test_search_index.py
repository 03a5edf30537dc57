"""The index holds what is on record and no more, whatever has happened."""

import random
from contextlib import suppress
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection

from issues import fulltext, services
from issues.apps import check_triggers
from issues.models import Entry, Issue, SearchRow
from issues.reads.search import SearchReader
from issues.reads.sources import visible_sources
from issues.services.search_texts import ENTRY_COLUMNS, source_texts
from issues.spelling import has, terms
from issues.standing import replaced
from negotiations import services as frame
from negotiations.exceptions import Conflict
from negotiations.models import Round
from negotiations.services.rounds import Account, Person
from tests import factories
from tests.factories import entry_data, own_audience, record, viewer

pytestmark = pytest.mark.django_db
WORDS = ["flights", "visas", "Darchiev", "Дарчиев", "lawn", "piano"]
SQLITE = connection.vendor == "sqlite"


@pytest.fixture
def talks():
    return factories.make_delegations()


def found(person, typed, kind="entries"):
    """The ids that this viewer finds, in their order, and those of them shown as struck."""
    for group in SearchReader([person], typed).overview():
        if group.kind.name == kind:
            return group.ids, group.struck
    return [], set()


# --- What happens, and what is found then ---------------------------------------------------------


def test_an_entry_is_found_by_every_text_it_has(talks):
    issue = factories.make_issue(talks.negotiation)
    fields = {"waits_for": "outside", "waits_text": "Four", "next_step": "Five"}
    fields |= {"next_step_who": "Six", "position": "Two", "speaker": "Three"}
    entry = record(issue, "RU", text="One", original_text="Seven", **fields)
    for typed in ["one", "two", "three", "four", "five", "six", "seven"]:
        assert found(viewer(talks.negotiation), typed)[0] == [entry.pk]


def test_newest_first_and_what_no_longer_counts_last(talks):
    issue, person = factories.make_issue(talks.negotiation), viewer(talks.negotiation)
    old = record(issue, "RU", said="1 Feb 2024", text="visas")
    new = record(issue, "RU", said="3 Feb 2024", text="visas")
    between = record(issue, "RU", said="2 Feb 2024", text="visas")
    data = entry_data(talks.negotiation, "RU", said="1 Jan 2024", text="visas, not flights")
    (correction,) = services.correct(new, data, viewer=person, reason="Slip").entries
    expected = [between.pk, old.pk, correction.pk, new.pk]
    assert found(person, "visas") == (expected, {new.pk})


def test_a_correction_within_one_delegation_strikes_there_alone(talks):
    issue = factories.make_issue(talks.negotiation)
    entry = record(issue, "RU", by=talks.ru, text="visas")
    russia = viewer(talks.negotiation, talks.ru)
    data = entry_data(talks.negotiation, "RU", text="visas after all", **own_audience(russia))
    (own,) = services.correct(entry, data, viewer=russia, reason="Slip").entries
    assert found(russia, "visas") == ([own.pk, entry.pk], {entry.pk})
    for user in (talks.us, talks.head, talks.reader):
        assert found(viewer(talks.negotiation, user), "visas") == ([entry.pk], set())


def test_what_was_undone_is_found_by_its_author_alone(talks):
    issue, recorder = factories.make_issue(talks.negotiation), talks.recorder
    source = services.NewSource(title="visas")
    entry = record(issue, "RU", by=recorder, text="visas", sources=[source])
    services.undo([entry], viewer=viewer(talks.negotiation, recorder))
    author, other = viewer(talks.negotiation, recorder), viewer(talks.negotiation)
    assert found(author, "visas") == ([entry.pk], {entry.pk})
    assert found(author, "visas", "sources")[0]
    assert found(other, "visas") == found(other, "visas", "sources") == ([], set())


def test_a_changed_audience_is_obeyed_at_once(talks):
    issue, russia = factories.make_issue(talks.negotiation), viewer(talks.negotiation, talks.ru)
    source = services.NewSource(title="visas")
    entry = record(issue, "RU", by=talks.ru, text="visas", sources=[source])
    other = viewer(talks.negotiation, talks.us)
    assert found(other, "visas")[0]
    assert found(other, "visas", "sources")[0]
    services.change_audience(
        entry, audience="delegation", party=russia.party, reason="So.", viewer=russia
    )
    assert found(other, "visas")[0] == found(other, "visas", "sources")[0] == []
    assert found(russia, "visas")[0] == [entry.pk]
    assert found(russia, "visas", "sources")[0]


def test_redacted_words_are_gone_from_the_index_itself(talks):
    issue = factories.make_issue(talks.negotiation)
    entry = record(issue, "RU", text="canaryword")
    services.redact(entry, reason="A slip", by="admin")
    assert found(viewer(talks.negotiation), "canaryword")[0] == []
    assert found(viewer(talks.negotiation), "redacted")[0] == [entry.pk]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {SearchRow._meta.db_table}")
        assert "canaryword" not in str(cursor.fetchall())
        if SQLITE:
            cursor.execute(f"SELECT block FROM {fulltext.FTS}_data")
            assert b"canaryword" not in b"".join(block for (block,) in cursor.fetchall())


def test_an_item_and_its_entries_leave_and_come_back(talks):
    issue = factories.make_issue(talks.negotiation, "Visas")
    entry = record(issue, "RU", text="visas")
    person = viewer(talks.negotiation)
    marked = services.mark_in_error(issue, version=issue.version, by=None, reason="Twice")
    assert found(person, "visas")[0] == found(person, "visas", "items")[0] == []
    services.restore_issue(marked, version=marked.version, by=None)
    assert found(person, "visas")[0] == [entry.pk]
    assert found(person, "visas", "items")[0] == [issue.pk]


def test_an_item_is_found_by_its_new_name_only(talks):
    issue = factories.make_issue(talks.negotiation, "Visas", reference="Art. 7")
    services.update_issue(issue, version=issue.version, by=None, title="Flights")
    person = viewer(talks.negotiation)
    assert found(person, "visas", "items")[0] == []
    assert found(person, "flights art 7", "items")[0] == [issue.pk]


def test_items_with_the_words_in_their_title_come_first(talks):
    described = factories.make_issue(talks.negotiation, "First", description="On visas")
    titled = factories.make_issue(talks.negotiation, "Visas")
    found_items = found(viewer(talks.negotiation), "visa", "items")[0]
    assert found_items == [titled.pk, described.pk]


def test_a_round_follows_its_people_and_readouts(db):
    negotiation = factories.make_negotiation()  # without delegations: its rounds may go
    person, russia = viewer(negotiation), negotiation.parties.get(code="RU")
    round_ = factories.make_round(negotiation, "Second", day="10 Apr 2025", city="Istanbul")
    frame.set_delegates(round_, party=russia, people=[Person("Alexander Darchiev")], by=None)
    account = Account("Five hours", source_title="Readout on lawns")
    frame.set_readout(round_, party=russia, account=account, by=None)
    for typed in ("istanbul", "Дарчиев", "five hours"):
        assert found(person, typed, "rounds")[0] == [round_.pk]
    assert found(person, "lawns", "sources")[0]
    frame.set_delegates(round_, party=russia, people=[], by=None)
    frame.set_readout(round_, party=russia, account=Account("", ""), by=None)
    for typed in ("Дарчиев", "five hours"):
        assert found(person, typed, "rounds")[0] == []
    assert found(person, "lawns", "sources")[0] == []
    frame.remove_round(round_, by=None)
    assert found(person, "second", "rounds")[0] == []


def test_a_second_source_is_found_at_once(talks):
    entry = record(factories.make_issue(talks.negotiation), "RU")
    person = viewer(talks.negotiation)
    services.add_source(entry, services.NewSource(title="Visas"), viewer=person)
    other = viewer(talks.negotiation, talks.us)
    assert found(other, "visas", "sources")[0]


def test_many_written_at_once_are_found(talks):
    made = services.open_issues(
        talks.negotiation, [services.ItemData(f"Visas {n}") for n in range(3)], by=None
    )
    data = entry_data(talks.negotiation, "RU", text="visas")
    services.record_many([(issue, data) for issue in made], viewer=viewer(talks.negotiation))
    assert len(found(viewer(talks.negotiation), "visas")[0]) == 3
    assert len(found(viewer(talks.negotiation), "visas", "items")[0]) == 3


# --- After anything at all ------------------------------------------------------------------------


class Walk:
    """Things that people do, one after the other, at random."""

    def __init__(self, talks, seed):
        self.talks, self.dice = talks, random.Random(seed)
        self.negotiation = talks.negotiation
        self.people = [viewer(self.negotiation, user) for user in (talks.ru, talks.us, talks.head)]
        self.issues = [factories.make_issue(self.negotiation, self.words()) for _ in range(3)]
        self.rounds = [factories.make_round(self.negotiation, day="10 Apr 2025")]

    def words(self):
        return " ".join(self.dice.choices(WORDS, k=3)) + f" {self.dice.random()}"

    def step(self):
        act = self.dice.choice(
            [self.say] * 4 + [self.reply] * 4 + [self.edit, self.tell, self.cite]
        )
        with suppress(Conflict, ValidationError):  # what the rules refuse changes nothing
            act(self.dice.choice(self.people))

    def audience(self, person):
        own = person.party and self.dice.random() < 0.4
        return own_audience(person) if own else {}

    def data(self, person, **more):
        said = f"{self.dice.randint(1, 28)} Feb 2025"
        text = {"text": self.words(), "speaker": self.dice.choice(WORDS)}
        return entry_data(self.negotiation, "RU", said=said, **text, **more)

    def say(self, person):
        sources = [services.NewSource(title=self.words())] if self.dice.random() < 0.5 else []
        data = self.data(person, sources=sources, **self.audience(person))
        services.record(self.dice.choice(self.issues), data, viewer=person)

    def reply(self, person):
        entries = Entry.objects.visible_to(person.user, person.scope).order_by("pk")
        target = self.dice.choice(list(entries) or [None])
        if target is None:
            return
        act = self.dice.choice(["correct", "retract", "undo", "audience", "redact", "source"])
        if act == "correct":
            data = self.data(person, **self.audience(person))
            services.correct(target, data, viewer=person, reason=self.words())
        elif act == "retract":
            services.retract(target, viewer=person, reason=self.words())
        elif act == "undo":
            services.undo([target], viewer=person)
        elif act == "audience":
            narrow = target.audience != "delegation" and person.party
            audience = ("delegation", person.party) if narrow else ("members", None)
            services.change_audience(
                target, audience=audience[0], party=audience[1], reason="So.", viewer=person
            )
        elif act == "redact" and self.dice.random() < 0.3:
            services.redact(target, reason="So.", by="admin")
        elif act == "source":
            services.add_source(target, services.NewSource(title=self.words()), viewer=person)

    def edit(self, _person):
        issue = Issue.objects.get(pk=self.dice.choice(self.issues).pk)
        if issue.entered_in_error:
            services.restore_issue(issue, version=issue.version, by=None)
        elif self.dice.random() < 0.4:
            services.mark_in_error(issue, version=issue.version, by=None, reason="So.")
        else:
            services.update_issue(issue, version=issue.version, by=None, title=self.words())

    def tell(self, person):
        round_ = Round.objects.get(pk=self.dice.choice(self.rounds).pk)
        party = person.party or self.negotiation.parties.first()
        account = Account(self.dice.choice(["", self.words()]), source_title=self.words())
        frame.set_readout(round_, party=party, account=account, by=None)
        people = [Person(self.dice.choice(WORDS))] * self.dice.randint(0, 1)
        frame.set_delegates(round_, party=party, people=people, by=None)

    def cite(self, person):
        sources = list(visible_sources(person))
        if sources:
            act = self.dice.choice(["add", "remove", "set"])
            named = self.rounds[0].sources
            chosen = self.dice.choice(sources)
            getattr(named, act)([chosen] if act == "set" else chosen)


@pytest.mark.parametrize("seed", range(4))
def test_after_any_history_the_index_is_as_a_rebuild_makes_it(talks, seed):
    walk = Walk(talks, seed)
    for _ in range(45):
        walk.step()
    assert services.search_differences(talks.negotiation) == []
    for user in (talks.ru, talks.us, talks.head, talks.recorder):
        person = viewer(talks.negotiation, user)
        for typed in WORDS:
            assert_finds_what_is_there(person, typed)


def assert_finds_what_is_there(person, typed):
    """What a search finds, against reading everything that the viewer may see."""
    visible = Entry.objects.visible_to(person.user, person.scope)
    shown = visible.filter(issue__entered_in_error=False).exclude(kind="undo")
    texts = {row.pop("pk"): " ".join(row.values()) for row in shown.values("pk", *ENTRY_COLUMNS)}
    ids, struck = found(person, typed)
    assert set(ids) == {pk for pk, text in texts.items() if has(text, terms(typed))}
    seen = [Reply(*row) for row in visible.values_list("pk", "kind", "corrects")]
    assert struck == set(ids) & replaced(seen)
    sources = {
        s.pk for s in visible_sources(person) if has(" ".join(source_texts(s)), terms(typed))
    }
    assert set(found(person, typed, "sources")[0]) == sources


class Reply:
    def __init__(self, pk, kind, corrects):
        self.id, self.kind, self.corrects = pk, kind, corrects


# --- Upkeep ---------------------------------------------------------------------------------------


def run(*arguments):
    out = StringIO()
    call_command("rebuild_search", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_finds_and_repairs_what_differs(talks):
    entry = record(factories.make_issue(talks.negotiation), "RU", text="visas")
    assert "as the record makes it" in run("--check")
    SearchRow.objects.filter(kind="e").delete()
    SearchRow.objects.filter(kind="i").update(words="piano")
    with pytest.raises(CommandError, match=f"2 differ: .*e {entry.pk}"):
        run("--check")
    assert found(viewer(talks.negotiation), "piano", "items")[0]
    run()
    assert "as the record makes it" in run("--check")
    assert found(viewer(talks.negotiation), "visas")[0] == [entry.pk]
    assert not found(viewer(talks.negotiation), "piano", "items")[0]


def test_erasing_leaves_nothing_to_find(talks):
    record(factories.make_issue(talks.negotiation, "Visas"), "RU", text="visas")
    other = factories.make_issue(factories.make_negotiation(), "Visas")
    services.erase_negotiation(talks.negotiation, reason="So.", by="admin")
    assert list(SearchRow.objects.values_list("object_id", flat=True)) == [other.pk]
    seen = fulltext.Seen([f"§in{talks.negotiation.pk}", f"§in{other.negotiation.pk}"])
    assert fulltext.find(seen, terms("visas"), 9) == [other.pk]


@pytest.mark.django_db(transaction=True)
def test_flushing_and_migrating_keep_it_in_step():
    issue = factories.make_issue(factories.make_negotiation(), "Visas")
    key = f"§in{issue.negotiation.pk}"
    assert fulltext.find(fulltext.Seen([key]), terms("visas"), 9) == [issue.pk]
    call_command("flush", interactive=False, verbosity=0)
    assert fulltext.find(fulltext.Seen([key]), terms("visas"), 9) == []
    if SQLITE:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP TRIGGER "{fulltext.PREFIX}insert"')
        assert [one.id for one in check_triggers(databases=["default"])] == ["issues.W002"]
    call_command("migrate", verbosity=0)
    assert check_triggers(databases=["default"]) == []


@pytest.mark.django_db(transaction=True)
def test_an_upgrade_brings_the_first_index():
    issue = factories.make_issue(factories.make_negotiation(), "Visas")
    SearchRow.objects.all().delete()
    call_command("migrate", verbosity=0)
    assert found(viewer(issue.negotiation), "visas", "items")[0] == [issue.pk]
