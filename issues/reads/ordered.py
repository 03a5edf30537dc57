"""All items in an order that somebody chose, of which no more are read than a page shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db.models import F, QuerySet

from negotiations.prepared import prepared
from negotiations.scopes import Scope

from ..models import Standing
from ..models.standings import StandingQuerySet
from ..standing import height
from .counts import stands_on
from .frame import FrameView
from .moves import ItemName
from .named import Named

# With fewer items one query that sorts all of them is quicker.
MANY = 500
_NAME = ("issue_id", *(f"issue__{name}" for name in ItemName._fields[1:]))


class Sliced(Named):
    """What a queryset yields, in the columns of ItemName; how many it is, is known."""

    def __init__(self, rows: QuerySet[Any, Any], length: int) -> None:
        super().__init__()
        self._rows, self._length = rows, length

    def __len__(self) -> int:
        return self._length

    def between(self, start: int, stop: int | None) -> Sequence[Sequence[Any]]:
        return list(self._rows[start:stop])


def by_last_said(frame: FrameView, *, descending: bool) -> Sequence[int]:
    """By when something was last said on them; those on which nothing was come last."""
    rows: StandingQuerySet = Standing.objects.as_of(frame.viewer.scope)
    said = (
        F("last_said").desc(nulls_last=True) if descending else F("last_said").asc(nulls_last=True)
    )
    rows = rows.shown_in(frame.negotiation.pk).order_by(said, "issue_id")
    return Sliced(rows.values_list(*_NAME), stands_on(frame, None).items)


class ByStatus(Named):
    """By the headline, the least advanced first; what has none comes last.

    It is known how many stand under each, so a page reads no others than those it comes to.
    """

    def __init__(self, frame: FrameView, *, descending: bool) -> None:
        super().__init__()
        self._where = (frame.negotiation.pk, frame.viewer.scope)
        self._counts: Counter[int | None] = Counter()
        for (headline, _badge), n in stands_on(frame, None).looks.items():
            self._counts[headline] += n
        # Those of one height in the order of the scheme.
        statuses = sorted(frame.statuses.values(), key=height)
        statuses = statuses[::-1] if descending else statuses
        self._order: list[int | None] = [*(status.pk for status in statuses), None]

    def __len__(self) -> int:
        return sum(self._counts.values())

    def between(self, start: int, stop: int | None) -> Sequence[Sequence[Any]]:
        found: list[Sequence[Any]] = []
        stop = len(self) if stop is None else stop
        for headline in self._order:
            n = self._counts[headline]
            if start < n and stop > 0:
                found += _standing_at.between(max(0, start), stop, *self._where, headline)
            start, stop = start - n, stop - n
        return found


@prepared
def _standing_at(negotiation: int, scope: Scope, headline: int | None) -> QuerySet[Any, Any]:
    rows = Standing.objects.filter(until=None, scope=scope.key, headline=headline)
    shown: StandingQuerySet = rows.shown_in(negotiation)
    return shown.order_by("issue_id").values_list(*_NAME)
