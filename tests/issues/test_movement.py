"""What moved between two standings: each kind of the design with a case for and against it."""

from dataclasses import replace

import pytest

from issues.standing import Frame, Movement, Seat, StandingValue, movement

from .values import (
    AGREED,
    BEGUN,
    BLOCKED,
    CLOSED,
    PRINCIPLE,
    RAISED,
    RATIFIED,
    REJECTED,
    STATUSES,
    TALKS,
    TWO,
    WITH_THEM,
    WITHDRAWN,
    A,
    B,
    Record,
    day,
)

ASSESSOR = replace(TWO, assessor=True)
KINDS = {
    "new",
    "gone",
    "reopened",
    "dropped",
    "closed",
    "resumed",
    "contested",
    "back",
    "forward",
    "unchanged",
}


@pytest.fixture
def record():
    return Record()


def kind(before, after):
    """The kind of movement when one party alone goes from one status to another."""
    record = Record()
    standings = [record.standing()]
    for status in (before, after):
        if status:
            record.says(A, status)
        standings.append(record.standing())
    return movement(*standings[1:]).kind


class Steps:
    """A record that compares its standing after each step with the one before."""

    def __init__(self, record, frame=TWO):
        self.record, self.frame = record, frame
        self.before = record.standing(frame)

    def then(self, *_entries):
        before, self.before = self.before, self.record.standing(self.frame)
        return movement(before, self.before)


@pytest.fixture
def steps(record):
    return Steps(record)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, None, "unchanged"),
        (None, RAISED, "new"),
        (None, CLOSED, "new"),
        (None, WITHDRAWN, "new"),
        (None, BLOCKED, "new"),
        (CLOSED, BEGUN, "reopened"),
        (CLOSED, BLOCKED, "reopened"),
        (WITHDRAWN, RAISED, "reopened"),
        (WITHDRAWN, BLOCKED, "reopened"),
        # Out of one end into the other nothing is open again.
        (CLOSED, WITHDRAWN, "dropped"),
        (WITHDRAWN, CLOSED, "closed"),
        (WITHDRAWN, WITHDRAWN, "unchanged"),
        (CLOSED, CLOSED, "unchanged"),
        (CLOSED, RATIFIED, "forward"),
        (RATIFIED, CLOSED, "back"),
        (AGREED, WITHDRAWN, "dropped"),
        (BLOCKED, WITHDRAWN, "dropped"),
        (BEGUN, CLOSED, "closed"),
        (BLOCKED, CLOSED, "closed"),
        (BLOCKED, RAISED, "resumed"),
        (BLOCKED, BEGUN, "resumed"),
        (BLOCKED, REJECTED, "unchanged"),
        (AGREED, BLOCKED, "back"),
        (AGREED, TALKS, "back"),
        (BEGUN, AGREED, "back"),
        (TALKS, PRINCIPLE, "forward"),
        (AGREED, BEGUN, "forward"),
        (TALKS, TALKS, "unchanged"),
    ],
)
def test_one_party_moves_its_own_word(before, after, expected):
    assert kind(before, after) == expected


def test_gone_to_no_status_yet(record, steps):
    said = record.says(A, AGREED)
    steps.then()
    record.retract(said)
    assert steps.then().kind == "gone"


def test_two_statuses_on_one_rung_are_no_movement():
    assert kind(TALKS, WITH_THEM) == "unchanged"


class TestContested:
    def test_the_other_speaks_for_the_first_time_and_says_less(self, record, steps):
        steps.then(record.says(A, AGREED))
        assert steps.then(record.says(B, TALKS)).kind == "contested"

    def test_the_other_speaks_for_the_first_time_and_blocks(self, record, steps):
        steps.then(record.says(A, AGREED))
        assert steps.then(record.says(B, BLOCKED)).kind == "contested"

    def test_not_where_the_other_takes_its_own_word_back(self, record, steps):
        record.says(A, AGREED)
        steps.then(record.says(B, AGREED))
        assert steps.then(record.says(B, TALKS)).kind == "back"

    def test_not_where_a_joint_text_says_less_than_before(self, record, steps):
        steps.then(record.says(A, AGREED))
        assert steps.then(record.jointly((A, B), PRINCIPLE)).kind == "back"

    def test_one_comes_to_the_table_with_less(self, record):
        frame = Frame((Seat(A), Seat(B, since=day("1 Feb 2025"))))
        record.says(A, AGREED)
        record.says(B, TALKS)
        before, after = (record.standing(frame, on=on) for on in ("31 Jan 2025", "1 Feb 2025"))
        assert movement(before, after).kind == "contested"

    def test_a_party_says_less_than_the_press_had_it(self, record, steps):
        steps.then(record.press(AGREED))
        assert steps.then(record.says(A, TALKS)).kind == "contested"

    def test_not_where_the_press_itself_says_less(self, record, steps):
        steps.then(record.press(AGREED))
        assert steps.then(record.press(TALKS)).kind == "back"

    def test_our_assessment_says_less_than_the_parties(self, record):
        steps = Steps(record, ASSESSOR)
        steps.then(record.jointly((A, B), AGREED))
        assert steps.then(record.assess(TALKS)).kind == "contested"

    def test_not_where_our_assessment_goes_lower(self, record):
        steps = Steps(record, ASSESSOR)
        record.jointly((A, B), AGREED)
        steps.then(record.assess(PRINCIPLE))
        assert steps.then(record.assess(TALKS)).kind == "back"

    def test_not_where_the_headline_stays(self, record, steps):
        steps.then(record.says(B, TALKS))
        assert steps.then(record.says(A, AGREED)).kind == "unchanged"

    def test_not_where_the_headline_rises(self, record, steps):
        steps.then(record.press(TALKS))
        assert steps.then(record.says(A, AGREED)).kind == "forward"

    def test_not_where_the_other_confirms_within_the_category(self, record, steps):
        steps.then(record.says(A, BEGUN))
        moved = steps.then(record.says(B, AGREED))
        assert moved == Movement("unchanged", now_confirmed=True)

    def test_not_where_both_confirm_less_than_the_press_had_it(self, record, steps):
        steps.then(record.press(AGREED))
        moved = steps.then(record.says(A, TALKS), record.says(B, TALKS))
        assert moved == Movement("back", now_confirmed=True)


class TestResumed:
    @pytest.mark.parametrize(
        ("again", "against", "direction"),
        [(TALKS, "back", "down"), (PRINCIPLE, "unchanged", ""), (AGREED, "forward", "up")],
    )
    def test_compared_with_where_it_fell_from(self, record, steps, again, against, direction):
        record.says(A, PRINCIPLE)
        steps.then(record.says(A, BLOCKED))
        moved = steps.then(record.says(A, again))
        assert (moved.kind, moved.against_fall, moved.direction) == ("resumed", against, direction)

    def test_with_nothing_before_it_was_held_it_goes_up(self, record, steps):
        steps.then(record.says(A, BLOCKED))
        moved = steps.then(record.says(A, RAISED))
        assert (moved.kind, moved.against_fall, moved.direction) == ("resumed", "", "up")

    def test_other_movements_are_not_compared_with_a_fall(self, record, steps):
        record.says(A, PRINCIPLE)
        steps.then(record.says(A, BLOCKED))
        assert steps.then(record.says(A, CLOSED)).against_fall == ""


class TestNowConfirmed:
    def test_by_a_joint_text(self, record, steps):
        steps.then(record.says(A, AGREED))
        moved = steps.then(record.jointly((A, B), AGREED))
        assert moved == Movement("unchanged", now_confirmed=True)

    def test_by_the_other_side_saying_the_same(self, record, steps):
        steps.then(record.says(A, AGREED))
        moved = steps.then(record.says(B, AGREED))
        assert moved == Movement("unchanged", now_confirmed=True)

    def test_beside_a_movement(self, record, steps):
        steps.then(record.says(A, TALKS))
        moved = steps.then(record.jointly((A, B), AGREED))
        assert moved == Movement("forward", now_confirmed=True)

    def test_not_again_where_it_was_confirmed_separately(self, record, steps):
        record.says(A, AGREED)
        steps.then(record.says(B, AGREED))
        assert steps.then(record.jointly((A, B), AGREED)) == Movement("unchanged")

    def test_not_again_where_confirmed_jointly_turns_into_separately(self, record, steps):
        steps.then(record.jointly((A, B), AGREED))
        record.says(A, BLOCKED)
        assert steps.then(record.says(A, AGREED)) == Movement("unchanged")

    def test_not_by_the_press(self, record, steps):
        steps.then(record.says(A, AGREED))
        assert steps.then(record.press(AGREED)) == Movement("unchanged")


class TestNowDisputed:
    def test_when_accounts_differ(self, record, steps):
        steps.then(record.says(A, AGREED))
        moved = steps.then(record.says(B, TALKS))
        assert moved == Movement("contested", now_disputed=True)

    def test_when_one_answers_a_claim_of_more(self, record, steps):
        record.says(B, TALKS)
        steps.then(record.says(A, AGREED))
        assert steps.then(record.says(B, TALKS)) == Movement("unchanged", now_disputed=True)

    def test_not_by_a_claim_of_more_alone(self, record, steps):
        steps.then(record.jointly((A, B), TALKS))
        assert steps.then(record.says(A, AGREED)) == Movement("unchanged")

    def test_not_again_while_they_differ(self, record, steps):
        record.says(A, AGREED)
        steps.then(record.says(B, TALKS))
        assert steps.then(record.says(B, RAISED)) == Movement("back")


class TestTheWorkedStory:
    def test_each_step_in_words(self, record, steps):
        moved = [
            steps.then(record.says(A, AGREED)),
            steps.then(record.says(B, TALKS)),
            steps.then(record.says(A, AGREED)),
            steps.then(record.jointly((A, B), AGREED)),
            steps.then(record.says(A, BEGUN)),
            steps.then(record.says(A, BLOCKED)),
        ]
        assert moved == [
            Movement("new"),
            Movement("contested", now_disputed=True),
            Movement("unchanged"),
            Movement("forward", now_confirmed=True),
            Movement("unchanged"),
            Movement("back", now_disputed=True),
        ]


class TestDirection:
    @pytest.mark.parametrize("kind", sorted(KINDS))
    def test_every_kind_points_up_or_down_or_nowhere(self, kind):
        up, down = {"new", "closed", "resumed", "forward"}, {"gone", "dropped", "contested", "back"}
        expected = "up" if kind in up else "down" if kind in down else ""
        assert Movement(kind).direction == expected

    @pytest.mark.parametrize("status", [BLOCKED, WITHDRAWN])
    def test_first_status_off_the_ladder_is_neither_up_nor_down(self, record, steps, status):
        moved = steps.then(record.says(A, status))
        assert (moved.kind, moved.direction, moved.moved) == ("new", "", True)

    def test_first_status_on_the_ladder_is_up(self, record, steps):
        assert steps.then(record.says(A, RAISED)).direction == "up"

    def test_moved_counts_a_change_of_the_badge(self):
        assert not Movement("unchanged").moved
        assert Movement("unchanged", now_confirmed=True).moved
        assert Movement("unchanged", now_disputed=True).moved
        assert Movement("back").moved


def test_between_any_two_headlines_there_is_exactly_one_known_kind():
    standings = [StandingValue(), *(StandingValue(status, "only") for status in STATUSES)]
    kinds = {movement(before, after).kind for before in standings for after in standings}
    assert kinds == KINDS - {"back"}  # nobody's own word fell: lower is contested
