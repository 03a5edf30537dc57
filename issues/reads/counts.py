"""What is counted over all items, read from the counts that are kept: few rows, however many items.

Only what was known on an earlier day is not kept.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from itertools import chain
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet, Sum

from negotiations.prepared import prepared
from negotiations.scopes import Scope

from ..models import StandingCount
from ..spans import Span, kept_spans
from ..standing.counts import DAY, MONTH, SIGNS, SPAN, YEAR, read_fact
from .frame import FrameView
from .moves import Totals


@dataclass
class Stands:
    """How many items stand how: by headline (its id) and badge, and by whom they wait for."""

    looks: Counter[tuple[int | None, str]] = field(default_factory=Counter)
    waits: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, rows: Iterable[tuple[str, int]]) -> Stands:
        stands = cls()
        for fact, n in rows:
            kind, *rest = read_fact(fact)
            if kind == "waits":
                stands.waits[rest[0]] += n
            else:
                stands.looks[int(rest[0]) or None, rest[1]] += n
        return stands

    @property
    def items(self) -> int:
        return sum(self.looks.values())

    @property
    def without_status(self) -> int:
        return sum(n for (headline, _badge), n in self.looks.items() if headline is None)


def stands_on(frame: FrameView, day: dt.date | None) -> Stands:
    """On a day, or now (None), in the viewer's scope. One query, once for a page."""
    if day not in frame.stands:
        where = (frame.negotiation.pk, frame.viewer.scope)
        if day is None:
            rows = _now(*where)
        else:
            month = day.replace(day=1)
            rows = _on(*where, month.replace(month=1), month, day)
        frame.stands[day] = Stands.of(rows)
    return frame.stands[day]


def stands_now(scopes: Mapping[int, Scope]) -> dict[int, Stands]:
    """Of each negotiation, now and in this scope. One query."""
    if not scopes:
        return {}
    asked = [Q(negotiation=pk, scope=scope.key, kind=YEAR) for pk, scope in scopes.items()]
    rows = StandingCount.objects.filter(reduce(or_, asked)).order_by()
    found: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for negotiation, fact, n in rows.values_list("negotiation", "fact", "n"):
        found[negotiation].append((fact, n))
    return {pk: Stands.of(found[pk]) for pk in scopes}


def _by_fact(negotiation: int, scope: Scope, *blocks: Q) -> QuerySet[Any, Any]:
    # In each alternative all that the index has, or the database reads every day.
    here = Q(negotiation=negotiation, scope=scope.key)
    rows = StandingCount.objects.filter(reduce(or_, (here & block for block in blocks)))
    return rows.order_by().values("fact").annotate(sum=Sum("n")).values_list("fact", "sum")


@prepared
def _now(negotiation: int, scope: Scope) -> QuerySet[Any, Any]:
    return _by_fact(negotiation, scope, Q(kind=YEAR))


@prepared
def _on(
    negotiation: int, scope: Scope, year: dt.date, month: dt.date, day: dt.date
) -> QuerySet[Any, Any]:
    """The years before, of this year the months before, and of this month the days."""
    return _by_fact(
        negotiation,
        scope,
        Q(kind=YEAR, first__lt=year),
        Q(kind=MONTH, first__gte=year, first__lt=month),
        Q(kind=DAY, first__gte=month, first__lte=day),
    )


# --- What moved ---------------------------------------------------------------------------------


class Moved(Counter[str]):
    """How many items show what between two days (`issues.standing.counts`)."""

    @property
    def totals(self) -> Totals:
        return Totals({sign: self[sign] for sign in SIGNS if self[sign]})


def moved_between(frame: FrameView, spans: Iterable[Span]) -> Mapping[Span, Moved]:
    """What is kept about some of these spans; of the others nothing is. One query."""
    if frame.clock.known:
        return {}
    kept = kept_spans(frame.rounds)
    found = {span.days: (span, Moved()) for span in spans if span.days in kept}
    if not found:
        return {}
    where = (frame.negotiation.pk, frame.viewer.scope)
    for first, last, fact, n in _between(*where, *chain.from_iterable(sorted(found))):
        found[first, last][1][fact] = n
    return dict(found.values())


@prepared
def _between(negotiation: int, scope: Scope, *days: dt.date) -> QuerySet[Any, Any]:
    pairs = zip(days[::2], days[1::2], strict=True)
    # In each alternative all that the index has, or the database reads every span.
    where = {"negotiation": negotiation, "scope": scope.key, "kind": SPAN}
    asked = [Q(**where, first=first, last=last) for first, last in pairs]
    rows = StandingCount.objects.filter(reduce(or_, asked)).order_by()
    return rows.values_list("first", "last", "fact", "n")
