"""The timeline: rounds held, planned and cancelled; entries by party; turning points."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Count

from negotiations.dates import MONTHS
from negotiations.models import Round

from ...models import Entry
from ..entries import SAYS, EntryReader
from ..frame import FrameView
from .turns import Turn

LEFT, RIGHT, WIDTH, NARROWEST, WIDEST = 118, 14, 1080, 24, 60
ROUND_ROW, LANE, BAR, TURN_UP, TURN_BAR = 17, 58, 38, 48, 28
MOST_LABEL_ROWS, LETTER = 4, 6.6
MOST_BINS = 42
VOICES = {
    Entry.Voice.JOINT.value: "Jointly",
    Entry.Voice.THIRD.value: "Press",
    Entry.Voice.OWN.value: "Ours",
}
ROUND_MARKS = {
    Round.State.HELD.value: "m8",
    Round.State.UNDER_WAY.value: "m4",
    Round.State.PLANNED.value: "m0",
    Round.State.POSTPONED.value: "pause",
    Round.State.CANCELLED.value: "cross",
}


@dataclass(frozen=True)
class RoundMark:
    """One round on the axis; its label stands in the first row that has room."""

    round: Round
    state: str
    mark: str
    label: str
    x: float
    y: float
    is_held: bool

    @property
    def title(self) -> str:
        return f"{self.round.title}: {self.state}, {self.round.when}"


@dataclass(frozen=True)
class Bar:
    """So many of something in one stretch of time; hangs below the line when `is_down`."""

    count: int
    x: float
    y: float
    width: float
    height: float
    title: str
    is_down: bool = False

    @property
    def label_x(self) -> float:
        return round(self.x + self.width / 2, 1)

    @property
    def label_y(self) -> float:
        return round(self.y + self.height + 11 if self.is_down else self.y - 3, 1)


@dataclass(frozen=True)
class Lane:
    """One line of bars: a party's entries, or the turning points."""

    name: str
    base: float
    total: int
    bars: list[Bar]
    is_turns: bool = False


@dataclass(frozen=True)
class Tick:
    x: float
    text: str
    is_year: bool


@dataclass(frozen=True)
class Timeline:
    width: float
    height: float
    axis: float
    rounds: list[RoundMark]
    undated: list[Round]
    lanes: list[Lane]
    ticks: list[Tick]
    turn_count: int
    entry_count: int
    before: int
    now: float | None
    table: list[tuple[str, list[int]]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What the picture says, for those who do not see it."""
        told = [f"{lane.name}: {lane.total}" for lane in self.lanes if not lane.is_turns]
        states = Counter(mark.state for mark in self.rounds)
        held = ", ".join(f"{count} {state}" for state, count in states.items())
        return (
            f"Rounds: {held or 'none'}. Entries by who says so: {', '.join(told) or 'none'}. "
            f"{self.turn_count} turning points."
        )


# --- Stretches of time --------------------------------------------------------------------------


class Axis:
    """Cuts the time from `first` to `last` into months, quarters or years, and places a day."""

    def __init__(self, first: dt.date, last: dt.date) -> None:
        months = (last.year - first.year) * 12 + last.month - first.month + 1
        self.step = next((n for n in (1, 3, 12) if months / n <= MOST_BINS), 60)
        self.starts = [_month(first, self.step)]
        while self.starts[-1] <= last:
            self.starts.append(_later(self.starts[-1], self.step))
        count = len(self.starts) - 1
        self.bin = min(max(WIDTH // count, NARROWEST), WIDEST)
        self.width = count * self.bin

    def place(self, day: dt.date) -> int:
        """The stretch this day falls in; -1 before the first."""
        return bisect_right(self.starts, day) - 1

    def x(self, day: dt.date) -> float:
        place = min(max(self.place(day), 0), len(self.starts) - 2)
        start, end = self.starts[place], self.starts[place + 1]
        share = min(max((day - start).days / (end - start).days, 0), 1)
        return round(LEFT + (place + share) * self.bin, 1)

    def name(self, place: int) -> str:
        start = self.starts[place]
        if self.step >= 12:
            return str(start.year)
        month = f"{MONTHS[start.month - 1]} {start.year}"
        return month if self.step == 1 else f"{month} and two months after"

    def ticks(self) -> list[Tick]:
        found = []
        for place, start in enumerate(self.starts[:-1]):
            is_year = self.step >= 12 or start.month == 1 or place == 0
            short = str(start.year) if self.step >= 12 else MONTHS[start.month - 1]
            x = round(LEFT + place * self.bin, 1)
            found.append(Tick(x, short, is_year=False))
            if is_year and self.step < 12:
                found.append(Tick(x, str(start.year), is_year=True))
        return found


def _month(day: dt.date, step: int) -> dt.date:
    if step >= 12:
        return dt.date(day.year, 1, 1)
    return dt.date(day.year, (day.month - 1) // step * step + 1, 1)


def _later(day: dt.date, months: int) -> dt.date:
    index = day.year * 12 + day.month - 1 + months
    return dt.date(index // 12, index % 12 + 1, 1)


# --- Reading ------------------------------------------------------------------------------------


class TimelineReader:
    """Reads the timeline in the viewer's scope and at the page's clock."""

    def __init__(self, frame: FrameView, found: Sequence[Turn]) -> None:
        self.frame = frame
        self.day = frame.clock.day
        self.turns = found
        self.said = self._said()
        self.dated = sorted(
            ((day, r) for r in frame.rounds if (day := self._day_of(r))),
            key=lambda pair: (pair[0], pair[1].place),
        )
        self.axis = Axis(*self._ends())

    def _said(self) -> dict[str, Counter[dt.date]]:
        """By who says so, how many entries on each day. Two queries."""
        entries = EntryReader(self.frame)
        rows = entries.seen().filter(kind__in=SAYS).exclude(pk__in=entries.out_anywhere())
        if self.frame.clock.as_of:
            rows = rows.filter(counts_from__lte=self.frame.clock.as_of)
        found: dict[str, Counter[dt.date]] = defaultdict(Counter)
        for voice, party, day, n in (
            rows.order_by().values_list("voice", "party", "said_first").annotate(n=Count("pk"))
        ):
            found[self.frame.parties[party].code if party else VOICES[voice]][day] += n
        return found

    def _day_of(self, round_: Round) -> dt.date | None:
        """Its first day, or the last one its "expected when" allows; nothing later than the page.

        Only a page about now looks ahead.
        """
        day = round_.first_day or round_.expected_by
        return day if day and (self.frame.clock.is_now or day <= self.day) else None

    def _ends(self) -> tuple[dt.date, dt.date]:
        """From the first round, or the first entry, to the day of the page or what is planned."""
        rounds = [day for day, _round in self.dated]
        said = [day for days in self.said.values() for day in days]
        first = min(rounds[:1] or said or [self.day])
        return first - dt.timedelta(15), max([self.day, *rounds])

    def read(self) -> Timeline:
        marks, rows = self._rounds()
        top = 30 + rows * ROUND_ROW
        lanes = self._lanes(top)
        axis = lanes[-1].base + TURN_UP + 4
        first = self.axis.starts[0]
        return Timeline(
            width=LEFT + self.axis.width + RIGHT,
            height=axis + 38,
            axis=axis,
            rounds=marks,
            undated=[r for r in self.frame.rounds if not (r.first_day or r.expected_by)],
            lanes=lanes,
            ticks=self.axis.ticks(),
            turn_count=len(self.turns),
            entry_count=sum(days.total() for days in self.said.values()),
            before=sum(n for days in self.said.values() for day, n in days.items() if day < first),
            now=self.axis.x(self.day) if self.frame.clock.is_now else None,
            table=self._table(lanes),
        )

    def _rounds(self) -> tuple[list[RoundMark], int]:
        """The rounds with their labels in as many rows as it takes, and how many that are.

        Where many meet at once some keep their mark only; the table names them all.
        """
        ends: list[float] = []
        marks = []
        for day, round_ in self.dated:
            x, label = self.axis.x(day), round_.name[:16]
            row = next((n for n, end in enumerate(ends) if end < x), len(ends))
            if row == MOST_LABEL_ROWS:
                row, label = row - 1, ""
            else:
                ends[row : row + 1] = [x + 24 + len(label) * LETTER]
            marks.append(self._mark(round_, label, x, row))
        return marks, len(ends)

    def _mark(self, round_: Round, label: str, x: float, row: int) -> RoundMark:
        return RoundMark(
            round_,
            round_.state_text(self.day),
            ROUND_MARKS[round_.state],
            label,
            x,
            16 + row * ROUND_ROW,
            round_.is_held,
        )

    def _lanes(self, top: float) -> list[Lane]:
        codes = [party.code for party in self.frame.parties.values()]
        names = [*codes, *(name for name in VOICES.values() if name in self.said)]
        binned = {name: self._binned(self.said[name].items()) for name in names}
        most = max((n for bins in binned.values() for n in bins.values()), default=1)
        lanes = []
        for place, name in enumerate(names):
            base = top + (place + 1) * LANE
            bars = [self._bar(p, n, base, n * BAR / most, name) for p, n in binned[name].items()]
            lanes.append(Lane(name, base, self.said[name].total(), bars))
        return [*lanes, self._turn_lane(top + len(names) * LANE + TURN_UP)]

    def _turn_lane(self, base: float) -> Lane:
        """Forward above the line, back below it; the rest is in the table only."""
        ways = {
            way: self._binned((turn.day, 1) for turn in self.turns if turn.way == way)
            for way in ("up", "down")
        }
        most = max((n for bins in ways.values() for n in bins.values()), default=1)
        room = TURN_BAR / most
        bars = [self._bar(p, n, base, n * room, "forward") for p, n in ways["up"].items()]
        bars += [
            self._bar(p, n, base, n * room, "back", is_down=True) for p, n in ways["down"].items()
        ]
        return Lane("Turning points", base, len(self.turns), bars, is_turns=True)

    def _binned(self, days: Iterable[tuple[dt.date, int]]) -> dict[int, int]:
        found: Counter[int] = Counter()
        for day, n in days:
            place = self.axis.place(day)
            if 0 <= place < len(self.axis.starts) - 1:
                found[place] += n
        return dict(sorted(found.items()))

    def _bar(
        self,
        place: int,
        count: int,
        base: float,
        height: float,
        name: str,
        *,
        is_down: bool = False,
    ) -> Bar:
        width = self.axis.bin - 6
        title = f"{self.axis.name(place)}, {name}: {count}"
        x, y = LEFT + place * self.axis.bin + 3, base if is_down else base - height
        return Bar(count, x, round(y, 1), width, round(max(height, 2), 1), title, is_down)

    # --- In words --------------------------------------------------------------------------------

    def _table(self, lanes: Sequence[Lane]) -> list[tuple[str, list[int]]]:
        """For each stretch of time that has any: each lane, and turns forward, back, neither."""
        counted = [self._binned(self.said[lane.name].items()) for lane in lanes[:-1]]
        counted += [
            self._binned((turn.day, 1) for turn in self.turns if turn.way == way)
            for way in ("up", "down", "")
        ]
        places = range(len(self.axis.starts) - 1)
        rows = [(self.axis.name(p), [bins.get(p, 0) for bins in counted]) for p in places]
        return [row for row in rows if any(row[1])]
