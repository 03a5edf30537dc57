"""All items of a negotiation in the order of the agenda, read as far as a page shows them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from negotiations.prepared import prepared
from negotiations.scopes import Scope

from ..models import Issue, Standing
from ..models.standings import StandingQuerySet
from .counts import stands_on
from .frame import FrameView
from .moves import ItemName, item_names
from .named import Named
from .standings import period


class Agenda(Named):
    """Their ids; `fold` leaves out what has no status, but for parents of items that have one.

    Counted are the standings: whoever sees an item has exactly one of it on every day.
    """

    def __init__(self, frame: FrameView, *, fold: bool = False) -> None:
        super().__init__()
        self._frame = frame
        self._which = (
            *(frame.negotiation.pk, frame.viewer.scope),
            *(frame.clock.as_of if fold else None, fold),
        )

    @cached_property
    def _length(self) -> int:
        negotiation, scope, day, fold = self._which
        items = stands_on(self._frame, day).items
        if not fold:
            return items
        # Two ranges of an index, of which the database would use none for both at once.
        ways = (False, True) if day else (False,)
        return items - sum(n for ended in ways for n in _folded(negotiation, scope, day, ended))

    def __len__(self) -> int:
        return self._length

    def between(self, start: int, stop: int | None) -> Sequence[Sequence[Any]]:
        return _in_order.between(start, stop, *self._which)


def count_items(frame: FrameView) -> int:
    """How many items the page knows of."""
    return len(item_names(frame)) if frame.clock.known else len(Agenda(frame))


def names_of(found: Sequence[int], shown: Iterable[int]) -> list[ItemName]:
    """The items `shown` of those `found`, in this order. No query where they were read with it."""
    names = found.names if isinstance(found, Named) else {}
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


@prepared
def _in_order(
    negotiation: int, scope: Scope, day: dt.date | None, fold: bool
) -> QuerySet[Any, Any]:
    issues: Any = Issue.objects.shown_in(negotiation, scope)
    if fold:
        issues = issues.annotate(now=period(scope, day))
        # By their standings: asked which items are shown, SQLite goes through all for each parent.
        stands = Q(("now__headline__isnull", False)) | Exists(_parts(scope, day, "pk"))
        issues = issues.filter(stands)
    return issues.in_agenda_order(scope).values_list(*ItemName._fields)


def _parts(scope: Scope, day: dt.date | None, parent: str) -> StandingQuerySet:
    """Where the parts of an item stand that have a status; `parent`: the column of the item."""
    rows: StandingQuerySet = Standing.objects.as_of(scope, day)
    rows = rows.filter(issue__parent=OuterRef(parent), issue__entered_in_error=False)
    return rows.filter(headline__isnull=False).order_by()


@prepared
def _folded(negotiation: int, scope: Scope, day: dt.date | None, ended: bool) -> QuerySet[Any, Any]:
    """How many have no status, but for parents of items that have one; `ended`: after `day`."""
    parts = _parts(scope, day, "issue")
    holds = Q(until__gt=day) if ended else Q(until=None)
    holds &= Q(since__lte=day) if day else Q()
    rows = Standing.objects.filter(holds, ~Exists(parts), scope=scope.key, headline=None)
    found: StandingQuerySet = rows.shown_in(negotiation)
    counted = found.order_by().values("scope").annotate(n=Count("pk"))
    return counted.values_list("n", flat=True)
