"""Each rule of standing (design §2, 1 to 9) with cases for and against it."""

import datetime as dt
from dataclasses import replace

import pytest

from issues.standing import Frame, Seat, periods

from .values import (
    AGREED,
    BLOCKED,
    CLOSED,
    PRINCIPLE,
    RAISED,
    REJECTED,
    TALKS,
    THREE,
    TWO,
    WITH_THEM,
    WITHDRAWN,
    A,
    B,
    C,
    Record,
    day,
)


@pytest.fixture
def record():
    return Record()


# --- Rules 1 and 2: a party's own status; nothing claimed ---------------------------------------


class TestOwnStatus:
    def test_the_latest_own_word_or_joint_text_counts(self, record):
        record.says(A, AGREED)
        record.jointly((A, B), PRINCIPLE)
        record.says(B, TALKS)
        assert record.standing().own_statuses == {A: PRINCIPLE, B: TALKS}

    def test_an_entry_without_status_leaves_the_earlier_status(self, record):
        record.says(A, AGREED)
        record.says(A)
        assert record.shows() == (AGREED, "only")

    def test_a_joint_text_speaks_for_its_own_parties_only(self, record):
        record.jointly((A, B), AGREED)
        assert record.standing(THREE).own_statuses == {A: AGREED, B: AGREED}

    def test_what_others_report_is_no_own_status(self, record):
        record.press(AGREED)
        record.assess(TALKS)
        assert record.standing().own_statuses == {}

    def test_a_new_item_claims_nothing(self, record):
        standing = record.standing()
        assert (standing.headline, standing.badge, standing.count) == (None, "", 0)
        assert [word.party for word in standing.words] == [A, B]

    def test_entries_without_status_claim_nothing(self, record):
        record.says(A)
        record.press()
        assert record.shows() == (None, "")
        assert record.standing().count == 2


# --- Rules 3 and 4: the headline ----------------------------------------------------------------


class TestHeadline:
    def test_dropped_by_all_who_gave_a_status(self, record):
        record.says(A, WITHDRAWN)
        assert record.shows() == (WITHDRAWN, "only")

    def test_dropped_by_all_who_raised_it(self, record):
        record.says(B, TALKS)
        record.says(A, WITHDRAWN)
        assert record.shows(replace(TWO, raised_by=frozenset({A}))) == (WITHDRAWN, "differ")

    def test_set_aside_while_one_who_raised_it_says_otherwise(self, record):
        record.says(B, TALKS)
        record.says(A, WITHDRAWN)
        assert record.shows(replace(TWO, raised_by=frozenset({A, B}))) == (TALKS, "differ")

    def test_set_aside_while_one_who_raised_it_has_not_spoken(self, record):
        record.says(A, WITHDRAWN)
        record.says(C, TALKS)
        assert record.shows(replace(THREE, raised_by=frozenset({A, B}))) == (TALKS, "differ")

    def test_set_aside_where_nobody_is_known_to_have_raised_it(self, record):
        record.says(A, WITHDRAWN)
        record.says(B, AGREED)
        assert record.shows() == (AGREED, "differ")

    def test_one_who_raised_it_and_left_the_table_is_not_asked(self, record):
        seats = (Seat(A), Seat(B), Seat(C, until=day("31 Jan 2025")))
        frame = Frame(seats, raised_by=frozenset({A, C}))
        record.says(A, WITHDRAWN)
        record.says(B, TALKS)
        assert record.shows(frame, on="31 Jan 2025")[0] == TALKS
        assert record.shows(frame, on="1 Feb 2025")[0] == WITHDRAWN

    def test_the_least_advanced_makes_the_headline(self, record):
        record.says(A, PRINCIPLE)
        record.says(B, RAISED)
        record.says(C, CLOSED)
        assert record.shows(THREE)[0] == RAISED

    def test_blocked_stands_below_every_rung(self, record):
        record.says(A, BLOCKED)
        record.says(B, RAISED)
        assert record.shows()[0] == BLOCKED

    def test_dropped_does_not_stand_below_blocked(self, record):
        record.says(A, BLOCKED)
        record.says(B, WITHDRAWN)
        assert record.shows()[0] == BLOCKED

    def test_of_two_on_one_rung_the_latest_makes_the_headline(self, record):
        record.says(A, TALKS)
        record.says(B, WITH_THEM)
        assert record.shows() == (WITH_THEM, "separate")
        record.says(A, TALKS)
        assert record.shows() == (TALKS, "separate")

    def test_the_latest_by_day_and_not_by_recording(self, record):
        record.says(A, TALKS, said="5 Jan 2025")
        record.says(B, WITH_THEM, said="4 Jan 2025", recorded="6 Jan 2025")
        assert record.shows() == (TALKS, "separate")

    def test_of_two_kinds_of_held_the_latest_makes_the_headline(self, record):
        record.says(A, REJECTED)
        record.says(B, BLOCKED)
        assert record.shows() == (BLOCKED, "separate")


# --- Who is at the table -------------------------------------------------------------------------


class TestTheTable:
    frame = Frame((Seat(A), Seat(B, since=day("1 Feb 2025"), until=day("31 Mar 2025"))))

    @pytest.mark.parametrize(
        ("on", "asked"),
        [
            ("31 Jan 2025", [A]),
            ("1 Feb 2025", [A, B]),
            ("31 Mar 2025", [A, B]),
            ("1 Apr 2025", [A]),
        ],
    )
    def test_both_days_are_inclusive(self, record, on, asked):
        assert [w.party for w in record.standing(self.frame, on=on).words] == asked

    def test_what_was_said_before_coming_counts_from_then(self, record):
        record.says(A, AGREED, said="1 Jan 2025")
        record.says(B, TALKS, said="2 Jan 2025")
        assert record.shows(self.frame, on="31 Jan 2025") == (AGREED, "only")
        assert record.shows(self.frame, on="1 Feb 2025") == (TALKS, "differ")
        assert record.shows(self.frame, on="1 Apr 2025") == (AGREED, "only")

    def test_words_stand_in_the_order_of_the_seats(self, record):
        frame = Frame((Seat(C), Seat(A), Seat(B)))
        assert [w.party for w in record.standing(frame).words] == [C, A, B]

    def test_one_who_speaks_on_its_last_day_is_still_heard(self, record):
        record.says(A, AGREED)
        record.says(B, AGREED, said="31 Mar 2025")
        assert record.shows(self.frame, on="31 Mar 2025") == (AGREED, "separate")
        assert record.shows(self.frame, on="1 Apr 2025") == (AGREED, "only")

    def test_a_seat_since_the_first_day_there_is_begins_no_second_period(self):
        found = periods([], Frame((Seat(A, since=dt.date.min),)))
        assert [(p.since, p.until) for p in found] == [(dt.date.min, None)]

    def test_a_seat_until_the_last_day_there_is(self, record):
        record.says(A, AGREED)
        assert record.shows(Frame((Seat(A, until=dt.date.max),))) == (AGREED, "only")


# --- Rules 6 to 9 -------------------------------------------------------------------------------


class TestOutsideVoices:
    def test_a_press_report_stands_in_where_no_party_gave_a_status(self, record):
        record.says(A)
        record.press(AGREED)
        assert record.shows() == (AGREED, "press")

    def test_so_does_our_assessment(self, record):
        record.assess(TALKS)
        assert record.shows() == (TALKS, "ours")

    def test_the_latest_of_them_by_day_and_not_by_recording(self, record):
        record.assess(TALKS, said="5 Jan 2025")
        record.press(AGREED, said="4 Jan 2025", recorded="6 Jan 2025")
        assert record.shows() == (TALKS, "ours")
        record.press(BLOCKED, said="7 Jan 2025")
        assert record.shows() == (BLOCKED, "press")

    def test_beside_the_headline_once_a_party_gave_a_status(self, record):
        record.says(A, TALKS)
        press, own = record.press(BLOCKED), record.assess(AGREED)
        assert record.shows() == (TALKS, "only")
        standing = record.standing()
        assert (standing.press, standing.own) == (press, own)

    def test_a_report_without_status_does_not_replace_the_one_with(self, record):
        press = record.press(AGREED)
        record.press()
        assert record.shows() == (AGREED, "press")
        assert record.standing().press == press


class TestAssessor:
    frame = replace(TWO, assessor=True)

    def test_the_own_assessment_is_the_headline_and_parties_are_listed(self, record):
        record.assess(TALKS)
        record.jointly((A, B), AGREED)
        record.press(BLOCKED)
        assert record.shows(self.frame) == (TALKS, "ours")
        assert record.standing(self.frame).own_statuses == {A: AGREED, B: AGREED}

    def test_without_one_the_parties_make_the_headline(self, record):
        record.jointly((A, B), AGREED)
        assert record.shows(self.frame) == (AGREED, "joint")

    def test_an_assessment_without_status_is_none(self, record):
        record.says(A, AGREED)
        record.assess()
        assert record.shows(self.frame) == (AGREED, "only")

    def test_without_one_the_press_may_make_it(self, record):
        record.press(AGREED)
        assert record.shows(self.frame) == (AGREED, "press")

    def test_elsewhere_the_assessment_stays_beside(self, record):
        record.says(A, AGREED)
        record.assess(TALKS)
        assert record.shows(TWO) == (AGREED, "only")


class TestFellFrom:
    def test_an_unbroken_run_of_held_remembers_where_it_began(self, record):
        record.says(A, PRINCIPLE)
        first = record.says(A, BLOCKED)
        record.says(B, TALKS)
        record.says(B, BLOCKED)
        record.says(A, REJECTED)
        standing = record.standing()
        assert (standing.fell_from, standing.fell_on) == (PRINCIPLE, first.said_first)

    def test_a_broken_run_remembers_the_second_fall(self, record):
        record.says(A, PRINCIPLE)
        record.says(A, BLOCKED)
        record.says(A, TALKS)
        again = record.says(A, BLOCKED)
        standing = record.standing()
        assert (standing.fell_from, standing.fell_on) == (TALKS, again.said_first)

    def test_held_from_the_beginning_fell_from_nowhere(self, record):
        record.says(A, BLOCKED)
        assert record.shows() == (BLOCKED, "only")
        standing = record.standing()
        assert (standing.fell_from, standing.fell_on) == (None, None)

    def test_what_is_not_held_remembers_nothing(self, record):
        record.says(A, PRINCIPLE)
        record.says(A, BLOCKED)
        record.says(A, TALKS)
        assert record.standing().fell_from is None

    def test_a_word_recorded_late_changes_where_it_fell_from(self, record):
        record.says(A, TALKS, said="1 Jan 2025")
        record.says(A, BLOCKED, said="1 Mar 2025")
        record.says(A, AGREED, said="1 Feb 2025", recorded="1 Apr 2025")
        assert record.standing().fell_from == AGREED
        assert record.standing(known="31 Mar 2025").fell_from == TALKS

    def test_held_in_an_assessment_or_report_counts_too(self, record):
        record.press(AGREED)
        record.assess(BLOCKED)
        assert record.standing().fell_from == AGREED


class TestWhatElseIsCurrent:
    def test_every_party_carries_the_entry_with_its_date(self, record):
        first = record.says(A, AGREED)
        second = record.jointly((A, B), AGREED)
        third = record.says(B)
        words = record.standing().words
        assert [(w.claim, w.spoke) for w in words] == [(second, second), (second, third)]
        assert first not in [w.claim for w in words]

    def test_a_position_is_current_until_the_party_gives_another(self, record):
        first = record.says(A, has_position=True)
        record.says(A, AGREED)
        assert record.standing().words[0].position == first
        both = record.jointly((A, B), has_position=True)
        assert [w.position for w in record.standing().words] == [both, both]

    def test_others_give_a_party_no_position(self, record):
        record.press(has_position=True)
        assert [w.position for w in record.standing().words] == [None, None]

    def test_waits_and_next_step_come_from_the_latest_entry_that_carries_them(self, record):
        waits = record.press(has_waits=True, said="9 Jan 2025")
        step = record.assess(has_next_step=True)
        record.says(A, has_waits=True, said="8 Jan 2025", recorded="10 Jan 2025")
        last = record.says(B, said="11 Jan 2025")
        standing = record.standing()
        assert (standing.waits, standing.next_step, standing.last) == (waits, step, last)
