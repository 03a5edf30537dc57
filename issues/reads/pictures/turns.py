"""Turning points: where the headline of an item became another, and who said so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from negotiations.dates import date_text

from ...standing import movement
from ..frame import FrameView, StatusView
from ..moves import ItemName, item_names
from ..standings import StandingReader, StandingView
from ..wording import ARROWS, badge_text, movement_text
from .histories import Histories, Stood

MOST_SHOWN = 12


class Turn(NamedTuple):
    """On this day the headline became another; `way` is up, down or neither."""

    day: dt.date
    issue: int
    way: str


def turns(histories: Histories) -> list[Turn]:
    """Every change of a headline, oldest first."""
    return sorted(turn for pk, history in histories.items() for turn in _turns(pk, history))


def _turns(pk: int, history: Sequence[Stood]) -> Iterable[Turn]:
    for before, after in pairwise(history):
        if before.view.headline != after.view.headline:
            yield Turn(after.since, pk, movement(before.view, after.view).direction)


@dataclass(frozen=True)
class TurnRow:
    """A turning point in words."""

    when: str
    issue: ItemName
    before: StatusView | None
    after: StatusView | None
    way: str
    text: str
    badge: str

    @property
    def arrow(self) -> str:
        return ARROWS[self.way]


def latest_turns(frame: FrameView, found: Sequence[Turn], most: int = MOST_SHOWN) -> list[TurnRow]:
    """The latest turning points in words, newest first. Two queries."""
    names = item_names(frame)
    shown = [turn for turn in found if turn.issue in names][-most:]
    histories = StandingReader(frame).histories(sorted({turn.issue for turn in shown}))
    ends: dict[tuple[int, dt.date], tuple[StandingView, StandingView]] = {
        (pk, since): (before, after)
        for pk, history in histories.items()
        for (_day, before), (since, after) in pairwise(history)
    }
    return [_row(turn, names[turn.issue], *ends[turn.issue, turn.day]) for turn in reversed(shown)]


def _row(turn: Turn, issue: ItemName, before: StandingView, after: StandingView) -> TurnRow:
    moved = movement(before, after)
    return TurnRow(
        date_text(turn.day),
        issue,
        before.headline,
        after.headline,
        turn.way,
        movement_text(moved, before.headline),
        badge_text(after) if after.headline else "",
    )
