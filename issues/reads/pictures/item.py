"""One item: each party's own status over time, as lines that part where accounts differ."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from negotiations.dates import date_text
from negotiations.models import Party, Round

from ...models import Issue
from ...standing import height
from ...standing.values import CLAIMS_MORE, DIFFER, DROPPED
from ..frame import FrameView, StatusView
from ..standings import StandingReader
from ..wording import badge_text

LEFT, RIGHT, WIDTH = 152, 46, 660
TOP, ROW, FOOT = 40, 44, 34
# Lines at the same status run side by side, so far apart.
APART = 7
DASHES = ("", "9 5", "2 4", "12 4 2 4", "5 5")
SHAPES = ("circle", "square", "diamond", "triangle", "cross")
MOST_ROUND_LABELS = 14


@dataclass(frozen=True)
class Level:
    """One status as a height of the picture."""

    status: StatusView
    y: float


@dataclass(frozen=True)
class Point:
    """Where a party's status became another."""

    x: float
    y: float
    title: str


@dataclass(frozen=True)
class Line:
    """One party: a path of steps, a point at each change, its code at the end."""

    party: Party
    path: str
    points: list[Point]
    dash: str
    shape: str
    end_x: float
    end_y: float
    place: int


@dataclass(frozen=True)
class Stretch:
    """A time in which the parties' words were not one."""

    x: float
    width: float
    title: str


@dataclass(frozen=True)
class RoundLine:
    x: float
    name: str


@dataclass(frozen=True)
class Change:
    """A row of the table: from this day each party's status, and the badge."""

    when: str
    words: list[StatusView | None]
    badge: str


@dataclass(frozen=True)
class Tick:
    x: float
    text: str


@dataclass(frozen=True)
class ItemPicture:
    width: int
    height: float
    foot: float
    left: int
    right: int
    levels: list[Level]
    lines: list[Line]
    silent: list[Party]
    apart: list[Stretch]
    rounds: list[RoundLine]
    ticks: list[Tick]
    changes: list[Change]
    parties: list[Party]

    @property
    def text(self) -> str:
        """What the picture says, for those who do not see it."""
        said = [f"{line.party.name}: {line.points[-1].title}" for line in self.lines]
        said += [f"{party.name}: no status" for party in self.silent]
        return ". ".join(said) + "."


class ItemPictureReader:
    """Reads the picture of one item in the viewer's scope and at the page's clock. One query."""

    def __init__(self, frame: FrameView, issue: Issue) -> None:
        self.frame = frame
        found = StandingReader(frame).histories([issue.pk])[issue.pk]
        self.periods = [(since, view) for since, view in found if view.own_statuses]
        self.statuses = _ordered({s for _day, v in self.periods for s in v.own_statuses.values()})
        self.first = self.periods[0][0] if self.periods else frame.clock.day
        self.last = max(frame.clock.day, self.first + dt.timedelta(30))

    def read(self) -> ItemPicture | None:
        """The picture; None where no party has given a status yet."""
        if not self.periods:
            return None
        levels = [
            Level(status, TOP + 20 + place * ROW) for place, status in enumerate(self.statuses)
        ]
        self.height_of = {level.status.pk: level.y for level in levels}
        foot = TOP + len(levels) * ROW
        parties = list(self.frame.parties.values())
        lines = [line for n, party in enumerate(parties) if (line := self._line(n, party))]
        drawn = {line.party for line in lines}
        return ItemPicture(
            width=LEFT + WIDTH + RIGHT,
            height=foot + FOOT,
            foot=foot,
            left=LEFT,
            right=LEFT + WIDTH,
            levels=levels,
            lines=lines,
            silent=[party for party in parties if party not in drawn],
            apart=self._apart(),
            rounds=self._rounds(),
            ticks=self._ticks(),
            changes=self._changes(parties),
            parties=parties,
        )

    def _x(self, day: dt.date) -> float:
        share = (day - self.first).days / (self.last - self.first).days
        return round(LEFT + share * WIDTH, 1)

    def _line(self, place: int, party: Party) -> Line | None:
        steps = self._steps(party)
        if not steps:
            return None
        offset = (place - (len(self.frame.parties) - 1) / 2) * APART
        points = [
            Point(
                self._x(day),
                round(self.height_of[status.pk] + offset, 1),
                f"{status} since {date_text(day)}",
            )
            for day, status in steps
        ]
        end = self._x(self.frame.clock.day)
        path = f"M{points[0].x} {points[0].y}"
        path += "".join(f"H{point.x}V{point.y}" for point in points[1:]) + f"H{end}"
        return Line(
            party,
            path,
            points,
            DASHES[place % len(DASHES)],
            SHAPES[place % len(SHAPES)],
            end,
            points[-1].y,
            place,
        )

    def _steps(self, party: Party) -> list[tuple[dt.date, StatusView]]:
        """The days on which this party's own status became another."""
        found: list[tuple[dt.date, StatusView]] = []
        for day, view in self.periods:
            status = view.own_statuses.get(party.pk)
            if status and (not found or found[-1][1] != status):
                found.append((day, status))
        return found

    def _apart(self) -> list[Stretch]:
        """Where accounts differed or a claim stood unanswered, neighbours joined."""
        ends = [day for day, _view in self.periods[1:]] + [self.frame.clock.day]
        found: list[Stretch] = []
        for (day, view), end in zip(self.periods, ends, strict=True):
            if view.badge not in (DIFFER, CLAIMS_MORE):
                continue
            x, until = self._x(day), self._x(end)
            if found and found[-1].x + found[-1].width >= x:
                x = found.pop().x
            found.append(Stretch(x, round(until - x, 1), badge_text(view)))
        return found

    def _rounds(self) -> list[RoundLine]:
        held = [r for r in self.frame.held_rounds if not r.is_side_meeting and self._is_within(r)]
        return [
            RoundLine(self._x(r.last_day or self.last), r.name[:10])
            for r in held[-MOST_ROUND_LABELS:]
        ]

    def _is_within(self, round_: Round) -> bool:
        return bool(round_.last_day and self.first <= round_.last_day <= self.frame.clock.day)

    def _ticks(self) -> list[Tick]:
        """Five days along the foot."""
        days = (self.last - self.first).days
        at = [self.first + dt.timedelta(days * part // 4) for part in range(5)]
        return [Tick(self._x(day), date_text(day)) for day in at]

    def _changes(self, parties: Sequence[Party]) -> list[Change]:
        """The days on which anybody's status or the badge became another, newest first."""
        rows = [
            Change(
                date_text(day),
                [view.own_statuses.get(party.pk) for party in parties],
                badge_text(view),
            )
            for day, view in self.periods
        ]
        kept = rows[:1] + [
            after
            for before, after in pairwise(rows)
            if (before.words, before.badge) != (after.words, after.badge)
        ]
        return kept[::-1]


def _ordered(statuses: set[StatusView]) -> list[StatusView]:
    """The most advanced on top; held below the ladder, dropped at the foot."""
    return sorted(statuses, key=lambda s: (s.category == DROPPED, -height(s), s.label))
