"""From round to round through time: the end of the one before, the end of the one after."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from negotiations.models import Round

from .clock import Clock


class Step(NamedTuple):
    """One step: its words, and what `as_of` and `known` become (None: left out of the address)."""

    text: str
    as_of: str | None = None
    known: str | None = None


class Steps(NamedTuple):
    previous: Step | None
    next: Step | None


def steps_between(rounds: Sequence[Round], clock: Clock, today: dt.date) -> Steps:
    """The steps from the day of the page, over the ends of these held rounds and on to today.

    A page that uses only what was recorded by its day goes on doing so, until today.
    """
    ends, day = sorted((r.last_day, r.place, r.name) for r in rounds if r.last_day), clock.day
    before = [end for end in ends if end[0] < day]
    after = [end for end in ends if day < end[0] < today]
    previous = _step(before[-1], clock) if before else None
    if clock.is_now:
        return Steps(previous, None)
    return Steps(previous, _step(after[0], clock) if after else Step("today"))


def _step(end: tuple[dt.date, int, str], clock: Clock) -> Step:
    day = end[0].isoformat()
    return Step(f"end of {end[2]}", day, day if clock.known else None)
