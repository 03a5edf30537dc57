"""Every period of every item in the viewer's scope: what both pictures of a negotiation rest on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from ...models import Issue, Standing
from ..frame import FrameView
from ..standings import StandingReader, StandingView


class Stood(NamedTuple):
    """Where an item stood from this day on, without words."""

    since: dt.date
    view: StandingView


Histories = dict[int, list[Stood]]


def read_histories(frame: FrameView) -> Histories:
    """By item its standings, oldest first, until the day of the page. One query, few if computed.

    Without the empty beginning of time: an item with one row never had another standing.
    """
    reader = StandingReader(frame)
    return _computed(frame, reader) if frame.clock.known else _stored(frame, reader)


def _stored(frame: FrameView, reader: StandingReader) -> Histories:
    rows = Standing.objects.filter(
        issue__negotiation=frame.negotiation,
        issue__entered_in_error=False,
        scope=reader.scope.key,
        since__lte=frame.clock.as_of or dt.date.max,
    ).order_by("issue", "since")
    columns = ("issue_id", "since", "headline_id", "badge", "fell_from_id")
    return {
        pk: [Stood(since, reader.look(*look)) for _pk, since, *look in found]
        for pk, found in groupby(rows.values_list(*columns), key=itemgetter(0))
    }


def _computed(frame: FrameView, reader: StandingReader) -> Histories:
    issues = Issue.objects.visible_to(frame.viewer).order_by()
    known = issues.filter(recorded_at__lte=frame.clock.known_moment)
    found = reader.computed(list(known.values_list("pk", flat=True)))
    last = frame.clock.as_of or dt.date.max
    return {
        pk: [Stood(p.since, reader.seen(p.standing)) for p in periods if p.since <= last]
        for pk, periods in found.items()
    }


def standing_at(history: Sequence[Stood], day: dt.date) -> StandingView:
    """Where it stood at the end of that day."""
    return next(one.view for one in reversed(history) if one.since <= day)
