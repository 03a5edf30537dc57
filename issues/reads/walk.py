"""What moved between two days of which counts are kept, read until a page is full.

How much there is to find is known before, so items are read in the order of the agenda no further
than to the last one that is named.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from negotiations.prepared import prepared
from negotiations.scopes import Scope

from ..models import Issue, Standing
from ..models.items import IssueQuerySet, agenda_order
from ..models.standings import holds_on_either
from ..services.counts import waits_key
from ..spans import Span
from ..standing import movement
from .counts import Moved
from .frame import FrameView
from .moves import ItemName
from .standings import NOTHING, StandingReader, StandingView, covers

CHUNK = 100


class _End(NamedTuple):
    """How an item stands on a day, how many entries count, and which one says who is waited for."""

    view: StandingView = NOTHING
    entries: int = 0
    entry: int = 0
    waits: str = ""


class Walk:
    """Goes through the agenda; `counts` and `waiting` say how much there is of everything."""

    def __init__(
        self, frame: FrameView, span: Span, counts: Moved, waiting: Mapping[str, int]
    ) -> None:
        self.span, self.counts, self.waiting = span, counts, waiting
        self.moved: list[int] = []
        self.quiet: list[tuple[int, int]] = []
        self.still: list[int] = []
        self.waits: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self.names: dict[int, ItemName] = {}
        self._look = StandingReader(frame).look
        self._moved: dict[tuple[int, int], bool] = {}
        self._where = (frame.negotiation.pk, frame.viewer.scope)
        self._chunks = self._in_order()

    def name(self, most: int) -> None:
        """Finds the first of what did not move, and of what waits for each."""

        def enough() -> bool:
            counts, waits = self.counts, self.waiting.items()
            return (
                len(self.quiet) >= min(most, counts["quiet"])
                and len(self.still) >= min(most, counts["still"])
                and all(len(self.waits[whom]) >= min(most, n) for whom, n in waits)
            )

        self._go(enough)

    def find_moved(self, most: int) -> list[int]:
        """The first that moved."""
        self._go(lambda: len(self.moved) >= min(most, self.counts["moved"]))
        return self.moved[:most]

    def _go(self, enough: Callable[[], bool]) -> None:
        while not enough() and (items := next(self._chunks, None)):
            before, after = self._ends(list(items))
            for pk in items:
                self._note(pk, before[pk], after[pk])

    def _note(self, pk: int, before: _End, after: _End) -> None:
        moved = self._has_moved(before.view, after.view)
        if moved:
            self.moved.append(pk)
        elif after.entries > before.entries:
            self.quiet.append((pk, after.entries - before.entries))
        if after.view.headline and not moved:
            self.still.append(pk)
        if after.waits:
            self.waits[after.waits].append((pk, after.entry))

    def _has_moved(self, before: StandingView, after: StandingView) -> bool:
        # The reader hands out one object per look and holds on to it: few pairs are different.
        key = (id(before), id(after))
        if key not in self._moved:
            self._moved[key] = movement(before, after).moved
        return self._moved[key]

    def _in_order(self) -> Iterator[dict[int, ItemName]]:
        place = sub_place = pk = 0
        while rows := _next(*self._where, place, sub_place, pk):
            names = {row[0]: ItemName(*row[:-2]) for row in rows}
            self.names |= names
            pk, *_name, place, sub_place = rows[-1]
            yield names

    def _ends(self, pks: list[int]) -> tuple[Mapping[int, _End], Mapping[int, _End]]:
        before: dict[int, _End] = defaultdict(_End)
        after: dict[int, _End] = defaultdict(_End)
        span = self.span
        for pk, since, until, *look, entries, entry, kind, party in _periods(
            self._where[1], pks, span.before, span.after
        ):
            end = _End(self._look(*look), entries, entry or 0, waits_key(kind, party))
            for day, found in ((span.before, before), (span.after, after)):
                if covers(since, until, day):
                    found[pk] = end
        return before, after


class MovedItems(Sequence[int]):
    """Their ids, of which those up to the page that is shown are looked for."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk

    def __len__(self) -> int:
        return self._walk.counts["moved"]

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return self._walk.find_moved(place.stop)[place]
        return self._walk.find_moved(place + 1)[place]


@prepared
def _next(
    negotiation: int, scope: Scope, place: int, sub_place: int, pk: int
) -> QuerySet[Any, Any]:
    """The items after this place."""
    shown: IssueQuerySet = Issue.objects.shown_in(negotiation, scope)
    later = Q(sub_place__gt=sub_place) | Q(sub_place=sub_place, pk__gt=pk)
    first = agenda_order(scope)[0]
    shown = shown.filter(Q((f"{first}__gt", place)) | later, (f"{first}__gte", place))
    rows = shown.in_agenda_order(scope).values_list(*ItemName._fields, first, "sub_place")
    return rows[:CHUNK]


@prepared
def _periods(
    scope: Scope, issues: list[int], before: dt.date, after: dt.date | None
) -> QuerySet[Any, Any]:
    ends = holds_on_either(before, after)
    rows = Standing.objects.filter(ends, scope=scope.key, issue__in=issues).order_by()
    return rows.values_list(
        *("issue_id", "since", "until", "headline_id", "badge", "fell_from_id", "entry_count"),
        *("waits_entry_id", "waits_entry__waits_for", "waits_entry__waits_party"),
    )
