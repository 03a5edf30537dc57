"""Two days between which something may have moved or been said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

# Later than any day: the standing that holds now.
NOW_DAY = dt.date.max


@dataclass(frozen=True)
class Span:
    """From the end of the day `before` to the end of the day `after` (None: until now)."""

    before: dt.date
    after: dt.date | None

    @property
    def last(self) -> dt.date:
        return self.after or NOW_DAY

    @property
    def days(self) -> tuple[dt.date, dt.date]:
        return self.before, self.last


class RoundLike(Protocol):
    """What of a round decides which days are compared."""

    @property
    def state(self) -> str: ...
    @property
    def number(self) -> int | None: ...
    @property
    def place(self) -> int: ...
    @property
    def first_day(self) -> dt.date | None: ...
    @property
    def last_day(self) -> dt.date | None: ...


def kept_spans(rounds: Iterable[RoundLike]) -> set[tuple[dt.date, dt.date]]:
    """The pairs of days of which counts are kept, for pages that compare them again and again.

    Before and after each round that takes or took place, from the end of one to that of the next,
    and from the end of the last one until now.
    """
    begun = [r for r in rounds if r.state in ("held", "under_way") and r.first_day and r.last_day]
    held = [r for r in begun if r.state == "held"]
    ends = sorted({r.last_day for r in held if r.last_day})
    numbered = [r for r in sorted(held, key=lambda r: r.place) if r.number]
    latest = [*ends[-1:], *(r.last_day for r in numbered[-1:])]
    met = {(_before(r), r.last_day if r.state == "held" else NOW_DAY) for r in begun}
    kept = met | set(pairwise(ends)) | {(day, NOW_DAY) for day in latest}
    return {(first, last) for first, last in kept if first and last and first < last}


def _before(round_: RoundLike) -> dt.date:
    assert round_.first_day  # noqa: S101 - asked of rounds that have begun
    return round_.first_day - dt.timedelta(1)
