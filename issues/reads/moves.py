"""What moved between two days: shared by the pages of a round, of all rounds and of changes."""

from __future__ import annotations

import copy
import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db.models import QuerySet

from negotiations.models import Party
from negotiations.prepared import prepared
from negotiations.scopes import Scope

from ..models import Issue, Standing
from ..models.items import IssueQuerySet, agenda_order
from ..models.standings import StandingQuerySet
from ..numbers import Number
from ..spans import Span
from ..standing import Movement, movement
from ..standing.counts import signs
from .entries import EntryLine, EntryReader
from .frame import FrameView, months_before
from .standings import StandingReader, StandingView
from .wording import ARROWS, badge_text, movement_text, remark_text, words_text

_PAIR = (
    *(f"issue__standings__{name}" for name in ("headline_id", "fell_from_id", "badge")),
    *("headline_id", "badge"),
)

Pair = tuple[StandingView, StandingView]


def looks_between(frame: FrameView, entries: EntryReader, span: Span) -> dict[int, Pair]:
    """Where the items stood before and after whose standing may differ; without words.

    One query. Alike pairs are one object, so that what they come to is worked out once.
    """
    if frame.clock.known:
        pks = list(entries.told_in(span))
        return StandingReader(frame).at_both(pks, span.before, span.after)
    status, made = frame.statuses.get, {}
    found = {}
    where = (frame.negotiation.pk, frame.viewer.scope)
    for pk, *columns in _began_within(*where, span.before, span.after):
        key = tuple(columns)
        if key not in made:
            old, fell, old_badge, new, new_badge = columns
            before = StandingView(status(old or 0), old_badge or "", fell_from=status(fell or 0))
            made[key] = before, StandingView(status(new or 0), new_badge)
        found[pk] = made[key]
    return found


@prepared
def _began_within(
    negotiation: int, scope: Scope, before: dt.date, after: dt.date | None
) -> QuerySet[Any, Any]:
    """The standings that began within and hold at the end, with what was before."""
    standings: StandingQuerySet = Standing.objects.as_of(scope, after)
    rows = standings.shown_in(negotiation).begun_after(before, scope)
    return rows.order_by().values_list("issue_id", *_PAIR)


def with_freshness_of(frame: FrameView, day: dt.date | None) -> FrameView:
    """The frame for words about that day: "last said" is measured from it, not from today."""
    then = copy.copy(frame)
    then.fresh_from = months_before(day or frame.clock.day, frame.negotiation.freshness_months)
    return then


class ItemName(NamedTuple):
    """What a row says of its item: a tuple takes a third of the time of a model."""

    pk: int
    series: str
    number: int
    reference: str
    title: str
    heading: str
    parent_id: int | None
    audience_party_id: int | None

    @property
    def address(self) -> Number:
        return Number(self.series, self.number)

    @property
    def label(self) -> str:
        return self.reference or str(self.address)


# With more items than this it is quicker to read all of a negotiation than to ask for each.
MANY = 500
# The same where only their places are read.
MANY_PLACES = 4000


def item_names(frame: FrameView, pks: Collection[int] | None = None) -> dict[int, ItemName]:
    """Every item that the page knows of, or of these, in the order of the agenda. One query."""
    where = (frame.negotiation.pk, frame.viewer.scope, frame.clock.known_moment)
    if pks is None or len(pks) > MANY:
        rows = [row for row in _names(*where) if pks is None or row[0] in pks]
    else:
        # As `item_order`: sorted here.
        rows = sorted(_names_of(*where, list(pks)), key=_placed)
    return {row[0]: ItemName(*row[: len(ItemName._fields)]) for row in rows}


def _placed(row: tuple[Any, ...]) -> tuple[int, ...]:
    return (*row[len(ItemName._fields) :], row[0])


# Where an item is on the agenda, and its id.
Place = tuple[int, ...]


def item_order(frame: FrameView, pks: Collection[int], places: Sequence[Place] = ()) -> list[int]:
    """Those of these items that the page knows of, in the order of the agenda. One query.

    `places`: of those of which both are known already.
    """
    here, scope, known = frame.negotiation.pk, frame.viewer.scope, frame.clock.known_moment
    missing = set(pks).difference(place[-1] for place in places)
    # Sorted here: asked for an order, SQLite goes through all items, 10 ms with 10,000.
    if len(missing) > MANY_PLACES:
        found = [place for place in _places(here, scope, known) if place[-1] in missing]
    else:
        rows = _places_of(scope, known, list(missing))
        found = [tuple(place) for *place, negotiation in rows if negotiation == here]
    return [pk for *_place, pk in sorted([*places, *found])]


@prepared
def _places(negotiation: int, scope: Scope, known: dt.datetime | None) -> QuerySet[Any, Any]:
    return _known(negotiation, scope, known).order_by().values_list(*agenda_order(scope))


@prepared
def _places_of(scope: Scope, known: dt.datetime | None, pks: list[int]) -> QuerySet[Any, Any]:
    """With the negotiation of each: asked for one, SQLite goes through all of its items."""
    issues = Issue.objects.in_scope(scope).filter(entered_in_error=False, pk__in=pks)
    issues = issues.filter(recorded_at__lte=known) if known else issues
    return issues.order_by().values_list(*agenda_order(scope), "negotiation_id")


@prepared
def _names(negotiation: int, scope: Scope, known: dt.datetime | None) -> QuerySet[Any, Any]:
    issues = _known(negotiation, scope, known)
    return issues.in_agenda_order(scope).values_list(*ItemName._fields)


@prepared
def _names_of(
    negotiation: int, scope: Scope, known: dt.datetime | None, pks: list[int]
) -> QuerySet[Any, Any]:
    issues = _known(negotiation, scope, known).filter(pk__in=pks)
    return issues.order_by().values_list(*ItemName._fields, *agenda_order(scope)[:-1])


def _known(negotiation: int, scope: Scope, known: dt.datetime | None) -> IssueQuerySet:
    issues: IssueQuerySet = Issue.objects.shown_in(negotiation, scope)
    return issues.filter(recorded_at__lte=known) if known else issues


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
    only_for: Party | None = None
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
    if issue.audience_party_id:  # nobody sees what another delegation keeps
        item.only_for = frames[0].viewer.party
    if before.headline:
        item.before_badge, item.before_words = badge_text(before), words_text(before, frames[0])
    if after.headline:
        item.after_badge, item.after_words = badge_text(after), words_text(after, frames[1])
    return item


# --- All of them --------------------------------------------------------------------------------


class Totals(Counter[str]):
    """How many items show each sign."""

    @classmethod
    def of(cls, pairs: Iterable[Pair]) -> Totals:
        """Of many pairs few are different: each is worked out once."""
        known: dict[tuple[int, int], tuple[Pair, int]] = {}
        for pair in pairs:
            key = (id(pair[0]), id(pair[1]))
            known[key] = pair, known.get(key, (pair, 0))[1] + 1
        totals = cls()
        for (before, after), items in known.values():
            totals.add(before, after, items)
        return totals

    def add(self, before: StandingView, after: StandingView, items: int = 1) -> None:
        for sign in signs(before, after, movement(before, after)):
            self[sign] += items
