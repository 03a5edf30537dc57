"""The worked cases of the design; the two clocks; what a correction takes out and brings back."""

import datetime as dt
from dataclasses import replace

import pytest

from issues.standing import counting, periods
from negotiations.scopes import MEMBERS_SCOPE, PUBLIC_SCOPE, Scope

from .values import (
    AGREED,
    BEGUN,
    BLOCKED,
    RAISED,
    TALKS,
    TWO,
    WITHDRAWN,
    A,
    B,
    Record,
)


@pytest.fixture
def record():
    return Record()


# --- The worked cases, in the order of the design -----------------------------------------------


class TestWorkedCases:
    def so_far(self, record, steps):
        """The first `steps` of the story; returns the last entry."""
        story = (
            lambda: record.says(A, AGREED),
            lambda: record.says(B, TALKS),
            lambda: record.says(A, AGREED),
            lambda: record.jointly((A, B), AGREED),
            lambda: record.says(A, BEGUN),
            lambda: record.says(A, BLOCKED),
        )
        return [step() for step in story[:steps]][-1]

    def test_only_one_side_says_agreed(self, record):
        self.so_far(record, 1)
        assert record.shows() == (AGREED, "only")

    def test_the_other_says_less_afterwards_accounts_differ(self, record):
        self.so_far(record, 2)
        assert record.shows() == (TALKS, "differ")

    def test_the_first_repeats_it_and_claims_more(self, record):
        self.so_far(record, 3)
        assert record.shows() == (TALKS, "more")

    def test_a_joint_text_confirms_it(self, record):
        self.so_far(record, 4)
        assert record.shows() == (AGREED, "joint")

    def test_being_implemented_is_no_difference_to_agreed(self, record):
        self.so_far(record, 5)
        assert record.shows() == (AGREED, "joint")

    def test_blocked_falls_from_agreed_and_accounts_differ(self, record):
        blocked = self.so_far(record, 6)
        assert record.shows() == (BLOCKED, "differ")
        standing = record.standing()
        assert (standing.fell_from, standing.fell_on) == (AGREED, blocked.said_first)

    def test_blocked_corrected_to_agreed_is_confirmed_jointly_again(self, record):
        record.correct(self.so_far(record, 6), AGREED)
        assert record.shows() == (AGREED, "joint")
        assert record.standing().fell_from is None

    def test_as_recorded_before_the_correction_it_is_still_blocked(self, record):
        record.correct(self.so_far(record, 6), AGREED, recorded="20 Jan 2025")
        assert record.shows(known="19 Jan 2025") == (BLOCKED, "differ")
        assert record.shows(known="20 Jan 2025") == (AGREED, "joint")

    def test_the_correction_retracted_it_is_blocked_again(self, record):
        record.retract(record.correct(self.so_far(record, 6), AGREED))
        assert record.shows() == (BLOCKED, "differ")

    def test_withdrawn_by_one_who_did_not_raise_it_is_only_listed(self, record):
        raised_by_b = replace(TWO, raised_by=frozenset({B}))
        record.says(B, TALKS)
        record.says(A, WITHDRAWN)
        assert record.shows(raised_by_b) == (TALKS, "differ")
        assert record.standing(raised_by_b).own_statuses == {A: WITHDRAWN, B: TALKS}

    def test_a_month_does_not_override_a_day_inside_it(self, record):
        record.says(A, TALKS, said="27 Feb 2025")
        record.says(A, RAISED, said="Feb 2025", recorded="1 Mar 2025")
        assert record.shows() == (TALKS, "only")

    def test_a_joint_text_recorded_late_by_both_clocks(self, record):
        record.says(A, TALKS, said="1 Mar 2025")
        record.jointly((A, B), AGREED, said="10 Mar 2025", recorded="15 Jun 2025")
        in_april = {"on": "15 Apr 2025"}
        assert record.shows(**in_april, known="31 May 2025") == (TALKS, "only")
        assert record.shows(**in_april, known="1 Jul 2025") == (AGREED, "joint")
        assert record.shows(on="9 Mar 2025", known="1 Jul 2025") == (TALKS, "only")

    def test_an_entry_for_one_delegation_changes_nothing_outside_it(self, record):
        shared = [record.says(A, AGREED), record.says(B, AGREED)]
        record.says(A, BLOCKED)
        audiences = [("members", None), ("public", None), ("delegation", A)]

        def seen_by(scope):
            return [
                entry
                for entry, audience in zip(record.entries, audiences, strict=True)
                if scope.sees(*audience)
            ]

        assert periods(seen_by(MEMBERS_SCOPE), TWO) == periods(shared, TWO)
        assert periods(seen_by(Scope.of_party(B)), TWO) == periods(shared, TWO)
        assert periods(seen_by(PUBLIC_SCOPE), TWO) == periods(shared[1:], TWO)
        own = periods(seen_by(Scope.of_party(A)), TWO)[-1].standing
        assert (own.headline, own.badge) == (BLOCKED, "differ")


# --- Two clocks ---------------------------------------------------------------------------------


class TestClocks:
    def test_a_vague_date_counts_from_its_last_day(self, record):
        record.says(A, RAISED, said="Feb 2025", recorded="1 Jun 2025")
        assert record.shows(on="27 Feb 2025") == (None, "")
        assert record.shows(on="28 Feb 2025") == (RAISED, "only")

    def test_a_vague_date_counts_from_the_day_it_was_recorded_if_earlier(self, record):
        record.says(A, RAISED, said="2025", recorded="3 Mar 2025")
        assert record.shows(on="2 Mar 2025") == (None, "")
        assert record.shows(on="3 Mar 2025") == (RAISED, "only")

    @pytest.mark.parametrize(
        ("vague", "precise", "latest"),
        [
            ("Feb 2025", "1 Feb 2025", "precise"),
            ("2025", "Jan 2025", "precise"),
            ("2025", "31 Dec 2025", "precise"),
            ("Mar 2025", "28 Feb 2025", "vague"),
        ],
    )
    def test_rank_is_first_day_then_finer_precision(self, record, vague, precise, latest):
        record.says(A, TALKS, said=precise)
        record.says(A, RAISED, said=vague, recorded="31 Dec 2025")
        assert record.shows() == (TALKS if latest == "precise" else RAISED, "only")

    def test_of_the_same_day_the_one_recorded_later_ranks_later(self, record):
        record.says(A, AGREED, said="5 Jan 2025", recorded="8 Jan 2025")
        record.says(A, TALKS, said="5 Jan 2025", recorded="7 Jan 2025")
        assert record.shows() == (AGREED, "only")

    def test_recorded_at_once_the_later_id_ranks_later(self, record):
        record.says(A, AGREED, said="5 Jan 2025")
        record.says(A, TALKS, said="5 Jan 2025")
        assert record.shows() == (TALKS, "only")

    def test_an_old_event_recorded_late_does_not_become_the_latest(self, record):
        record.says(A, AGREED, said="10 Mar 2025")
        record.says(A, RAISED, said="1 Feb 2025", recorded="1 May 2025")
        assert record.shows() == (AGREED, "only")
        assert record.shows(on="1 Mar 2025") == (RAISED, "only")
        assert record.shows(on="1 Mar 2025", known="1 Apr 2025") == (None, "")

    def test_what_was_recorded_at_that_very_moment_was_known(self, record):
        said = record.says(A, AGREED)
        assert counting(record.entries, said.recorded_at) == [said]
        assert counting(record.entries, said.recorded_at - dt.timedelta(microseconds=1)) == []

    def test_now_is_everything_recorded(self, record):
        record.says(A, AGREED, said="10 Mar 2025")
        assert record.shows() == record.shows(on="31 Dec 9999")


# --- Corrections and retractions ----------------------------------------------------------------


class TestCorrections:
    def test_a_correction_with_an_earlier_date_takes_the_old_one_out(self, record):
        wrong = record.says(A, AGREED, said="10 Mar 2025")
        record.correct(wrong, RAISED, said="1 Feb 2025", recorded="20 Mar 2025")
        assert record.shows(on="2 Feb 2025") == (RAISED, "only")
        assert record.shows() == (RAISED, "only")

    def test_a_correction_with_a_later_date_leaves_nothing_in_between(self, record):
        wrong = record.says(A, AGREED, said="1 Feb 2025")
        record.correct(wrong, AGREED, said="10 Mar 2025")
        assert record.shows(on="1 Mar 2025") == (None, "")
        assert record.shows(on="1 Mar 2025", known="5 Feb 2025") == (AGREED, "only")

    def test_a_correction_that_carries_no_status_takes_the_status_away(self, record):
        record.correct(record.says(A, AGREED))
        assert record.shows() == (None, "")

    def test_a_corrected_correction_still_keeps_its_target_out(self, record):
        first = record.says(A, BLOCKED)
        second = record.correct(first, AGREED)
        third = record.correct(second, TALKS)
        assert counting(record.entries) == [third]
        assert record.shows() == (TALKS, "only")

    def test_retracting_the_second_correction_brings_back_the_first_only(self, record):
        first = record.says(A, BLOCKED)
        second = record.correct(first, AGREED)
        record.retract(record.correct(second, TALKS))
        assert counting(record.entries) == [second]

    def test_a_retraction_takes_back_what_was_said(self, record):
        record.says(A, RAISED)
        record.retract(record.says(A, AGREED))
        assert record.shows() == (RAISED, "only")

    def test_a_retraction_carries_nothing_itself(self, record):
        record.retract(record.says(A, AGREED))
        standing = record.standing()
        assert (standing.count, standing.last, standing.words[0].spoke) == (0, None, None)

    def test_a_retraction_retracted_lets_the_entry_count_again(self, record):
        said = record.says(A, AGREED)
        record.retract(record.retract(said))
        assert counting(record.entries) == [said]

    def test_and_once_more_takes_it_back_again(self, record):
        said = record.says(A, AGREED)
        record.retract(record.retract(record.retract(said)))
        assert counting(record.entries) == []

    def test_a_retraction_retracted_puts_the_correction_back_in_force(self, record):
        correction = record.correct(record.says(A, BLOCKED), AGREED)
        record.retract(record.retract(correction))
        assert counting(record.entries) == [correction]

    def test_a_retraction_stands_or_falls_even_if_the_clock_was_set_back(self, record):
        said = record.says(A, AGREED, said="1 Jan 2025")
        first = record.retract(said, recorded="10 Jan 2025")
        record.retract(first, recorded="9 Jan 2025")
        assert counting(record.entries) == [said]

    def test_an_undo_takes_back_like_a_retraction(self, record):
        said = record.says(A, BLOCKED)
        record.retract(record.correct(said, AGREED), kind="undo")
        assert counting(record.entries) == [said]

    def test_each_step_as_known_at_the_time(self, record):
        first = record.says(A, BLOCKED)
        second = record.correct(first, AGREED, recorded="2 Jan 2025")
        third = record.correct(second, TALKS, recorded="3 Jan 2025")
        record.retract(third, recorded="4 Jan 2025")
        shown = [record.shows(known=f"{n} Jan 2025")[0] for n in range(1, 5)]
        assert shown == [BLOCKED, AGREED, TALKS, AGREED]

    def test_a_correction_only_one_delegation_sees_leaves_the_old_word_outside(self, record):
        first = record.says(A, AGREED)
        second = record.correct(first, BLOCKED)
        audiences = {first.id: ("public", None), second.id: ("delegation", A)}

        def shown_to(scope):
            seen = [e for e in record.entries if scope.sees(*audiences[e.id])]
            return periods(seen, TWO)[-1].standing.headline

        assert shown_to(Scope.of_party(A)) == BLOCKED
        assert shown_to(Scope.of_party(B)) == AGREED
        assert shown_to(MEMBERS_SCOPE) == AGREED
        assert shown_to(PUBLIC_SCOPE) == AGREED
