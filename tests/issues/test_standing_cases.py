"""The worked cases of the design, and every rule of standing with a case for and against it."""

import datetime as dt
from dataclasses import replace

import pytest

from issues.standing import Frame, Seat, StatusValue, counting, periods
from negotiations.scopes import MEMBERS_SCOPE, PUBLIC_SCOPE, Scope

from .values import (
    AGREED,
    BEGUN,
    BLOCKED,
    CLOSED,
    PRINCIPLE,
    RAISED,
    TALKS,
    THREE,
    TWO,
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
        with_us, with_them = StatusValue(21, "engaged", 1), StatusValue(22, "engaged", 1)
        record.says(A, with_us)
        record.says(B, with_them)
        assert record.shows() == (with_them, "separate")
        record.says(A, with_us)
        assert record.shows() == (with_us, "separate")

    def test_of_two_kinds_of_held_the_latest_makes_the_headline(self, record):
        rejected = StatusValue(23, "held", None)
        record.says(A, rejected)
        record.says(B, BLOCKED)
        assert record.shows() == (BLOCKED, "separate")


# --- Rule 5: the badge --------------------------------------------------------------------------


class TestClaimsMore:
    def test_ahead_after_the_last_word_of_the_one_behind(self, record):
        record.says(B, TALKS)
        record.says(A, AGREED)
        assert record.shows() == (TALKS, "more")

    def test_any_word_of_the_one_behind_is_an_answer(self, record):
        record.says(B, TALKS)
        record.says(A, AGREED)
        record.says(B)
        assert record.shows() == (TALKS, "differ")

    def test_words_without_status_of_the_one_ahead_claim_nothing_more(self, record):
        record.says(A, AGREED)
        record.says(B, TALKS)
        record.says(A)
        assert record.shows() == (TALKS, "differ")

    def test_said_the_same_day_and_recorded_at_once_accounts_differ(self, record):
        record.says(B, TALKS, said="5 Jan 2025")
        record.says(A, AGREED, said="5 Jan 2025")
        assert record.shows() == (TALKS, "differ")

    def test_said_the_same_day_and_recorded_later_claims_more(self, record):
        record.says(B, TALKS, said="5 Jan 2025")
        record.says(A, AGREED, said="5 Jan 2025", recorded="6 Jan 2025")
        assert record.shows() == (TALKS, "more")

    def test_a_month_is_not_after_a_day_inside_it(self, record):
        record.says(B, TALKS, said="27 Feb 2025")
        record.says(A, AGREED, said="Feb 2025", recorded="1 Apr 2025")
        assert record.shows() == (TALKS, "differ")

    def test_everybody_ahead_must_have_spoken_after_everybody_behind(self, record):
        record.says(A, AGREED)
        record.says(B, TALKS)
        record.says(C, AGREED)
        assert record.shows(THREE) == (TALKS, "differ")
        record.says(A, BEGUN)
        assert record.shows(THREE) == (TALKS, "more")
        record.says(B, TALKS)
        assert record.shows(THREE) == (TALKS, "differ")

    def test_one_that_gave_no_status_is_not_behind(self, record):
        record.says(B, TALKS)
        record.says(A, AGREED)
        record.says(C)
        assert record.shows(THREE) == (TALKS, "more")

    def test_agreed_after_blocked_claims_more(self, record):
        record.says(B, BLOCKED)
        record.says(A, AGREED)
        assert record.shows() == (BLOCKED, "more")

    def test_after_a_joint_text_of_all_one_claims_more(self, record):
        record.jointly((A, B), TALKS)
        record.says(A, AGREED)
        assert record.shows() == (TALKS, "more")

    def test_dropped_is_neither_ahead_nor_behind(self, record):
        record.says(A, WITHDRAWN)
        record.says(B, AGREED)
        assert record.shows() == (AGREED, "differ")
        assert record.shows(replace(TWO, raised_by=frozenset({A}))) == (WITHDRAWN, "differ")

    def test_two_categories_on_one_rung_differ_and_nobody_is_ahead(self, record):
        tabled = StatusValue(24, "engaged", RAISED.rung)
        record.says(A, RAISED)
        record.says(B, tabled)
        assert record.shows() == (tabled, "differ")


class TestAccountsDiffer:
    def test_one_category_is_no_difference(self, record):
        record.says(A, AGREED)
        record.says(B, BEGUN)
        assert record.shows() == (AGREED, "separate")

    def test_the_next_rung_of_another_category_is_a_difference(self, record):
        record.says(A, CLOSED)
        record.says(B, BEGUN)
        assert record.shows() == (BEGUN, "differ")


class TestOnlyOneSide:
    def test_the_other_spoke_and_gave_no_status(self, record):
        record.says(A, AGREED)
        spoke = record.says(B)
        assert record.shows() == (AGREED, "only")
        silent = record.standing().words[1]
        assert (silent.party, silent.claim, silent.spoke) == (B, None, spoke)

    def test_the_other_has_nothing_on_record(self, record):
        record.says(A, AGREED)
        assert record.standing().words[1].spoke is None

    def test_two_of_three_say_so(self, record):
        record.jointly((A, B), AGREED)
        assert record.shows(THREE) == (AGREED, "only")

    def test_a_difference_comes_before_silence(self, record):
        record.says(A, AGREED)
        record.says(B, TALKS)
        assert record.shows(THREE) == (TALKS, "differ")

    def test_a_party_alone_at_the_table_confirms_nothing(self, record):
        record.says(A, AGREED)
        assert record.shows(Frame((Seat(A),))) == (AGREED, "only")


class TestConfirmedJointly:
    def test_a_text_of_all_three(self, record):
        record.jointly((A, B, C), AGREED)
        assert record.shows(THREE) == (AGREED, "joint")

    def test_not_by_a_text_of_two_of_three_and_a_word_of_the_third(self, record):
        record.jointly((A, B), AGREED)
        record.says(C, AGREED)
        assert record.shows(THREE) == (AGREED, "separate")

    def test_it_lasts_while_statuses_stay_in_the_category(self, record):
        record.jointly((A, B), AGREED)
        record.says(B, BEGUN)
        record.says(A)
        assert record.shows() == (AGREED, "joint")

    def test_not_after_one_left_the_category_and_came_back(self, record):
        record.jointly((A, B), AGREED)
        record.says(A, BLOCKED)
        record.says(A, AGREED)
        assert record.shows() == (AGREED, "separate")

    def test_not_by_a_text_in_another_category(self, record):
        record.jointly((A, B), PRINCIPLE)
        record.says(A, AGREED)
        record.says(B, AGREED)
        assert record.shows() == (AGREED, "separate")

    def test_an_earlier_text_counts_where_a_later_one_was_taken_back(self, record):
        record.jointly((A, B), AGREED)
        record.retract(record.jointly((A, B), BLOCKED))
        assert record.shows() == (AGREED, "joint")

    def test_a_new_text_confirms_anew(self, record):
        record.jointly((A, B), AGREED)
        record.says(A, BLOCKED)
        record.jointly((A, B), BEGUN)
        assert record.shows() == (BEGUN, "joint")

    def test_a_word_recorded_later_about_an_earlier_day_does_not_break_it(self, record):
        record.jointly((A, B), AGREED, said="10 Mar 2025")
        record.says(A, TALKS, said="1 Mar 2025", recorded="1 Apr 2025")
        assert record.shows() == (AGREED, "joint")

    def test_not_for_one_who_came_to_the_table_later(self, record):
        frame = Frame((Seat(A), Seat(B), Seat(C, since=day("1 Mar 2025"))))
        record.jointly((A, B), AGREED, said="1 Feb 2025")
        assert record.shows(frame, on="28 Feb 2025") == (AGREED, "joint")
        assert record.shows(frame, on="1 Mar 2025") == (AGREED, "only")
        record.says(C, AGREED, said="2 Mar 2025")
        assert record.shows(frame) == (AGREED, "separate")

    def test_a_text_of_more_than_those_still_at_the_table(self, record):
        frame = Frame((Seat(A), Seat(B), Seat(C, until=day("31 Jan 2025"))))
        record.jointly((A, B, C), AGREED)
        assert record.shows(frame, on="1 Feb 2025") == (AGREED, "joint")

    def test_all_may_drop_it_jointly(self, record):
        record.jointly((A, B), WITHDRAWN)
        assert record.shows() == (WITHDRAWN, "joint")


class TestBothSaySoSeparately:
    def test_two_words_in_one_category(self, record):
        record.says(A, AGREED)
        record.says(B, AGREED)
        assert record.shows() == (AGREED, "separate")

    def test_all_three(self, record):
        for party in (A, B, C):
            assert record.shows(THREE)[1] != "separate"
            record.says(party, BLOCKED)
        assert record.shows(THREE) == (BLOCKED, "separate")


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
        record.says(A, StatusValue(23, "held", None))
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
