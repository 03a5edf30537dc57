"""Properties of time, over random histories made through the services (issue 3, section 7)."""

import datetime as dt
import random

import time_machine
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from issues.filters import IssueFilter
from issues.models import Entry, Issue
from issues.reads.changes import ChangeReader
from issues.reads.clock import NOW, Clock
from issues.reads.comparison import Comparison, Moment
from issues.reads.entries import EntryReader
from issues.reads.frame import FrameView
from issues.reads.pictures.histories import read_histories
from issues.reads.pictures.progress import count_at
from issues.reads.rows import RowBuilder
from issues.reads.standings import StandingReader
from issues.reads.state import StateReader
from issues.spans import Span
from negotiations.exceptions import Conflict
from tests.factories import viewer

from .test_check_standings import REFUSED, START, World

STEPS, DAYS = 12, 40
FEW = settings(
    max_examples=6, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
seeds = st.integers(0, 10**6)


class Talking(World):
    """A world whose frame stays as it is: what was known replays entries, and nothing else."""

    def step(self):
        try:
            self.chance.choice([*[self.say] * 5, self.correct, self.retract, self.take_back])()
        except REFUSED:
            return

    def some_entry(self):
        found = list(Entry.objects.filter(issue__in=self.issues).order_by("pk"))
        if not found:
            raise Conflict(None)
        return self.chance.choice(found)

    def take_back(self):
        from issues import services

        entry = self.some_entry()
        batch = Entry.objects.filter(batch=entry.batch).select_related("issue")
        services.undo(list(batch), viewer=viewer(self.negotiation, entry.recorded_by))

    def frame_of(self, person, clock):
        return FrameView(viewer(self.negotiation, person), clock)


def lived_until(seed, last):
    """The world of this seed, in which nothing was recorded after so many days."""
    chance = random.Random(seed)
    offsets = sorted(chance.randrange(DAYS) for _ in range(STEPS))
    with time_machine.travel(START, tick=False):
        world = Talking(random.Random(seed))
    for number, offset in enumerate(offsets):
        if offset <= last:
            moment = START + dt.timedelta(offset, seconds=number)
            with time_machine.travel(moment, tick=False):
                world.step()
    return world


def state_of_play(world, person, clock):
    """All that the page says of every item, and its figures; without titles and numbers."""
    frame = world.frame_of(person, clock)
    reader = StandingReader(frame)
    pks = IssueFilter({}, frame=frame).found(reader)
    issues = Issue.objects.in_bulk(pks)
    rows = RowBuilder(frame, reader).rows([issues[pk] for pk in pks])
    said = [
        (
            str(row.view.headline),
            row.badge,
            row.words,
            row.waits,
            row.last_said,
            row.sub_items,
            row.view.entry_count,
            str(row.view.fell_from),
            row.view.fell_on,
        )
        for row in rows
    ]
    figures = StateReader(frame, reader).figures(None)
    pictured = count_at(read_histories(frame), clock.day)
    return said, figures.counts, figures.latest_text, pictured


class WhatWasKnown(TestCase):
    @FEW
    @given(seeds, st.integers(0, DAYS), st.integers(0, DAYS + 30))
    @example(seed=5, known=3, back=0)  # "Dec 2025" and "1 Dec 2025" begin on the same day
    def test_a_page_of_then_is_the_page_that_was_shown_then(self, seed, known, back):
        """At (E, K) it says what a world says in which nothing was recorded after K."""
        whole, then = lived_until(seed, DAYS), lived_until(seed, known)
        known_day = (START + dt.timedelta(known)).date()
        effective = known_day - dt.timedelta(back)
        with time_machine.travel(START + dt.timedelta(DAYS + 1), tick=False):
            for one, other in zip(whole.people, then.people, strict=True):
                replayed = state_of_play(whole, one, Clock(effective, known_day))
                assert replayed == state_of_play(then, other, Clock(effective))
        with time_machine.travel(START + dt.timedelta(known), tick=False):
            assert state_of_play(whole, whole.head, Clock(None, known_day)) == state_of_play(
                then, then.head, NOW
            )


class WhatMoved(TestCase):
    @FEW
    @given(seeds, st.lists(st.integers(-60, DAYS), min_size=3, max_size=3, unique=True))
    def test_two_steps_lead_where_one_leads(self, seed, offsets):
        """changes(a, b) and then changes(b, c) agree with changes(a, c)."""
        world = lived_until(seed, DAYS)
        a, b, c = ((START + dt.timedelta(n)).date() for n in sorted(offsets))
        with time_machine.travel(START + dt.timedelta(DAYS + 1), tick=False):
            for person in world.people:
                for known in (None, START.date() + dt.timedelta(DAYS)):
                    frame = world.frame_of(person, Clock(None, known))
                    self.hold(frame, a, b, c)

    def hold(self, frame, a, b, c):
        first, second, both = (moved(frame, *days) for days in ((a, b), (b, c), (a, c)))
        assert both.keys() <= first.keys() | second.keys()
        for pk, (before, after) in both.items():
            start = first[pk][0] if pk in first else None
            end = second[pk][1] if pk in second else None
            assert start in (None, before)
            assert end in (None, after)
            if pk in first and pk in second:
                assert first[pk][1] == second[pk][0]
        told = [behind(frame, *days) for days in ((a, b), (b, c), (a, c))]
        assert told[0] | told[1] == told[2]
        assert not told[0] & told[1]


def moved(frame, start, end):
    """By item that moved where it stood before and after."""
    compared = Comparison(Moment(start, ""), Moment(end, ""))
    return {
        row.issue.pk: (look(row.before), look(row.after))
        for row in ChangeReader(frame, compared).read(size=10_000).rows
    }


def look(view):
    return str(view.headline), view.badge, view.own_statuses


def behind(frame, start, end):
    """The entries that began to count in that time."""
    found = EntryReader(frame).told_in(Span(start, end))
    return {pk for pks in found.values() for pk in pks}
