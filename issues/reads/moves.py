"""What moved between two days: shared by the pages of a round, of all rounds and of changes."""

from __future__ import annotations

import copy
import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Count, Q

from ..models import Issue, Standing
from ..standing import Movement, movement
from ..standing.values import HELD
from .entries import EntryLine, EntryReader
from .frame import FrameView, months_before
from .standings import StandingView, period
from .wording import ARROWS, badge_text, movement_text, remark_text, words_text

_PAIR = (
    *("was__headline_id", "was__fell_from_id", "was__badge"),
    *("now__headline_id", "now__badge"),
)

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
    def began_counting(self) -> Q:
        """Entries that count from a day within."""
        within = Q(counts_from__gt=self.before)
        return within & Q(counts_from__lte=self.after) if self.after else within


def moved_ids(frame: FrameView, entries: EntryReader, span: Span) -> set[int]:
    """Items whose standing may differ between the two ends. One query."""
    if frame.clock.known:
        return set(entries.counting(span.began_counting))
    periods = Standing.objects.filter(
        issue__negotiation=frame.negotiation,
        issue__entered_in_error=False,
        scope=frame.viewer.scope.key,
        since__gt=span.before,
        since__lte=span.last,
    )
    return set(periods.order_by().values_list("issue_id", flat=True).distinct())


def with_freshness_of(frame: FrameView, day: dt.date | None) -> FrameView:
    """The frame for words about that day: "last said" is measured from it, not from today."""
    then = copy.copy(frame)
    then.fresh_from = months_before(day or frame.clock.day, frame.negotiation.freshness_months)
    return then


# --- One item -----------------------------------------------------------------------------------


@dataclass
class MovedItem:
    """An item with where it stood before and after, who says so, and the entries behind it."""

    issue: Issue
    url: str
    before: StandingView
    after: StandingView
    moved: Movement
    before_badge: str = ""
    before_words: str = ""
    after_badge: str = ""
    after_words: str = ""
    lines: list[EntryLine] = field(default_factory=list)
    more: int = 0

    @property
    def arrow(self) -> str:
        return ARROWS[self.moved.direction]

    @property
    def text(self) -> str:
        return movement_text(self.moved, self.before.headline)

    @property
    def remark(self) -> str:
        """Beside a status before and one after."""
        return remark_text(self.moved)


def moved_item(
    issue: Issue, url: str, views: tuple[StandingView, StandingView], frames: Sequence[FrameView]
) -> MovedItem:
    """`frames` are those of the two days, for the dates beside who says so."""
    before, after = views
    item = MovedItem(issue, url, before, after, movement(before, after))
    if before.headline:
        item.before_badge, item.before_words = badge_text(before), words_text(before, frames[0])
    if after.headline:
        item.after_badge, item.after_words = badge_text(after), words_text(after, frames[1])
    return item


# --- All of them --------------------------------------------------------------------------------


def signs(before: StandingView, after: StandingView, moved: Movement) -> list[str]:
    """What is to be counted of one movement; several may hold at once."""
    found = {
        "forward": moved.direction == "up",
        "back": moved.direction == "down",
        "new": moved.kind == "new",
        "reopened": moved.kind == "reopened",
        "blocked": after.category == HELD != before.category,
        "confirmed": moved.now_confirmed,
        "disputed": moved.now_disputed,
    }
    return [name for name, holds in found.items() if holds]


class Totals(Counter[str]):
    """How many items show each sign."""

    @classmethod
    def of(cls, pairs: Iterable[tuple[StandingView, StandingView]]) -> Totals:
        totals = cls()
        for before, after in pairs:
            totals.add(before, after)
        return totals

    def add(self, before: StandingView, after: StandingView, items: int = 1) -> None:
        for sign in signs(before, after, movement(before, after)):
            self[sign] += items


def totals_between(frame: FrameView, span: Span, pks: Collection[int]) -> Totals:
    """What moved among these items. One query, which counts alike items once."""
    totals = Totals()
    status = frame.statuses.get
    issues = Issue.objects.visible_to(frame.viewer).filter(pk__in=pks)
    issues = issues.annotate(
        was=period(frame.viewer.scope, span.before), now=period(frame.viewer.scope, span.after)
    )
    rows = issues.order_by().values_list(*_PAIR).annotate(items=Count("pk"))
    for old, fell, old_badge, new, new_badge, items in rows:
        before = StandingView(status(old or 0), old_badge or "", fell_from=status(fell or 0))
        totals.add(before, StandingView(status(new or 0), new_badge or ""), items)
    return totals
