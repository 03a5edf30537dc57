"""The state of play: the figures on top, the rows, and a cell per item and round."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import BadRequest
from django.db.models import Count, QuerySet
from django.utils.safestring import SafeString

from negotiations.dates import DAY, PRECISION_RANK, date_text
from negotiations.markup import fill
from negotiations.models import Round
from negotiations.prepared import prepared
from negotiations.scopes import Scope
from negotiations.templatetags.parley import mini

from ..models import Issue, Standing
from ..models.standings import StandingQuerySet
from ..spans import Span
from ..standing import movement
from .counts import moved_between, stands_on
from .frame import FrameView
from .rows import ItemRow
from .standings import NOTHING, StandingReader, StandingView
from .wording import ARROWS, BETWEEN_ARROWS

MOST_ROUNDS = 8
FURTHER = ("settled", "done")
CONFIRMED = ("joint", "separate")


@dataclass
class Figures:
    """Counts over all items in the viewer's scope, and the day of the latest entry."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    latest: dt.date | None = None
    latest_text: str = ""
    forward: int = 0
    back: int = 0

    def _sum(self, categories: Sequence[str], badges: Sequence[str] | None = None) -> int:
        return sum(
            n
            for (category, badge), n in self.counts.items()
            if category in categories and (badges is None or badge in badges)
        )

    @property
    def both(self) -> int:
        return self._sum(FURTHER, CONFIRMED)

    @property
    def jointly(self) -> int:
        return self._sum(FURTHER, ("joint",))

    @property
    def one_side(self) -> int:
        return self._sum(FURTHER, ("only",))

    @property
    def blocked(self) -> int:
        return self._sum(("held",))

    @property
    def in_talks(self) -> int:
        return self._sum(("open", "engaged", "settling"))

    @property
    def unanswered(self) -> int:
        return sum(n for (_category, badge), n in self.counts.items() if badge == "more")

    @property
    def differ(self) -> int:
        return sum(n for (_category, badge), n in self.counts.items() if badge == "differ")

    @property
    def without_status(self) -> int:
        return self._sum(("",))

    @property
    def folds(self) -> bool:
        """Whether items without a status may be folded away: some have one and some have none."""
        return 0 < self.without_status < self.total

    @property
    def total(self) -> int:
        return sum(self.counts.values())


class StateReader:
    """What is counted over the whole negotiation; each answer is one query."""

    def __init__(self, frame: FrameView, reader: StandingReader) -> None:
        self.frame = frame
        self.reader = reader

    def figures(self, since: dt.date | None) -> Figures:
        """Counts by category and badge, the latest entry, and what moved since that day."""
        figures = self._known_figures() if self.frame.clock.known else self._stored_figures()
        if since:
            ways = self._ways(since)
            figures.forward, figures.back = ways["up"], ways["down"]
        return figures

    def _stored_figures(self) -> Figures:
        where = (self.frame.negotiation.pk, self.reader.scope, self.frame.clock.as_of)
        figures, statuses = Figures(), self.frame.statuses
        for (headline, badge), n in stands_on(self.frame, self.frame.clock.as_of).looks.items():
            category = statuses[headline].category if headline else ""
            figures.counts[category, badge] += n
        for latest, precision in _latest(*where):
            figures.latest, figures.latest_text = latest, date_text(latest, precision)
        return figures

    def _known_figures(self) -> Figures:
        views = self.reader.on(self._all_known()).values()
        figures = Figures(Counter((view.category, view.badge) for view in views))
        said = [(v.last_said, v.last_precision or DAY) for v in views if v.last_said]
        if said:
            figures.latest, precision = max(said, key=lambda one: (one[0], PRECISION_RANK[one[1]]))
            figures.latest_text = date_text(figures.latest, precision)
        return figures

    def _all_known(self) -> list[int]:
        issues = Issue.objects.visible_to(self.frame.viewer)
        known = issues.filter(recorded_at__lte=self.frame.clock.known_moment)
        return list(known.order_by().values_list("pk", flat=True))

    def _ways(self, since: dt.date) -> Counter[str]:
        """How many items moved up and down: of many pairs of looks few are different."""
        if self.frame.clock.known:
            return Counter(self.moved(since).values())
        span = Span(since, self.frame.clock.as_of)
        kept = moved_between(self.frame, [span])
        if span in kept:
            return Counter(up=kept[span]["forward"], down=kept[span]["back"])
        ways, look, found = Directions(), self.reader.look, Counter[str]()
        where = (self.frame.negotiation.pk, self.reader.scope, self.frame.clock.as_of)
        for *row, n in _end_kinds(*where, since):
            found[ways.between(look(*row[:3]), look(*row[3:]))] += n
        return found

    def moved(self, since: dt.date) -> dict[int, str]:
        """ "up" or "down" for each item whose headline moved from that day to the clock."""
        pairs = self._known_pairs(since) if self.frame.clock.known else self._stored_pairs(since)
        ways = Directions()
        return {pk: way for pk, before, after in pairs if (way := ways.between(before, after))}

    def _known_pairs(self, since: dt.date) -> list[tuple[int, StandingView, StandingView]]:
        pks = self._all_known()
        before, after = self.reader.on_days(pks, [since, None])
        return [(pk, before[pk], after[pk]) for pk in pks]

    def _stored_pairs(self, since: dt.date) -> list[tuple[int, StandingView, StandingView]]:
        """Only items whose present period began after that day can have moved. One query."""
        where = (self.frame.negotiation.pk, self.reader.scope, self.frame.clock.as_of)
        look = self.reader.look
        return [(pk, look(*row[:3]), look(*row[3:])) for pk, *row in _ends(*where, since)]


def _standings(negotiation: int, scope: Scope, day: dt.date | None) -> StandingQuerySet:
    """The period of each item that holds on `day` (None: now)."""
    standings: StandingQuerySet = Standing.objects.as_of(scope, day)
    return standings.shown_in(negotiation)


@prepared
def _latest(negotiation: int, scope: Scope, day: dt.date | None) -> QuerySet[Any, Any]:
    """Of several entries of the last day the most precise, which ranks last (design §2).

    Asked of all periods that have begun: what was last said of an item only moves on.
    """
    rows = Standing.objects.filter(scope=scope.key, last_said__isnull=False)
    rows = rows.filter(since__lte=day, last_said__lte=day) if day else rows
    shown: StandingQuerySet = rows.shown_in(negotiation)
    shown = shown.order_by("-last_said", "-last_entry__precision_rank")
    return shown.values_list("last_said", "last_entry__precision")[:1]


_LOOK = ("headline_id", "badge", "fell_from_id")
_LOOKS = (*(f"issue__standings__{name}" for name in _LOOK), *_LOOK)


@prepared
def _ends(
    negotiation: int, scope: Scope, day: dt.date | None, since: dt.date
) -> QuerySet[Any, Any]:
    return _moving(negotiation, scope, day, since).values_list("issue_id", *_LOOKS)


@prepared
def _end_kinds(
    negotiation: int, scope: Scope, day: dt.date | None, since: dt.date
) -> QuerySet[Any, Any]:
    rows = _moving(negotiation, scope, day, since).values_list(*_LOOKS)
    return rows.annotate(n=Count("pk"))


def _moving(
    negotiation: int, scope: Scope, day: dt.date | None, since: dt.date
) -> StandingQuerySet:
    return _standings(negotiation, scope, day).begun_after(since, scope).order_by()


class Directions:
    """The direction of a movement, worked out once for each pair of looks.

    The reader hands out one object per look, so equal looks are mostly the same object. Kept
    only while a page is read: the ids are those of objects the page holds on to.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], str] = {}

    def between(self, before: StandingView, after: StandingView) -> str:
        key = (id(before), id(after))
        if key not in self._known:
            self._known[key] = movement(before, after).direction
        return self._known[key]


# --- Rounds as columns --------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """One round as a column. A round that was not held is narrow, hatched and says its state."""

    round: Round
    state: str
    is_held: bool

    @property
    def name(self) -> str:
        return self.round.short or (
            f"R{self.round.number}" if self.round.number else self.round.city or self.round.title
        )


def choose_rounds(frame: FrameView, query: Mapping[str, str]) -> tuple[list[Column], bool]:
    """The columns, and whether all are shown. `?rounds=all` or places such as `1,2,5`.

    By default the last eight that are no side meetings. Raises BadRequest for anything else.
    """
    chosen = query.get("rounds", "")
    if chosen == "all":
        rounds = frame.rounds
    elif chosen:
        rounds = [_round(frame, place) for place in dict.fromkeys(chosen.split(","))]
    else:
        rounds = [r for r in frame.rounds if not r.is_side_meeting][-MOST_ROUNDS:]
    columns = [_column(round_, frame.clock.day) for round_ in rounds]
    return columns, len(rounds) == len(frame.rounds)


def _column(round_: Round, day: dt.date) -> Column:
    """As seen on `day`: a round held only afterwards is "later"."""
    if not round_.is_held:
        return Column(round_, round_.state_text(day), is_held=False)
    is_over = bool(round_.last_day and round_.last_day <= day)
    return Column(round_, round_.state_text(day) if is_over else "later", is_over)


def _round(frame: FrameView, place: str) -> Round:
    found = next((r for r in frame.rounds if str(r.place) == place.strip()), None)
    if found is None:
        raise BadRequest(f"There is no round “{place[:20]}” here.")
    return found


def choose_since(frame: FrameView, query: Mapping[str, str]) -> Round | None:
    """The held round that movement is counted from: `?since=<place>`.

    By default the last numbered one that was held, else the last held one.
    """
    held = [r for r in frame.held_rounds if r.last_day and r.last_day <= frame.clock.day]
    if place := query.get("since", ""):
        chosen = _round(frame, place)
        if chosen not in held:
            raise BadRequest(f"{chosen.name} has not been held by then; choose another.")
        return chosen
    numbered = [r for r in held if r.number] or held
    return numbered[-1] if numbered else None


def fill_cells(
    rows: Sequence[ItemRow], columns: Sequence[Column], frame: FrameView, reader: StandingReader
) -> None:
    """Writes the cells of each row: where it stood at the end of each round, and what moved.

    ▲▼ moved at the round; △▽ moved between the previous held round and this one.
    """
    days = _days(columns, frame)
    found = reader.at_days([row.issue.pk for row in rows], days)
    painter = _Painter()
    for row in rows:
        views = found.get(row.issue.pk) or [NOTHING] * len(days)
        parts, at = [], 0
        for column in columns:
            if column.is_held:
                inside = painter.inside(*views[at : at + 3])
                parts.append(f'<td class="n" data-round="{column.round.place}">{inside}</td>')
                at += 3
            else:
                parts.append('<td class="n off"><span class="hidden-text">not held</span></td>')
        row.cells = SafeString("".join(parts))


def _days(columns: Sequence[Column], frame: FrameView) -> list[dt.date]:
    """For each held column: the end of the held round before it, the day before it, its end."""
    held = frame.held_rounds
    days: list[dt.date] = []
    for column in columns:
        if column.is_held:
            place = held.index(column.round)
            previous = held[place - 1].last_day if place else dt.date.min
            first, last = column.round.first_day, column.round.last_day
            assert first  # noqa: S101 - a held round has dates, says the database
            assert last  # noqa: S101
            days += [previous or dt.date.min, first - dt.timedelta(1), last]
    return days


class _Painter:
    """Makes each distinct cell once: a page has hundreds of them and few are different."""

    def __init__(self) -> None:
        self.made: dict[tuple[int, int, int], str] = {}

    def inside(self, previous: StandingView, before: StandingView, after: StandingView) -> str:
        # The reader hands out one object per look, so equal looks are the same object.
        key = (id(previous), id(before), id(after))
        if key not in self.made:
            self.made[key] = _inside(previous, before, after)
        return self.made[key]


def _inside(previous: StandingView, before: StandingView, after: StandingView) -> str:
    at = movement(before, after).direction
    arrow, way, title = ARROWS[at], at, "moved at this round"
    if not at:
        way = movement(previous, after).direction
        arrow, title = BETWEEN_ARROWS[way], "moved since the previous round"
    sign = fill('<span class="arrow {}" title="{}">{}</span>', way, title, arrow)
    if not after.headline:
        inner = '<span class="nil">·</span>'
    else:
        status = after.headline
        inner = mini(status.category, status.mark, status.label, status.short)
    return f"{inner}{sign if arrow else ''}"
