"""What moved between two days: shared by the pages of a round, of all rounds and of changes."""

from __future__ import annotations

import copy
import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db.models import Q, QuerySet

from ..models import Issue
from ..standing import Movement, movement
from ..standing.values import HELD
from .entries import EntryLine, EntryReader, known_items
from .frame import FrameView, months_before
from .standings import StandingReader, StandingView, period
from .wording import ARROWS, badge_text, movement_text, remark_text, words_text

_PAIR = (
    *("was__headline_id", "was__fell_from_id", "was__badge"),
    *("now__headline_id", "now__badge"),
)

Pair = tuple[StandingView, StandingView]

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


def looks_between(frame: FrameView, entries: EntryReader, span: Span) -> dict[int, Pair]:
    """Where the items stood before and after whose standing may differ; without words.

    One query. Alike pairs are one object, so that what they come to is worked out once.
    """
    if frame.clock.known:
        pks = list(entries.counting(span.began_counting))
        return StandingReader(frame).at_both(pks, span.before, span.after)
    status, made = frame.statuses.get, {}
    found = {}
    for pk, *columns in _began_within(frame, span).values_list("pk", *_PAIR):
        key = tuple(columns)
        if key not in made:
            old, fell, old_badge, new, new_badge = columns
            before = StandingView(status(old or 0), old_badge or "", fell_from=status(fell or 0))
            made[key] = before, StandingView(status(new or 0), new_badge)
        found[pk] = made[key]
    return found


def _began_within(frame: FrameView, span: Span) -> QuerySet[Issue]:
    """Items with a stored period that began within and holds at the end."""
    scope = frame.viewer.scope
    issues = Issue.objects.visible_to(frame.viewer).annotate(
        was=period(scope, span.before),
        now=period(scope, span.after, began_after=span.before),
    )
    return issues.filter(now__id__isnull=False).order_by()


def with_freshness_of(frame: FrameView, day: dt.date | None) -> FrameView:
    """The frame for words about that day: "last said" is measured from it, not from today."""
    then = copy.copy(frame)
    then.fresh_from = months_before(day or frame.clock.day, frame.negotiation.freshness_months)
    return then


class ItemName(NamedTuple):
    """What a page says of an item it only names."""

    pk: int
    number: int
    reference: str
    title: str

    @property
    def label(self) -> str:
        return self.reference or str(self.number)


def item_names(frame: FrameView) -> dict[int, ItemName]:
    """Every item that the page knows of, in the order of the agenda. One query."""
    issues = Issue.objects.visible_to(frame.viewer).filter(known_items(frame)).in_agenda_order()
    return {row[0]: ItemName(*row) for row in issues.values_list(*ItemName._fields)}


# --- One item -----------------------------------------------------------------------------------


@dataclass
class MovedItem:
    """An item with where it stood before and after, who says so, and the entries behind it."""

    issue: ItemName
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


def moved_item(issue: ItemName, url: str, views: Pair, frames: Sequence[FrameView]) -> MovedItem:
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
        "new": moved.kind == "new" and moved.direction == "up",
        "reopened": moved.kind == "reopened",
        "blocked": after.category == HELD != before.category,
        "confirmed": moved.now_confirmed,
        "disputed": moved.now_disputed,
    }
    return [name for name, holds in found.items() if holds]


class Totals(Counter[str]):
    """How many items show each sign."""

    @classmethod
    def of(cls, pairs: Iterable[Pair]) -> Totals:
        """Of many pairs few are different: each is worked out once."""
        known: dict[int, tuple[Pair, int]] = {}
        for pair in pairs:
            known[id(pair)] = pair, known.get(id(pair), (pair, 0))[1] + 1
        totals = cls()
        for (before, after), items in known.values():
            totals.add(before, after, items)
        return totals

    def add(self, before: StandingView, after: StandingView, items: int = 1) -> None:
        for sign in signs(before, after, movement(before, after)):
            self[sign] += items
