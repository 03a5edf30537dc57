"""An item's history: order, folds, dividers, what is struck out, and pages of it."""

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import BadRequest

from issues import services
from issues.reads import history
from issues.reads.clock import Clock
from issues.reads.frame import FrameView
from issues.reads.history import HistoryReader
from tests import factories
from tests.factories import entry_data, own_audience, record, viewer


@pytest.fixture
def talks(db):
    return factories.make_delegations()


@pytest.fixture
def issue(talks):
    return factories.make_issue(talks.negotiation)


def read(issue, user=None, after="", **clock):
    frame = FrameView(viewer(issue.negotiation, user), Clock(**clock))
    return HistoryReader(frame, issue).read(after)


def lines_of(found):
    return [line for block in found.blocks for line in (block.line, *block.fold) if line]


def lines(issue, user=None, **clock):
    return lines_of(read(issue, user, **clock))


def texts(found):
    return [line.entry.text for line in lines_of(found)]


def line_of(entry, user=None, **clock):
    return next(line for line in lines(entry.issue, user, **clock) if line.entry == entry)


def shape(issue, **clock):
    """The blocks in a word each: an entry's text, a fold's length, a round's title."""
    return [
        block.line.entry.text if block.line else len(block.fold) or [r.title for r in block.rounds]
        for block in read(issue, **clock).blocks
    ]


def correct(target, who="RU", says="Raised", **fields):
    data = entry_data(target.issue.negotiation, who, says, **fields)
    person = viewer(target.issue.negotiation)
    return services.correct(target, data, viewer=person, reason="Slip").entries[0]


def retract(target):
    person = viewer(target.issue.negotiation)
    return services.retract(target, viewer=person, reason="Slip").entries[0]


@pytest.fixture
def yesterday():
    """Within: everything is recorded long enough ago that nothing can be undone."""
    with time_machine.travel(dt.datetime.now(dt.UTC) - dt.timedelta(1), tick=True) as clock:
        yield clock


class TestOrderAndShape:
    def test_newest_first_by_the_day_it_was_said(self, issue):
        for said in ("3 Feb 2025", "1 Feb 2025", "Feb 2025", "2 Feb 2025", "2025"):
            record(issue, "RU", "Raised", said=said, text=said)
        # A vague date never overrides a precise one inside it.
        expected = ["3 Feb 2025", "2 Feb 2025", "1 Feb 2025", "Feb 2025", "2025"]
        assert texts(read(issue)) == expected

    def test_runs_without_change_fold(self, yesterday, issue):
        record(issue, "RU", "Raised", "1 Jan 2025", text="first")
        for day in range(2, 6):
            record(issue, "RU", "Raised" if day % 2 else "", f"{day} Jan 2025", text=f"still {day}")
        record(issue, "RU", "Agreed", "6 Jan 2025", text="last")
        with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(1)):
            assert shape(issue) == ["last", 4, "first"]

    def test_newest_and_short_runs_do_not_fold(self, yesterday, issue):
        record(issue, "RU", "Raised", "1 Jan 2025", text="first")
        for day in (2, 3, 4):
            record(issue, "RU", "", f"{day} Jan 2025", text=f"quiet {day}")
        with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(1)):
            assert shape(issue) == ["quiet 4", "quiet 3", "quiet 2", "first"]

    def test_rounds_divide(self, talks, issue):
        for title, day in (("R1", "27 Feb 2025"), ("R2", "10 Apr 2025"), ("R3", "1 May 2025")):
            factories.make_round(talks.negotiation, title, day)
        factories.make_round(talks.negotiation, "planned")
        factories.make_round(talks.negotiation, "side", "2 Mar 2025", is_side_meeting=True)
        record(issue, "RU", "Raised", "27 Feb 2025", text="at R1")
        record(issue, "RU", "Agreed", "9 Apr 2025", text="before R2")
        record(issue, "RU", "Closed", "2 May 2025", text="after R3")
        assert shape(issue) == ["after R3", ["R3", "R2"], "before R2", ["R1"], "at R1"]

    def test_later_rounds_do_not_divide_an_earlier_view(self, talks, issue):
        factories.make_round(talks.negotiation, "R1", "27 Feb 2025")
        factories.make_round(talks.negotiation, "R2", "10 Apr 2025")
        record(issue, "RU", "Raised", "26 Feb 2025", text="said")
        assert shape(issue, as_of=dt.date(2025, 3, 1)) == [["R1"], "said"]

    def test_own_previous_status_is_shown_beside_a_new_one(self, issue):
        record(issue, "RU", "Raised", "1 Jan 2025")
        record(issue, "US", "Blocked", "2 Jan 2025")
        still = record(issue, "RU", "Raised", "3 Jan 2025")
        moved = record(issue, "RU", "Agreed", "4 Jan 2025")
        assert line_of(still).is_still
        assert str(line_of(moved).old_status) == "Raised"
        assert not line_of(moved).is_still

    def test_recorded_long_after_it_was_said_shows_both_dates(self, issue):
        with time_machine.travel("2026-03-12 10:00Z"):
            late, soon = (record(issue, "RU", said=f"{day} Mar 2026") for day in (4, 5))
        assert line_of(late).is_late
        assert not line_of(soon).is_late


class TestWhatNoLongerCounts:
    def test_corrected_entry_is_struck_and_names_its_correction(self, issue):
        target = record(issue, "RU", "Agreed")
        made = correct(target)
        line = line_of(target)
        assert (line.is_struck, line.reply, line.may_correct) == (True, made, False)
        assert not line_of(made).is_struck

    def test_struck_also_on_days_before_its_correction_was_said(self, issue):
        target = record(issue, "RU", "Agreed", "1 Feb 2025")
        correct(target, said="5 Mar 2025")
        gone = record(issue, "RU", "Agreed", "2 Feb 2025")
        retract(gone)
        day = dt.date(2025, 2, 15)
        shown = lines(issue, as_of=day)
        assert {line.entry for line in shown} == {target, gone}
        assert all(line.is_struck for line in shown)

    def test_retraction_that_was_taken_back_is_struck_itself(self, issue):
        target = record(issue, "RU", "Agreed")
        once = retract(target)
        twice = retract(once)
        assert not line_of(target).is_struck
        assert line_of(once).is_struck
        assert line_of(once).reply == twice
        assert not line_of(once).may_correct
        assert line_of(twice).may_correct

    @pytest.mark.parametrize(("first", "second"), [(retract, correct), (correct, retract)])
    def test_reply_shown_is_the_one_that_stands(self, issue, first, second):
        target = record(issue, "RU", "Agreed")
        retract(first(target))
        stands = second(target)
        assert line_of(target).reply == stands

    def test_as_recorded_before_its_correction_it_is_not_struck(self, issue):
        with time_machine.travel("2026-03-02 10:00Z"):
            target = record(issue, "RU", "Agreed")
        with time_machine.travel("2026-03-05 10:00Z"):
            correct(target)
        line = line_of(target, known=dt.date(2026, 3, 4))
        assert (line.is_struck, line.reply) == (False, None)
        assert line_of(target, known=dt.date(2026, 3, 5)).is_struck

    def test_what_is_corrected_within_a_delegation_stands_for_others(self, talks, issue):
        target = record(issue, "RU", "Agreed", by=talks.ru)
        person = viewer(talks.negotiation, talks.ru)
        data = entry_data(talks.negotiation, "RU", "Blocked", **own_audience(person))
        services.correct(target, data, viewer=person, reason="Slip")
        assert line_of(target, talks.ru).is_struck
        assert not line_of(target, talks.us).is_struck
        assert len(lines(issue, talks.us)) == 1

    def test_nothing_is_offered_in_the_past(self, issue):
        entry = record(issue, "RU", "Agreed")
        today = dt.date.today()
        assert line_of(entry).may_correct
        assert line_of(entry).may_undo
        for clock in ({"as_of": today}, {"known": today}):
            assert not line_of(entry, **clock).may_correct
            assert not line_of(entry, **clock).may_undo

    def test_reader_is_offered_nothing(self, talks, issue):
        line = line_of(record(issue, "RU", "Agreed"), talks.reader)
        assert not line.may_correct
        assert not line.may_undo


class TestPages:
    @pytest.fixture
    def long(self, issue, monkeypatch):
        monkeypatch.setattr(history, "PAGE", 3)
        for day in range(1, 8):
            says = "Raised" if day % 2 else "Agreed"
            record(issue, "RU", says, f"{day} Feb 2025", text=str(day))
        return issue

    def test_each_entry_is_on_one_page(self, long):
        pages, after = [], ""
        while True:
            found = read(long, after=after)
            pages.append(texts(found))
            if not (after := found.older):
                break
        assert pages == [["7", "6", "5"], ["4", "3", "2"], ["1"]]
        assert found.count == 7

    def test_rounds_are_not_repeated_on_the_next_page(self, talks, long):
        for number in (1, 4, 6):
            factories.make_round(talks.negotiation, f"R{number}", f"{number} Feb 2025")
        shown, after = [], ""
        for _page in range(3):
            found = read(long, after=after)
            shown += [r.title for block in found.blocks for r in block.rounds]
            after = found.older
        assert shown == ["R6", "R4", "R1"]

    @pytest.mark.parametrize("after", ["junk", "00000000-0000-4000-8000-000000000000"])
    def test_unknown_place_is_refused(self, long, after):
        with pytest.raises(BadRequest, match="There is no entry"):
            read(long, after=after)

    def test_hidden_place_is_an_unknown_one(self, talks, long):
        own = own_audience(viewer(talks.negotiation, talks.ru))
        hidden = record(long, "RU", by=talks.ru, **own)
        with pytest.raises(BadRequest, match="There is no entry"):
            read(long, talks.us, after=str(hidden.uuid))


def test_source_added_later_was_not_known_before(issue):
    with time_machine.travel("2026-03-02 10:00Z"):
        entry = record(issue, "RU", sources=[services.NewSource(title="First")])
    with time_machine.travel("2026-03-05 10:00Z"):
        services.add_source(
            entry, services.NewSource(title="Second"), viewer=viewer(issue.negotiation)
        )

    def titles(**clock):
        return [str(link.source) for link in line_of(entry, **clock).sources]

    assert titles() == ["First", "Second"]
    assert titles(known=dt.date(2026, 3, 4)) == ["First"]
