"""Undo: one's own, within ten minutes, whole batches, and afterwards nobody else's business."""

import datetime as dt
from types import SimpleNamespace

import pytest
import time_machine
from django.core.exceptions import ValidationError

from issues import services
from issues.models import Entry, Standing
from issues.reads.clock import Clock
from issues.reads.frame import FrameView
from issues.reads.history import HistoryReader
from issues.reads.sources import visible_sources
from issues.reads.standings import StandingReader
from negotiations.exceptions import Conflict
from negotiations.scopes import MEMBERS
from negotiations.services import archive_negotiation
from tests import factories
from tests.factories import entry_data, record, viewer

START = dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC)


@pytest.fixture
def talks(db):
    return factories.make_talks()


@pytest.fixture
def issue(talks):
    return factories.make_issue(talks.negotiation)


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def undo(*entries, by=None):
    return services.undo(entries, viewer=viewer(entries[0].issue.negotiation, by))


def headline(issue):
    standing = Standing.objects.get(issue=issue, scope=MEMBERS, until=None)
    return str(standing.headline) if standing.headline else ""


def seen_by(user, issue, when=None):
    """The entries in the history that this person reads."""
    frame = FrameView(viewer(issue.negotiation, user), when or Clock())
    blocks = HistoryReader(frame, issue).read().blocks
    lines = [line for block in blocks for line in (block.line, *block.fold) if line]
    return {line.entry.pk for line in lines}


def test_undone_entry_no_longer_counts(clock, issue):
    record(issue, "RU", "Raised", "1 Feb 2025")
    entry = record(issue, "RU", "Agreed", "2 Feb 2025")
    clock.shift(dt.timedelta(minutes=10))
    (mark,) = undo(entry)
    assert (mark.kind, mark.corrects) == ("undo", entry)
    assert headline(issue) == "Raised"


def test_ten_minutes_and_a_second_are_too_late(clock, issue):
    entry = record(issue, "RU", "Agreed")
    clock.shift(dt.timedelta(minutes=10, seconds=1))
    with pytest.raises(ValidationError, match="ten minutes"):
        undo(entry)
    assert headline(issue) == "Agreed"


def test_nobody_undoes_anothers_entry(talks, issue):
    entry = record(issue, "RU", "Agreed", by=talks.recorder)
    with pytest.raises(ValidationError, match="author"):
        undo(entry, by=talks.head)


def test_archived_negotiation_stays_as_it_is(talks, issue):
    entry = record(issue, "RU", "Agreed")
    archive_negotiation(talks.negotiation, by=talks.head)
    with pytest.raises(ValidationError, match="archived"):
        undo(entry)


def test_batch_of_two_is_undone_as_one(talks, issue):
    data = [entry_data(talks.negotiation, who, "Agreed") for who in ("RU", "US")]
    made = services.record(issue, *data, viewer=viewer(talks.negotiation)).entries
    marks = undo(*made)
    assert len({mark.batch for mark in marks}) == 1
    assert headline(issue) == ""


def test_batch_is_undone_whole_or_not_at_all(talks, issue):
    data = [entry_data(talks.negotiation, who, "Agreed") for who in ("RU", "US")]
    first, second = services.record(issue, *data, viewer=viewer(talks.negotiation)).entries
    services.retract(second, viewer=viewer(talks.negotiation), reason="Slip")
    with pytest.raises(Conflict):
        undo(first, second)
    assert not first.corrections.exists()


def test_what_somebody_replaced_meanwhile_is_not_undone(talks, issue):
    entry = record(issue, "RU", "Agreed", by=talks.recorder)
    data = entry_data(talks.negotiation, "RU", "Blocked")
    correction = services.correct(
        entry, data, viewer=viewer(talks.negotiation), reason="Slip"
    ).entries[0]
    with pytest.raises(Conflict) as caught:
        undo(entry, by=talks.recorder)
    assert caught.value.current == correction
    assert headline(issue) == "Blocked"


def test_undone_correction_gives_way_to_its_target(talks, issue):
    target = record(issue, "RU", "Agreed")
    data = entry_data(talks.negotiation, "RU", "Blocked")
    undo(*services.correct(target, data, viewer=viewer(talks.negotiation), reason="Slip").entries)
    assert headline(issue) == "Agreed"


def test_undone_retraction_leaves_what_it_took_back(talks, issue):
    target = record(issue, "RU", "Agreed")
    undo(*services.retract(target, viewer=viewer(talks.negotiation), reason="Slip").entries)
    assert headline(issue) == "Agreed"


def test_undo_is_not_undone_nor_taken_back(talks, issue):
    entry = record(issue, "RU", "Agreed")
    (mark,) = undo(entry)
    with pytest.raises(ValidationError):
        undo(mark)
    with pytest.raises(ValidationError, match="anew"):
        services.retract(mark, viewer=viewer(talks.negotiation), reason="Slip")
    with pytest.raises(Conflict):
        undo(entry)
    assert Entry.objects.count() == 2


def test_author_alone_still_reads_it(talks, issue):
    kept = record(issue, "RU", "Raised", "1 Feb 2025")
    entry = record(issue, "RU", "Agreed", "2 Feb 2025", by=talks.recorder)
    (mark,) = undo(entry, by=talks.recorder)
    assert seen_by(talks.recorder, issue) == {kept.pk, entry.pk, mark.pk}
    assert seen_by(talks.head, issue) == seen_by(talks.reader, issue) == {kept.pk}


def test_source_of_what_was_undone_is_offered_to_nobody_else(talks, issue):
    new = services.NewSource(title="A leaked memo")
    undo(record(issue, "RU", by=talks.recorder, sources=[new]), by=talks.recorder)
    assert not visible_sources(viewer(talks.negotiation)).exists()
    assert visible_sources(viewer(talks.negotiation, talks.recorder)).exists()


@pytest.fixture
def undone_the_next_day(clock, talks, issue):
    """Recorded before midnight and undone after it."""
    clock.move_to(START.replace(hour=23, minute=55))
    entry = record(issue, "RU", "Agreed", "2 Feb 2025", by=talks.recorder)
    clock.shift(dt.timedelta(minutes=8))
    undo(entry, by=talks.recorder)
    clock.shift(dt.timedelta(days=5))
    return SimpleNamespace(entry=entry, issue=issue, day=START.date())


def test_as_recorded_before_the_undo_it_still_counts(talks, undone_the_next_day):
    issue, day = undone_the_next_day.issue, undone_the_next_day.day
    for known, expected in ((day, "Agreed"), (day + dt.timedelta(1), "None")):
        frame = FrameView(viewer(talks.negotiation, talks.reader), Clock(known=known))
        assert str(StandingReader(frame).on([issue.pk])[issue.pk].headline) == expected


def test_undone_entry_shows_to_its_author_only_also_as_known_before(talks, undone_the_next_day):
    issue, clock = undone_the_next_day.issue, Clock(known=undone_the_next_day.day)
    assert seen_by(talks.reader, issue, clock) == set()
    assert seen_by(talks.recorder, issue, clock) == {undone_the_next_day.entry.pk}
