"""Progress over rounds: items by category, stacked, what all sides say apart from the rest."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from negotiations.models import Category

from ...standing.movement import CONFIRMED
from ..frame import FrameView
from ..silence import main_rounds
from .histories import Histories, standing_at

# From the bottom of a column to its top: what is settled carries what is not.
STACK = ("done", "settled", "settling", "engaged", "open", "held", "dropped", "")
LABELS = {**dict(Category.choices), "": "No status yet"}
MARKS = {
    **{"open": "m1", "engaged": "m3", "settling": "m5", "settled": "m7", "done": "m8"},
    **{"held": "pause", "dropped": "cross"},
}
MOST_COLUMNS = 12
HEIGHT, TOP, FOOT, LEFT, COLUMN, GAP = 340, 22, 40, 4, 78, 26
ROOM_FOR_NUMBER, ROOM_FOR_MARK = 12, 16

Counts = Counter[tuple[str, bool]]


@dataclass(frozen=True)
class Segment:
    """So many items of one category; `is_both`: every party at the table says so."""

    category: str
    is_both: bool
    count: int
    x: float
    y: float
    width: float
    height: float

    @property
    def mark(self) -> str:
        """The shape of the category, where there is room for it."""
        return MARKS.get(self.category, "") if self.height >= ROOM_FOR_MARK else ""

    @property
    def number(self) -> str:
        return str(self.count) if self.height >= ROOM_FOR_NUMBER else ""

    @property
    def middle(self) -> float:
        return round(self.y + self.height / 2, 1)

    @property
    def mark_x(self) -> float:
        return self.x + self.width / 2 - 14

    @property
    def number_x(self) -> float:
        return self.x + self.width / 2 + (11 if self.mark else 0)

    @property
    def title(self) -> str:
        who = "" if not self.category else ", all say so" if self.is_both else ", not all say so"
        return f"{self.count} {LABELS[self.category]}{who}"


@dataclass(frozen=True)
class Column:
    """The items at the end of one round, or today."""

    name: str
    when: str
    total: int
    x: float
    y: float
    segments: list[Segment]
    counts: Counts

    @property
    def middle(self) -> float:
        return self.x + COLUMN / 2


@dataclass(frozen=True)
class CategoryRow:
    """A row of the legend and of the table: how many in each column, all say so and not."""

    category: str
    label: str
    mark: str
    cells: list[tuple[int, int]]

    @property
    def both(self) -> int:
        return self.cells[-1][0]

    @property
    def rest(self) -> int:
        return self.cells[-1][1]

    @property
    def total(self) -> int:
        return sum(self.cells[-1])


@dataclass(frozen=True)
class Progress:
    width: int
    height: int
    base: int
    columns: list[Column]
    rows: list[CategoryRow] = field(default_factory=list)
    left_out: int = 0

    @property
    def text(self) -> str:
        """What the picture says, for those who do not see it."""
        ends = [self.columns[0], self.columns[-1]] if len(self.columns) > 1 else self.columns
        return " ".join(f"{column.name}: {_in_words(column)}." for column in ends)


def read_progress(frame: FrameView, histories: Histories) -> Progress:
    """The last rounds held by the day of the page, and that day itself."""
    rounds = main_rounds(frame)
    left_out = max(0, len(rounds) - MOST_COLUMNS)
    ends = [(r.name[:12], r.when, r.last_day or frame.clock.day) for r in rounds[left_out:]]
    ends.append((_today(frame), frame.clock.text, frame.clock.day))
    counted = [count_at(histories, day) for _name, _when, day in ends]
    most = max((counts.total() for counts in counted), default=0)
    columns = [
        _column(place, name, when, counts, HEIGHT / most if most else 0)
        for place, ((name, when, _day), counts) in enumerate(zip(ends, counted, strict=True))
    ]
    return Progress(
        width=LEFT + len(columns) * (COLUMN + GAP),
        height=TOP + HEIGHT + FOOT,
        base=TOP + HEIGHT,
        columns=columns,
        rows=_rows(counted),
        left_out=left_out,
    )


def _today(frame: FrameView) -> str:
    return "Today" if frame.clock.is_now else "As of"


def count_at(histories: Histories, day: dt.date) -> Counts:
    """How many items stood in each category at the end of that day, all saying so or not."""
    counts: Counts = Counter()
    for history in histories.values():
        view = standing_at(history, day)
        counts[view.category, view.badge in CONFIRMED] += 1
    return counts


def _column(place: int, name: str, when: str, counts: Counts, scale: float) -> Column:
    x, y = LEFT + GAP / 2 + place * (COLUMN + GAP), float(TOP + HEIGHT)
    segments = []
    for category in STACK:
        for is_both in (True, False):
            if count := counts[category, is_both]:
                height = count * scale
                y -= height
                place_of = (round(x, 1), round(y, 1), COLUMN, round(height, 1))
                segments.append(Segment(category, is_both, count, *place_of))
    return Column(name, when, counts.total(), x, round(y, 1), segments, counts)


def _rows(counted: Sequence[Mapping[tuple[str, bool], int]]) -> list[CategoryRow]:
    """The categories that occur, from the top of the column to its bottom."""
    rows = []
    for category in reversed(STACK):
        cells = [(c.get((category, True), 0), c.get((category, False), 0)) for c in counted]
        if any(map(any, cells)):
            rows.append(CategoryRow(category, LABELS[category], MARKS.get(category, ""), cells))
    return rows


def _in_words(column: Column) -> str:
    words = []
    for category in STACK:
        both, rest = column.counts[category, True], column.counts[category, False]
        if both or rest:
            agreed = f" ({both} said by all)" if category else ""
            words.append(f"{both + rest} {LABELS[category].lower()}{agreed}")
    return ", ".join(words) or "no items"
