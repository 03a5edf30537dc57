"""After any history the stored standings are what the rules make of the entries, in every scope."""

import datetime as dt
import random
from collections import Counter
from contextlib import contextmanager, suppress
from io import StringIO
from unittest.mock import patch

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from issues import services
from issues.models import Entry, Issue, Standing, StandingCount, StandingParty
from issues.reads.changes import ChangeReader
from issues.reads.clock import Clock
from issues.reads.comparison import Comparison, Moment
from issues.reads.frame import FrameView
from issues.reads.rounds import RoundReader, read_rounds
from issues.reads.standings import StandingReader
from issues.reads.state import StateReader
from issues.services import standings as standings_module
from issues.services.loaded import entries_in, load_entries, load_frames
from issues.spans import kept_spans
from issues.standing import periods, standing_on
from negotiations import services as frame
from negotiations.access import scopes_of
from negotiations.dates import VagueDate
from negotiations.exceptions import Conflict
from tests import factories
from tests.factories import own_audience, record, viewer

START = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)
STEPS = 12
REFUSED = (ValidationError, Conflict)


class World:
    """A negotiation of three parties in which `chance` decides what happens next."""

    def __init__(self, chance):
        self.chance = chance
        self.negotiation = factories.make_negotiation(parties=("RU", "US", "UN"))
        add = factories.add_member
        self.head = factories.head_of(self.negotiation)
        self.people = [self.head, add(self.negotiation, "recorder", "RU")]
        self.people += [add(self.negotiation, "recorder", "US"), add(self.negotiation, "recorder")]
        parent = factories.make_issue(self.negotiation)
        self.issues = [parent, factories.make_issue(self.negotiation, parent=parent)]
        self.keys = [issue.pk for issue in self.issues]
        self.statuses = [None, *self.negotiation.scheme.statuses.all()]

    def step(self):
        """One act; what the rules refuse changes nothing."""
        acts = [self.say] * 6 + [self.correct, self.retract, self.undo, self.publish, self.redact]
        acts += [self.seat, self.tie, self.raise_anew, self.rule]
        acts += [self.meet, self.meet, self.meet_otherwise, self.mark, self.show]
        act = self.chance.choice(acts)
        try:
            act()
        except REFUSED:
            return

    def someone(self):
        return viewer(self.negotiation, self.chance.choice(self.people))

    def some_entry(self):
        entries = list(Entry.objects.order_by("pk"))
        if not entries:
            raise ValidationError("Nothing was said yet.")
        return self.chance.choice(entries)

    def words(self, person):
        pick, today = self.chance.choice, dt.date.today()
        voice = pick(["party", "party", "party", "joint", "third", "own"])
        parties = list(self.negotiation.parties.all())
        day = today - dt.timedelta(self.chance.randrange(60))
        vague = VagueDate.of_month(day.year, day.month), VagueDate.of_year(day.year)
        audience = pick(["public", "members", "members", "delegation"])
        kept = own_audience(person) if audience == "delegation" else {"audience": audience}
        return services.EntryData(
            voice=voice,
            said=pick([VagueDate.of_day(day)] * 3 + list(vague)),
            party=pick(parties) if voice == "party" else None,
            joint_parties=pick([parties, parties[:2], parties[1:]]) if voice == "joint" else (),
            status=pick(self.statuses),
            text="So.",
            position=pick(["", "No."]),
            waits_for=pick(["", "both", "nobody"]),
            next_step=pick(["", "Draft"]),
            **kept,
        )

    def say(self):
        person = self.someone()
        data = [self.words(person) for _ in range(self.chance.choice([1, 1, 2]))]
        services.record(self.chance.choice(self.issues), *data, viewer=person)

    def say_once(self):
        with suppress(*REFUSED):
            self.say()

    def correct(self):
        person = self.someone()
        services.correct(self.some_entry(), self.words(person), viewer=person, reason="Slip")

    def retract(self):
        services.retract(self.some_entry(), viewer=self.someone(), reason="Slip")

    def undo(self):
        latest = Entry.objects.latest("pk") if Entry.objects.exists() else self.some_entry()
        batch = Entry.objects.filter(batch=latest.batch)
        services.undo(list(batch), viewer=viewer(self.negotiation, latest.recorded_by))

    def publish(self):
        person, entry = self.someone(), self.some_entry()
        audience = self.chance.choice(["public", "members", "delegation"])
        party = person.party if audience == "delegation" else None
        services.change_audience(entry, audience=audience, party=party, reason="So.", viewer=person)

    def redact(self):
        if self.chance.random() < 0.3:
            services.redact(self.some_entry(), reason="So.", by="admin")

    def seat(self):
        party = self.chance.choice(list(self.negotiation.parties.all()))
        since, until = (
            self.chance.choice([None, dt.date.today() - dt.timedelta(days)]) for days in (40, 5)
        )
        frame.update_party(
            party, by=None, code=party.code, name=party.name, since=since, until=until
        )
        frame.move_party(party, by=None, step=self.chance.choice([-1, 1]))

    def tie(self):
        member = viewer(self.negotiation, self.people[-1]).membership
        party = self.chance.choice([None, *self.negotiation.parties.all()])
        frame.update_member(member, role="recorder", party=party)

    def raise_anew(self):
        issue = self.chance.choice(self.issues)
        issue.refresh_from_db()
        parties = self.chance.sample(list(self.negotiation.parties.all()), 2)
        services.update_issue(issue, version=issue.version, by=None, raised_by=parties)

    def some_round(self):
        rounds = list(self.negotiation.rounds.all())
        if not rounds:
            raise ValidationError("Nobody has met yet.")
        return self.chance.choice(rounds)

    def meet(self):
        day = dt.date.today() - dt.timedelta(self.chance.randrange(60))
        frame.create_round(
            self.negotiation,
            by=None,
            title=f"Round {self.chance.random()}",
            number=self.chance.choice([None, 1]),
            state=self.chance.choice(["held", "held", "under_way", "planned"]),
            first_day=day,
            last_day=day + dt.timedelta(self.chance.randrange(3)),
        )

    def meet_otherwise(self):
        met, way = self.some_round(), self.chance.randrange(4)
        if way == 0:
            frame.move_round(met, by=None, step=self.chance.choice([-1, 1]))
        elif way == 1:
            frame.remove_round(met, by=None)
        elif way == 2:
            state = self.chance.choice(["held", "under_way", "cancelled"])
            frame.set_round_state(met, state=state, by=None)
        else:
            days = {"first_day": met.first_day - dt.timedelta(1), "number": 2}
            frame.update_round(met, version=met.version, by=None, **days)

    def mark(self):
        issue = self.chance.choice(self.issues)
        issue.refresh_from_db()
        if issue.entered_in_error:
            services.restore_issue(issue, version=issue.version, by=None)
        else:
            services.mark_in_error(issue, version=issue.version, by=None, reason="Slip")

    def show(self):
        person, issue = self.someone(), self.chance.choice(self.issues)
        audience = self.chance.choice(["public", "members"])
        services.change_sight(issue, audience=audience, party=None, reason="So.", viewer=person)

    def rule(self):
        self.negotiation.refresh_from_db()
        frame.update_negotiation(
            self.negotiation,
            version=self.negotiation.version,
            by=None,
            rule=self.chance.choice(["parties", "assessor"]),
        )


class RandomHistories(TestCase):
    """Each example in a transaction of its own."""

    @settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 10**6))
    def test_stored_standings_and_counts_are_the_computed_ones(self, seed):
        with time_machine.travel(START) as clock:
            world = World(random.Random(seed))
            for _ in range(STEPS):
                world.step()
                clock.shift(dt.timedelta(days=world.chance.choice([0, 0, 1, 3])))
            assert services.differences(world.negotiation) == []
            days = [dt.date.today() - dt.timedelta(n) for n in (0, 1, 3, 8, 20, 31, 45, 400)]
            self.hold_against_the_rules(world, days)
            self.hold_the_counts_against_the_rows(world)
            self.hold_both_readers_against_each_other(world, days[::3])

    @settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 10**6))
    def test_an_entry_followed_from_its_day_leaves_what_all_days_come_to(self, seed):
        """Said today or long ago, after corrections, marks and changes of sight."""
        with time_machine.travel(START) as clock, counting_ways() as ways:
            world = World(random.Random(seed))
            for _ in range(STEPS):
                world.step()
                world.say_once()
                assert services.differences(world.negotiation) == []
                clock.shift(dt.timedelta(days=world.chance.choice([0, 0, 1, 3])))
        assert ways["from its day"] > 0
        assert ways["all days"] == 0

    def hold_against_the_rules(self, world, days):
        loaded = load_entries(world.keys)
        seats = load_frames(world.negotiation, world.keys)
        for scope in scopes_of(world.negotiation):
            for pk in seen_by(scope, world):
                found = periods(entries_in(scope, loaded[pk]), seats[pk])
                for day in [None, *days]:
                    stored = Standing.objects.as_of(scope, day).get(issue=pk)
                    assert told(stored) == summary(standing_on(found, day))

    def hold_the_counts_against_the_rows(self, world):
        """Pages say the same whether they read what is kept, or count what moved themselves."""
        for person in world.people:
            kept = figures(world, person)
            with (
                patch("issues.reads.rounds.moved_between", lambda *_: {}),
                patch("issues.reads.changes.moved_between", lambda *_: {}),
                patch("issues.reads.state.moved_between", lambda *_: {}),
            ):
                assert figures(world, person) == kept

    def hold_both_readers_against_each_other(self, world, days):
        """What a page reads from rows, and what it computes for a recorded day, today."""
        today = dt.date.today()
        for person in world.people:
            keys = seen_by(viewer(world.negotiation, person).scope, world)
            for day in [None, *days]:
                rows, computed = (
                    StandingReader(FrameView(viewer(world.negotiation, person), clock))
                    for clock in (Clock(day), Clock(day, known=today))
                )
                assert rows.on(keys) == computed.on(keys)


@contextmanager
def counting_ways():
    """How many added entries were followed from their day alone, and how many not."""
    ways, plan_from = Counter(), standings_module._Entries.plan_from

    def noted(entries, start):
        plan = plan_from(entries, start)
        ways["from its day" if plan else "all days"] += 1
        return plan

    with patch.object(standings_module._Entries, "plan_from", noted):
        yield ways


def seen_by(scope, world):
    return [issue.pk for issue in Issue.objects.in_scope(scope).filter(pk__in=world.keys)]


def figures(world, person):
    frame = FrameView(viewer(world.negotiation, person))
    rows = [(row.round.pk, row.totals, row.entries) for row in read_rounds(frame)]
    pages = [RoundReader(frame, round_).read() for round_ in frame.rounds]
    at = [
        (page.totals, page.touched, page.entries, [item.issue.pk for item in page.items])
        for page in pages
    ]
    return rows, at, [compared(frame, days) for days in sorted(kept_spans(frame.rounds))]


def compared(frame, days):
    """What moved between these days, and how many of these went which way."""
    first, last = days
    ends = Moment(first, ""), Moment(None if last == dt.date.max else last, "")
    page = ChangeReader(frame, Comparison(*ends)).read()
    clocked = FrameView(frame.viewer, Clock(ends[1].day))
    state = StateReader(clocked, StandingReader(clocked)).figures(first)
    return (
        page.totals,
        page.moved,
        [(row.issue.pk, row.text, row.more) for row in page.rows],
        (page.quiet, page.quiet_count, page.still, page.unmoved, page.waiting, page.audience),
        (state.forward, state.back),
    )


def told(stored):
    words = [
        (w.party_id, w.status_id, w.said_first, w.spoke_first) for w in stored.party_rows.all()
    ]
    return stored.headline_id, stored.badge, stored.fell_from_id, stored.entry_count, words


def summary(value):
    words = [
        (
            w.party,
            w.claim.status.id if w.claim else None,
            w.claim.said_first if w.claim else None,
            w.spoke.said_first if w.spoke else None,
        )
        for w in value.words
    ]
    headline, fell = value.headline, value.fell_from
    return headline and headline.id, value.badge, fell and fell.id, value.count, words


@pytest.fixture
def issue(db):
    issue = factories.make_issue(factories.make_negotiation())
    record(issue, "RU", "Agreed", "1 Feb 2025")
    record(issue, "US", "Raised", "3 Feb 2025")
    return issue


def damage_headline(issue):
    Standing.objects.filter(issue=issue, scope="members", until=None).update(
        headline=factories.status(issue.negotiation, "Agreed"), category="settled"
    )


def damage_word(_issue):
    StandingParty.objects.filter(spoke_first__isnull=False).update(said_first="2025-01-01")


def damage_period(issue):
    lost = Standing.objects.filter(issue=issue, scope="members", until=None)
    StandingParty.objects.filter(standing__in=lost).delete()
    lost.delete()


def invent_scope(issue):
    here = issue.negotiation
    Standing.objects.create(issue=issue, negotiation=here, scope="party-0", since="2025-01-01")


@pytest.mark.parametrize("damage", [damage_headline, damage_word, damage_period, invent_scope])
def test_command_tells_what_differs_and_repairs_it(issue, damage):
    damage(issue)
    expected = f"{issue.negotiation.slug}: item {issue.number}"
    with pytest.raises(CommandError, match=expected):
        call_command("check_standings")
    out = StringIO()
    call_command("check_standings", repair=True, stdout=out)
    assert expected in out.getvalue()
    call_command("check_standings", stdout=out)
    assert services.differences(issue.negotiation) == []


@pytest.mark.parametrize("damage", [damage_headline, damage_word, damage_period, invent_scope])
def test_an_entry_on_what_is_wrong_makes_it_right(issue, damage):
    damage(issue)
    record(issue, "RU", "Raised", "5 Feb 2025")
    assert not [line for line in services.differences(issue.negotiation) if "item" in line]


@pytest.mark.parametrize("kind", ["year", "day", "span"])
def test_command_tells_which_count_differs_and_repairs_it(issue, kind):
    factories.make_round(issue.negotiation, "R1", "2 Feb 2025")
    assert services.differences(issue.negotiation) == []
    StandingCount.objects.filter(scope="members", kind=kind).update(n=7)
    with pytest.raises(CommandError, match=f"count of members, {kind} "):
        call_command("check_standings")
    call_command("check_standings", repair=True, stdout=StringIO())
    assert services.differences(issue.negotiation) == []


def test_checking_writes_nothing(issue):
    damage_headline(issue)
    before = list(Standing.objects.order_by("pk").values())
    services.differences(issue.negotiation)
    assert list(Standing.objects.order_by("pk").values()) == before


def test_rebuilding_what_is_right_writes_nothing(issue, django_assert_max_num_queries):
    before = list(Standing.objects.order_by("pk").values_list("pk", flat=True))
    with django_assert_max_num_queries(18) as queries:
        services.rebuild_negotiation(issue.negotiation)
    written = [q for q in queries.captured_queries if q["sql"].split()[0] in ("INSERT", "UPDATE")]
    assert written == []
    assert list(Standing.objects.order_by("pk").values_list("pk", flat=True)) == before


def test_rule_is_the_present_one_whoever_asks(issue):
    stale = viewer(issue.negotiation)
    frame.update_negotiation(
        viewer(issue.negotiation).negotiation, version=1, by=None, rule="assessor"
    )
    said = factories.entry_data(issue.negotiation, "own", "Blocked", "4 Feb 2025")
    services.record(issue, said, viewer=stale)
    standing = Standing.objects.get(issue=issue, scope="members", until=None)
    assert (standing.headline.label, standing.badge) == ("Blocked", "ours")
