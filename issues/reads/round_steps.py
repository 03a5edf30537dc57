"""What began at each of many rounds: from the days of stored standings, few queries for all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from operator import itemgetter, or_
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from negotiations.prepared import prepared
from negotiations.scopes import Scope

from ..models import Standing
from ..spans import Span
from ..standing import StandingValue
from .frame import FrameView
from .moves import Pair, Totals, item_names
from .standings import StandingReader, StandingView


class Step(NamedTuple):
    """An item whose standing became another on a day: what stood before, and then.

    `entries`: how many more entries count from that day on; each of them begins a period.
    """

    issue: int
    since: dt.date
    was: StandingView
    now: StandingView
    entries: int


def steps_at(frame: FrameView, spans: Mapping[int, Span]) -> dict[int, list[Step]]:
    """The steps that fell into each round; into two, where rounds met on the same days."""
    known = frame.clock.known
    steps = _known_steps(frame) if known else _steps(frame, list(spans.values()))
    met = [(pk, span.before, span.last) for pk, span in spans.items()]
    found: dict[int, list[Step]] = {pk: [] for pk in spans}
    for step in steps:
        for pk, before, last in met:
            if before < step.since <= last:
                found[pk].append(step)
    return found


def totals_of(steps: Iterable[Step]) -> Totals:
    """What moved at one round. The first of several steps began from what stood before it."""
    ends: dict[int, Pair] = {}
    for step in steps:
        first = ends.get(step.issue)
        ends[step.issue] = (first[0] if first else step.was, step.now)
    return Totals.of(ends.values())


def _known_steps(frame: FrameView) -> Iterator[Step]:
    """All of them by what was known on an earlier day, of which no standing is stored."""
    reader = StandingReader(frame)
    for issue, periods in reader.computed(list(item_names(frame))).items():
        looks = [reader.look(*_stood(period.standing)) for period in periods]
        counts = [period.standing.count for period in periods]
        for at, period in enumerate(periods[1:]):
            more = counts[at + 1] - counts[at]
            yield Step(issue, period.since, looks[at], looks[at + 1], more)


def _stood(value: StandingValue) -> tuple[int | None, str, int | None]:
    headline, fell_from = value.headline, value.fell_from
    return headline.id if headline else None, value.badge, fell_from.id if fell_from else None


def _steps(frame: FrameView, spans: Sequence[Span]) -> Iterator[Step]:
    """Every period that began within, in order of their days. Two queries."""
    if not spans:
        return
    scope, look = frame.viewer.scope, StandingReader(frame).look
    here, days = frame.negotiation.pk, [day for span in spans for day in (span.before, span.last)]
    began = _begun(here, scope, *days)
    ended = _ended(
        here,
        scope,
        list({issue for issue, *_rest in began}),
        list({since for _issue, since, *_rest in began}),
    )
    before = {(issue, until): row for issue, until, *row in ended}
    for issue, since, *row in sorted(began, key=itemgetter(1)):
        if was := before.get((issue, since)):
            more = row[-1] - was[-1]
            yield Step(issue, since, look(*was[:-1]), look(*row[:-1]), more)


_LOOK = ("headline_id", "badge", "fell_from_id", "entry_count")


@prepared
def _begun(negotiation: int, scope: Scope, *days: dt.date) -> QuerySet[Any, Any]:
    """Periods that began after a first and by a second of these days."""
    # In each alternative all that the index has, or the database reads every period.
    where = {"negotiation": negotiation, "scope": scope.key}
    pairs = zip(days[::2], days[1::2], strict=True)
    began = [Q(**where, since__gt=before, since__lte=last) for before, last in pairs]
    rows = Standing.objects.filter(reduce(or_, began))
    return rows.order_by().values_list("issue_id", "since", *_LOOK)


@prepared
def _ended(
    negotiation: int, scope: Scope, issues: list[int], days: list[dt.date]
) -> QuerySet[Any, Any]:
    """Periods of these items, of one negotiation, that ended on these days."""
    rows = Standing.objects.filter(scope=scope.key, issue__in=issues, until__in=days)
    rows = rows.filter(issue__negotiation=negotiation, issue__entered_in_error=False)
    return rows.order_by().values_list("issue_id", "until", *_LOOK)
