"""What is counted over all items: of each item's periods only what others are counted by too."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from .movement import Movement, StandingLike, movement
from .values import HELD, StatusValue

NOBODY: Mapping[int, StatusValue] = MappingProxyType({})
SIGNS = ("forward", "back", "new", "reopened", "blocked", "confirmed", "disputed")
# How blocks of days are called, and the two days between which something moved.
YEAR, MONTH, DAY, SPAN = "year", "month", "day", "span"


@dataclass(frozen=True, slots=True)
class Look:
    """A standing as it is compared without anybody's own words."""

    headline: StatusValue | None = None
    badge: str = ""
    fell_from: StatusValue | None = None

    @property
    def own_statuses(self) -> Mapping[int, StatusValue]:
        return NOBODY


class Stood(NamedTuple):
    """A period: from which day, how it looked, how many entries counted, for whom it waited."""

    since: dt.date
    until: dt.date | None
    look: Look
    entries: int = 0
    waits: str = ""


class Key(NamedTuple):
    """What a count is of: a fact, in a scope, within a block of days or between two days."""

    scope: str
    kind: str
    first: dt.date
    last: dt.date
    fact: str


Counts = Counter[Key]
Days = tuple[dt.date, dt.date]


def signs(before: StandingLike, after: StandingLike, moved: Movement) -> list[str]:
    """What is to be counted of one movement; several may hold at once."""
    then, now = (view.headline.category if view.headline else "" for view in (before, after))
    found = (
        moved.direction == "up",
        moved.direction == "down",
        moved.kind == "new" and moved.direction == "up",
        moved.kind == "reopened",
        now == HELD != then,
        moved.now_confirmed,
        moved.now_disputed,
    )
    return [name for name, holds in zip(SIGNS, found, strict=True) if holds]


def stood_fact(look: Look) -> str:
    """By what an item is counted while it stands so; `read_fact` takes it apart."""
    return f"stands/{look.headline.id if look.headline else 0}/{look.badge}"


def read_fact(fact: str) -> list[str]:
    """Its parts: "stands", the id of the headline (0: none) and the badge; or "waits" and whom."""
    return fact.split("/")


def _facts_of(period: Stood) -> Iterator[str]:
    yield stood_fact(period.look)
    if period.waits:
        yield f"waits/{period.waits}"


def count_days(counts: Counts, whose: str, periods: Iterable[Stood], times: int = 1) -> None:
    """Adds where items came to stand, less where they left: summed up to a day, who stands there.

    By the day alone; `add_blocks` does the rest, once for all items.
    """
    for period in periods:
        for fact in _facts_of(period):
            counts[Key(whose, DAY, period.since, period.since, fact)] += times
            if period.until:
                counts[Key(whose, DAY, period.until, period.until, fact)] -= times


def add_blocks(counts: Counts) -> None:
    """Adds months and years to the days, so that a sum up to any day has few rows."""
    for key, n in list(counts.items()):
        if key.kind == DAY and n:
            month = key.first.replace(day=1)
            for kind, first in ((MONTH, month), (YEAR, month.replace(month=1))):
                counts[key._replace(kind=kind, first=first, last=first)] += n


@lru_cache(maxsize=4096)
def _moved_facts(before: Look, after: Look, more: bool) -> tuple[str, ...]:
    """What an item counts for between two days; `more`: entries came to count in between."""
    moved = movement(before, after)
    facts = signs(before, after, moved)
    if moved.moved:
        facts.append("moved")
    elif more:
        facts.append("quiet")
    if after.headline and not moved.moved:
        facts.append("still")
    return tuple(facts)


def count_spans(
    counts: Counts, whose: str, periods: Sequence[Stood], spans: Iterable[Days], times: int = 1
) -> None:
    """Adds what moved of one item between the ends of each pair of days."""
    days = [period.since for period in periods]
    for first, last in spans:
        # What had no standing on the first day, though it has one since, is counted nowhere.
        if not (at := bisect_right(days, first)):
            continue
        then, now = periods[at - 1], periods[bisect_right(days, last) - 1]
        more = now.entries - then.entries
        for fact in _moved_facts(then.look, now.look, more > 0):
            counts[Key(whose, SPAN, first, last, fact)] += times
        if more:
            counts[Key(whose, SPAN, first, last, "entries")] += more * times


def count_change(
    counts: Counts,
    whose: str,
    kept: Sequence[Stood],
    old: Sequence[Stood],
    new: Sequence[Stood],
    spans: Iterable[Days],
) -> None:
    """Adds what differs where an item's periods `old` give way to `new`, after those `kept`."""
    count_days(counts, whose, old, -1)
    count_days(counts, whose, new)
    changed = min(_first_difference(old, new), default=dt.date.min)
    touched = [days for days in spans if days[1] >= changed]
    count_spans(counts, whose, [*kept, *old], touched, -1)
    count_spans(counts, whose, [*kept, *new], touched)


def _first_difference(old: Sequence[Stood], new: Sequence[Stood]) -> set[dt.date]:
    """Among others the first day on which it does not stand as it did."""
    looks = [{(one.since, one.look, one.entries) for one in periods} for periods in (old, new)]
    return {since for since, _look, _entries in looks[0] ^ looks[1]}
