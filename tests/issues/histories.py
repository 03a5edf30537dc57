"""Random histories of one item and random tables, for properties of the rules."""

import datetime as dt

from hypothesis import strategies as st

from issues.standing import EntryValue, Frame, Seat
from negotiations.dates import PRECISION_RANK, VagueDate

from .values import OTHERS, STATUSES, A, B, C

START = dt.date(2025, 1, 1)
NOON = dt.datetime(2025, 1, 1, 12, tzinfo=dt.UTC)
DAYS = 70


@st.composite
def entries(draw, number, before):
    """One entry: recorded after `before`, about a day or month that had begun by then."""
    recorded = before[-1].recorded_at if before else NOON
    recorded += dt.timedelta(draw(st.sampled_from([0, 0, 1, 2, 9])))
    said = recorded.date() - dt.timedelta(draw(st.integers(0, 40)))
    vague = draw(
        st.sampled_from(
            [VagueDate.of_day(said)] * 3
            + [VagueDate.of_month(said.year, said.month), VagueDate.of_year(said.year)]
        )
    )
    kinds = ["entry"] * 4 + ["correction", "retraction", "undo"] * bool(before)
    kind = draw(st.sampled_from(kinds))
    voice = draw(st.sampled_from(["party", "party", "joint", "third", "own"]))
    return EntryValue(
        id=number,
        kind=kind,
        corrects=draw(st.sampled_from(before)).id if kind != "entry" else None,
        voice=voice,
        parties=draw(_parties(voice)),
        said_first=vague.first,
        precision_rank=PRECISION_RANK[vague.precision],
        counts_from=min(vague.last, recorded.date()),
        recorded_at=recorded,
        **({} if kind in ("retraction", "undo") else draw(contents)),
    )


def _parties(voice):
    if voice == "party":
        return st.sampled_from([frozenset({A}), frozenset({B}), frozenset({C})])
    several = st.sampled_from([{A, B}, {B, C}, {A, B, C}, {A, B, C}]).map(frozenset)
    return several if voice == "joint" else st.just(frozenset())


contents = st.fixed_dictionaries(
    {
        "status": st.sampled_from([None, *STATUSES, *OTHERS]),
        "has_position": st.booleans(),
        "has_waits": st.booleans(),
        "has_next_step": st.booleans(),
    }
)


@st.composite
def histories(draw, most=7):
    made = []
    for number in range(1, draw(st.integers(0, most)) + 1):
        made.append(draw(entries(number, made)))
    return made


days = st.none() | st.integers(0, DAYS).map(lambda n: START + dt.timedelta(n))


@st.composite
def frames(draw):
    seats = []
    for party in (A, B, C)[: draw(st.sampled_from([2, 2, 3, 3, 1]))]:
        since, until = draw(days), draw(days)
        if since and until and until < since:
            since, until = until, since
        plain = draw(st.booleans())
        seats.append(Seat(party) if plain else Seat(party, since, until))
    raised = draw(st.sets(st.sampled_from([A, B, C]), max_size=2))
    return Frame(tuple(seats), frozenset(raised), draw(st.sampled_from([False, False, True])))
