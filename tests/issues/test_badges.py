"""Rule 5: who says so, for each badge with cases for and against it."""

from dataclasses import replace

import pytest

from issues.standing import Frame, Seat

from .values import (
    AGREED,
    BEGUN,
    BLOCKED,
    CLOSED,
    DRAFTED,
    PRINCIPLE,
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

    def test_one_of_two_behind_may_answer_for_itself(self, record):
        record.says(B, TALKS)
        record.says(A, AGREED)
        record.says(C, TALKS)
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
        record.says(A, TALKS)
        record.says(B, DRAFTED)
        assert record.shows() == (DRAFTED, "differ")


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
