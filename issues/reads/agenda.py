"""All items of a negotiation in the order of the agenda, read as far as a page shows them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from negotiations.prepared import prepared
from negotiations.scopes import Scope

from ..models import Issue, Standing
from ..models.standings import StandingQuerySet
from .counts import stands_on
from .frame import FrameView
from .moves import ItemName, item_names
from .standings import period

# The page that most people open: its SQL is worked out once.
FIRST = 50


class Agenda(Sequence[int]):
    """Their ids; `fold` leaves out what has no status, but for parents of items that have one.

    Counted are the standings: whoever sees an item has exactly one of it on every day.
    """

    def __init__(self, frame: FrameView, *, fold: bool = False) -> None:
        self._frame = frame
        self._which = (
            *(frame.negotiation.pk, frame.viewer.scope),
            *(frame.clock.as_of if fold else None, fold),
        )
        # What was read last, which the page is about to show.
        self.names: dict[int, ItemName] = {}

    @cached_property
    def _length(self) -> int:
        negotiation, scope, day, fold = self._which
        items = stands_on(self._frame, day).items
        return items - len(_folded(negotiation, scope, day)) if fold else items

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[int]:
        return iter(self[:])

    def __getitem__(self, place: Any) -> Any:
        if not isinstance(place, slice):
            return self[:][place]
        if not place.start and place.stop in range(FIRST + 1):
            rows = _first(*self._which)[place]
        else:
            rows = list(_in_order(*self._which)[place])
        self.names = {row[0]: ItemName(*row) for row in rows}
        return list(self.names)


def count_items(frame: FrameView) -> int:
    """How many items the page knows of."""
    return len(item_names(frame)) if frame.clock.known else len(Agenda(frame))


def names_of(found: Sequence[int], shown: Iterable[int]) -> list[ItemName]:
    """The items `shown` of those `found`, in this order. No query for a page of an agenda."""
    names = found.names if isinstance(found, Agenda) else {}
    wanted = list(shown)
    if missing := [pk for pk in wanted if pk not in names]:
        names = names | {row[0]: ItemName(*row) for row in _named(missing)}
    return [names[pk] for pk in wanted]


@prepared
def _named(pks: list[int]) -> QuerySet[Any, Any]:
    return Issue.objects.filter(pk__in=pks).order_by().values_list(*ItemName._fields)


def with_status(issues: QuerySet[Issue]) -> QuerySet[Issue]:
    """Of items joined with their period as `now`: those that have a status, and their parents."""
    has_status = Q(("now__headline__isnull", False))
    having = issues.filter(has_status, parent=OuterRef("pk")).order_by()
    return issues.filter(has_status | Exists(having))


def _in_order(
    negotiation: int, scope: Scope, day: dt.date | None, fold: bool
) -> QuerySet[Any, Any]:
    issues: QuerySet[Issue] = Issue.objects.shown_in(negotiation, scope)
    if fold:
        issues = with_status(issues.annotate(now=period(scope, day)))
    return issues.order_by("place", "sub_place", "pk").values_list(*ItemName._fields)


@prepared
def _first(negotiation: int, scope: Scope, day: dt.date | None, fold: bool) -> QuerySet[Any, Any]:
    return _in_order(negotiation, scope, day, fold)[:FIRST]


@prepared
def _folded(negotiation: int, scope: Scope, day: dt.date | None) -> QuerySet[Any, Any]:
    """What has no status, but for parents of items that have one."""
    standings = Standing.objects.as_of(scope, day)
    parts = standings.filter(
        issue__parent=OuterRef("issue"), issue__entered_in_error=False, headline__isnull=False
    )
    rows: StandingQuerySet = standings.filter(~Exists(parts.order_by()), headline=None)
    return rows.shown_in(negotiation).order_by().values_list("issue_id")
