"""Properties of the rules over random histories, held against the rules told once more."""

import datetime as dt

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from issues.services.loaded import LoadedEntry, entries_in
from issues.standing import (
    Begun,
    EntryValue,
    Movement,
    counting,
    movement,
    periods,
    replaced,
    standing_on,
)
from negotiations.scopes import MEMBERS_SCOPE, PUBLIC_SCOPE, Scope

from .histories import DAYS, NOON, START, entries, frames, histories
from .naive import (
    at_table,
    by,
    expected_badge,
    last,
    naive_counting,
    naive_headline,
    naive_held_run,
    naive_movement,
    on_record,
)
from .values import A, B

# Before, within and after everything that can be said; month ends are where vague dates count.
ASKED = [START + dt.timedelta(n) for n in range(-1, 2 * DAYS, 3)] + [dt.date(2025, 2, 28)]
FAST = settings(max_examples=60, deadline=None)


# --- Properties ---------------------------------------------------------------------------------


@FAST
@given(st.data(), histories(), frames())
def test_the_order_of_the_list_does_not_matter(data, history, frame):
    shuffled = data.draw(st.permutations(history))
    assert periods(shuffled, frame) == periods(history, frame)


@FAST
@given(histories())
def test_counting_is_what_the_rule_of_correction_says(history):
    assert sorted(e.id for e in counting(history)) == [e.id for e in naive_counting(history)]


@FAST
@given(histories())
def test_replies_alone_tell_what_no_longer_counts(history):
    counts = {e.id for e in naive_counting(history)}
    out = replaced([e for e in history if e.kind != "entry"])
    assert {e.id for e in history if e.kind in ("entry", "correction")} - out == counts


@FAST
@given(histories(), frames())
def test_headline_and_badge_are_what_the_rules_say(history, frame):
    found = periods(history, frame)
    for day in ASKED:
        standing = standing_on(found, day)
        assert standing.headline == naive_headline(history, frame, day)
        assert standing.badge == expected_badge(standing, on_record(history, day), frame)


@FAST
@given(histories(), frames())
def test_words_and_marks_are_the_latest_on_record(history, frame):
    standings = periods(history, frame)
    for day in ASKED:
        standing, found = standing_on(standings, day), on_record(history, day)
        assert [w.party for w in standing.words] == at_table(frame, day)
        for word in standing.words:
            own = by(word.party, found)
            assert word.spoke == last(own)
            assert word.claim == last([e for e in own if e.status])
            assert word.position == last([e for e in own if e.has_position])
        assert standing.count == len(found)
        assert standing.last == last(found)
        assert standing.waits == last([e for e in found if e.has_waits])
        assert standing.next_step == last([e for e in found if e.has_next_step])
        assert standing.press == last([e for e in found if e.status and e.voice == "third"])
        assert standing.own == last([e for e in found if e.status and e.voice == "own"])


@settings(max_examples=40, deadline=None)
@given(histories(), frames())
def test_held_remembers_where_its_unbroken_run_began(history, frame):
    assume(history)
    found = periods(history, frame)
    day = START + dt.timedelta(DAYS + 5)
    standing = standing_on(found, day)
    assert (standing.fell_from, standing.fell_on) == naive_held_run(history, frame, day)


@FAST
@given(histories(), frames())
def test_the_status_on_top_was_said_by_somebody(history, frame):
    statuses = {e.status for e in counting(history)} | {None}
    assert {p.standing.headline for p in periods(history, frame)} <= statuses


@FAST
@given(histories(), frames())
def test_periods_follow_each_other_differ_and_end_now(history, frame):
    found = periods(history, frame)
    assert found[0].since == dt.date.min
    assert [p.until for p in found] == [*(p.since for p in found[1:]), None]
    for before, after in zip(found, found[1:], strict=False):
        assert before.since < after.since
        assert before.standing != after.standing


@FAST
@given(histories(), frames(), st.sampled_from(ASKED))
def test_a_day_shows_what_the_entries_by_that_day_add_up_to(history, frame, day):
    by_then = [e for e in counting(history) if e.counts_from <= day]
    alone = [e._replace(kind="entry", corrects=None) for e in by_then]
    shown, computed = (standing_on(periods(x, frame), day) for x in (history, alone))
    assert (shown.headline, shown.badge, shown.count) == (
        computed.headline,
        computed.badge,
        computed.count,
    )
    assert shown.own_statuses == computed.own_statuses
    assert (shown.fell_from, shown.fell_on) == (computed.fell_from, computed.fell_on)


@FAST
@given(st.data(), histories(), frames())
def test_a_retraction_equals_never_having_said_it_once_known(data, history, frame):
    assume(history)
    target = data.draw(st.sampled_from(history))
    when = history[-1].recorded_at + dt.timedelta(hours=1)
    retraction = EntryValue(
        id=len(history) + 1,
        kind="retraction",
        corrects=target.id,
        voice=target.voice,
        parties=target.parties,
        said_first=when.date(),
        precision_rank=2,
        counts_from=when.date(),
        recorded_at=when,
    )
    never = [e for e in history if e != target]
    assert periods([*history, retraction], frame) == periods(never, frame)
    assert periods([*history, retraction], frame, when) == periods(never, frame)
    before = when - dt.timedelta(minutes=1)
    assert periods([*history, retraction], frame, before) == periods(history, frame)


@FAST
@given(histories(), frames(), st.integers(0, DAYS))
def test_what_was_known_is_what_had_been_recorded(history, frame, later):
    known = NOON + dt.timedelta(later)
    recorded = [e for e in history if e.recorded_at <= known]
    assert periods(history, frame, known) == periods(recorded, frame)


@FAST
@given(histories(), frames(), st.integers(0, DAYS))
def test_from_any_day_on_it_is_what_it_is_from_the_beginning(history, frame, later):
    start = START + dt.timedelta(later)
    found = periods(history, frame)
    rest = [p for p in found if p.until is None or p.until >= start]
    first = rest[0].standing
    begun = Begun(rest[0].since, start - dt.timedelta(1), first.fell_from, first.fell_on)
    assert periods(history, frame, begun=begun) == rest


# --- Scopes -------------------------------------------------------------------------------------

EVERYBODY, MEMBERS, OURS, THEIRS = (
    ("public", None),
    ("members", None),
    ("delegation", A),
    ("delegation", B),
)
MAY_SEE = {
    PUBLIC_SCOPE: [EVERYBODY],
    MEMBERS_SCOPE: [EVERYBODY, MEMBERS],
    Scope.of_party(A): [EVERYBODY, MEMBERS, OURS],
    Scope.of_party(B): [EVERYBODY, MEMBERS, THEIRS],
}


def in_audiences(draw, history):
    audiences = st.sampled_from([EVERYBODY, MEMBERS, OURS, THEIRS])
    return [LoadedEntry(e, *draw(audiences), precision="", waits="") for e in history]


def mentioned(standing):
    marks = [standing.last, standing.waits, standing.next_step, standing.press, standing.own]
    words = [e for w in standing.words for e in (w.claim, w.spoke, w.position)]
    return {e.id for e in marks + words if e}


@pytest.mark.parametrize("scope", MAY_SEE)
@FAST
@given(data=st.data(), history=histories(), frame=frames())
def test_a_scope_never_reflects_more_than_its_entries(scope, data, history, frame):
    loaded = in_audiences(data.draw, history)
    allowed = [x.value for x in loaded if (x.audience, x.audience_party) in MAY_SEE[scope]]
    found = periods(entries_in(scope, loaded), frame)
    assert found == periods(allowed, frame)
    for period in found:
        assert mentioned(period.standing) <= {e.id for e in allowed}
        assert period.standing.count <= len(allowed)


@pytest.mark.parametrize("scope", [s for s in MAY_SEE if OURS not in MAY_SEE[s]])
@FAST
@given(data=st.data(), history=histories(), frame=frames())
def test_what_is_recorded_for_one_delegation_changes_nothing_elsewhere(scope, data, history, frame):
    loaded = in_audiences(data.draw, history)
    more = list(loaded)
    for number in range(len(history) + 1, len(history) + 4):
        private = data.draw(entries(number, [x.value for x in more]))
        more.append(LoadedEntry(private, *OURS, precision="", waits=""))
    before, after = (periods(entries_in(scope, x), frame) for x in (loaded, more))
    assert before == after


# --- Movement -----------------------------------------------------------------------------------


@FAST
@given(histories(), frames())
def test_movement_is_the_first_kind_that_fits(history, frame):
    standings = [p.standing for p in periods(history, frame)]
    for before in standings:
        for after in standings:
            moved = movement(before, after)
            assert moved.kind == naive_movement(before, after)
            confirmed = [s.badge in ("joint", "separate") for s in (before, after)]
            assert moved.now_confirmed == (confirmed == [False, True])
            differed = [s.badge == "differ" for s in (before, after)]
            assert moved.now_disputed == (differed == [False, True])
            assert bool(moved.against_fall) == (
                moved.kind == "resumed" and before.fell_from is not None
            )


@FAST
@given(histories(), frames())
def test_from_a_standing_to_itself_nothing_moved(history, frame):
    for period in periods(history, frame):
        assert movement(period.standing, period.standing) == Movement("unchanged")
        assert not movement(period.standing, period.standing).moved
