"""Where items stand, for a viewer, on a day, by what was known: stored or computed alike.

Stored periods answer for any effective day. Only a recorded day in the past computes afresh.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import FilteredRelation, Q, QuerySet

from negotiations.dates import date_text
from negotiations.models import Party
from negotiations.prepared import prepared
from negotiations.scopes import Scope

from ..models import Standing
from ..models.standings import holds_on, holds_on_either
from ..services.loaded import LoadedEntry, entries_in, load_entries, load_frames
from ..standing import Period, StandingValue, Word, periods, standing_on
from .frame import FrameView, StatusView, aged_date_text


@dataclass(frozen=True, slots=True)
class WordView:
    """One party's own words: its status, if it gave any, and when it last spoke."""

    party: Party
    status: StatusView | None = None
    said_first: dt.date | None = None
    said_precision: str = ""
    spoke_first: dt.date | None = None
    spoke_precision: str = ""
    status_entry: int | None = None
    position_entry: int | None = None

    def date_text(self, fresh_from: dt.date) -> str:
        """ "10 Apr 2025", "last said …", "spoke …, gave no status" or "nothing on record"."""
        if self.said_first:
            return aged_date_text(self.said_first, self.said_precision, fresh_from)
        if self.spoke_first:
            return f"spoke {date_text(self.spoke_first, self.spoke_precision)}, gave no status"
        return "nothing on record"


@dataclass(frozen=True, slots=True)
class StandingView:
    """Where one item stands: what `movement` compares and what pages show."""

    headline: StatusView | None = None
    badge: str = ""
    words: tuple[WordView, ...] = ()
    fell_from: StatusView | None = None
    fell_on: dt.date | None = None
    last_said: dt.date | None = None
    last_precision: str | None = None
    entry_count: int = 0
    last_entry: int | None = None
    waits_entry: int | None = None
    next_step_entry: int | None = None
    press_entry: int | None = None
    own_entry: int | None = None

    @property
    def own_statuses(self) -> Mapping[int, StatusView]:
        return {word.party.pk: word.status for word in self.words if word.status}

    @property
    def category(self) -> str:
        return self.headline.category if self.headline else ""


NOTHING = StandingView()


def period(scope: Scope, day: dt.date | None) -> FilteredRelation:
    """To annotate items with: the stored period that holds on `day` (None: now) in `scope`."""
    holds = Q(standings__until=None)
    if day is not None:
        holds = Q(standings__since__lte=day) & (holds | Q(standings__until__gt=day))
    return FilteredRelation("standings", condition=Q(standings__scope=scope.key) & holds)


# In the order of the fields of StandingView, but for its words, and of WordView.
_PERIOD = (
    *("since", "until", "issue_id", "headline_id", "badge", "fell_from_id", "fell_on"),
    *("last_said", "last_entry__precision", "entry_count", "last_entry_id", "waits_entry_id"),
    *("next_step_entry_id", "press_entry_id", "own_entry_id"),
)
_WORD = tuple(
    f"party_rows__{name}"
    for name in (
        *("party_id", "status_id", "said_first", "said_precision", "spoke_first"),
        *("spoke_precision", "status_entry_id", "position_entry_id"),
    )
)


@prepared
def _periods_on(
    scope: Scope, words: bool, issues: list[int], *days: dt.date | None
) -> QuerySet[Any, Any]:
    """The periods that hold on any of these days, with a row for each party's word.

    The days in their order.
    """
    first, *rest = days
    if first and len(rest) == 1:
        holds = holds_on_either(first, *rest)
    else:
        holds = reduce(or_, map(holds_on, days))
    rows = Standing.objects.filter(holds, scope=scope.key, issue__in=issues).order_by()
    return rows.values_list("pk", *_PERIOD, *(_WORD if words else ()))


@prepared
def _periods_between(
    scope: Scope, first: dt.date, last: dt.date, issues: list[int]
) -> QuerySet[Any, Any]:
    """The periods of which some day lies between these two."""
    rows = Standing.objects.filter(Q(until=None) | Q(until__gt=first), since__lte=last)
    rows = rows.filter(scope=scope.key, issue__in=issues).order_by()
    return rows.values_list("issue_id", "since", "until", "headline_id", "badge", "fell_from_id")


class StandingReader:
    """Reads standings in the scope and at the clock of one page."""

    def __init__(self, frame: FrameView) -> None:
        self.frame = frame
        self.clock = frame.clock
        self.scope = frame.viewer.scope
        self._looks: dict[tuple[int | None, str, int | None], StandingView] = {}

    def on(
        self, issue_ids: Sequence[int], day: dt.date | None = None, *, words: bool = True
    ) -> dict[int, StandingView]:
        """The standing of each item on an effective `day` (None: the day of the page).

        One query. An item without any row stands at nothing.
        """
        return self.on_days(issue_ids, [day], words=words)[0]

    def on_days(
        self, issue_ids: Sequence[int], days: Sequence[dt.date | None], *, words: bool = True
    ) -> list[dict[int, StandingView]]:
        """The same for several days, in their order; still one query."""
        days = [day or self.clock.as_of for day in days]
        if self.clock.known:
            computed = self.computed(issue_ids)
            return [
                {pk: self.seen(standing_on(computed[pk], day)) for pk in issue_ids} for day in days
            ]
        return self._stored_on(issue_ids, days, words)

    def at_both(
        self, issue_ids: Sequence[int], before: dt.date, after: dt.date | None
    ) -> dict[int, tuple[StandingView, StandingView]]:
        """The standing of each item at both ends of a span (`after` None: now), with words."""
        then, now = self.on_days(issue_ids, [before, after])
        return {pk: (then.get(pk, NOTHING), now.get(pk, NOTHING)) for pk in issue_ids}

    def at_days(
        self, issue_ids: Sequence[int], days: Sequence[dt.date]
    ) -> dict[int, list[StandingView]]:
        """The standing of each item on each of these days, in their order, without words.

        One query, however many days.
        """
        if not days:
            return {pk: [] for pk in issue_ids}
        if self.clock.known:
            computed = self.computed(issue_ids)
            return {
                pk: [self.seen(standing_on(computed[pk], day)) for day in days] for pk in issue_ids
            }
        return self._stored_at(issue_ids, days)

    def _stored_at(
        self, issue_ids: Sequence[int], days: Sequence[dt.date]
    ) -> dict[int, list[StandingView]]:
        rows = _periods_between(self.scope, min(days), max(days), list(issue_ids))
        found: dict[int, list[StandingView]] = {pk: [NOTHING] * len(days) for pk in issue_ids}
        # The days in order, so that each period finds its own at once.
        places = sorted(range(len(days)), key=days.__getitem__)
        ordered = [days[place] for place in places]
        for issue_id, since, until, headline, badge, fell_from in rows:
            end = bisect_left(ordered, until) if until else None
            if covered := places[bisect_left(ordered, since) : end]:
                view, cells = self.look(headline, badge, fell_from), found[issue_id]
                for place in covered:
                    cells[place] = view
        return found

    def look(self, headline: int | None, badge: str, fell_from: int | None) -> StandingView:
        """A standing without words: few differ, so each is made once."""
        key = (headline, badge, fell_from)
        if key not in self._looks:
            status = self.frame.statuses.get
            self._looks[key] = StandingView(
                status(headline or 0), badge, fell_from=status(fell_from or 0)
            )
        return self._looks[key]

    def _stored_on(
        self, issue_ids: Sequence[int], days: Sequence[dt.date | None], words: bool
    ) -> list[dict[int, StandingView]]:
        ordered = sorted(days, key=lambda day: day or dt.date.max)
        rows = _periods_on(self.scope, words, list(issue_ids), *ordered)
        found: list[dict[int, StandingView]] = [{} for _day in days]
        for since, until, issue_id, view in self._views(rows, words):
            for day, views in zip(days, found, strict=True):
                if covers(since, until, day):
                    views[issue_id] = view
        return found

    def _views(
        self, rows: Iterable[Any], words: bool
    ) -> Iterator[tuple[dt.date, dt.date | None, int, StandingView]]:
        """Each period with its item, from a row for each party that has a word in it."""
        spoken: dict[int, list[Any]] = defaultdict(list)
        made: dict[int, Sequence[Any]] = {}
        for pk, *row in rows:
            made[pk] = row[: len(_PERIOD)]
            if words and row[len(_PERIOD)]:
                spoken[pk].append(row[len(_PERIOD) :])
        status = self.frame.statuses.get
        for pk, (since, until, issue_id, headline, badge, fell_from, *rest) in made.items():
            said = self._words(spoken[pk])
            view = StandingView(status(headline), badge, said, status(fell_from), *rest)
            yield since, until, issue_id, view

    def _words(self, rows: list[Any]) -> tuple[WordView, ...]:
        """The parties' words, in the order of the parties."""
        parties, status = self.frame.parties, self.frame.statuses.get
        by_party = {party: (status_id, *rest) for party, status_id, *rest in rows}
        return tuple(
            WordView(party, status(by_party[pk][0]), *by_party[pk][1:])
            for pk, party in parties.items()
            if pk in by_party
        )

    def histories(self, issue_ids: Sequence[int]) -> dict[int, list[tuple[dt.date, StandingView]]]:
        """All standings of these items, with words, oldest first, until the day of the page.

        One query; few if computed.
        """
        last = self.clock.as_of or dt.date.max
        if self.clock.known:
            return {
                pk: [(p.since, self.seen(p.standing)) for p in found if p.since <= last]
                for pk, found in self.computed(issue_ids).items()
            }
        rows = Standing.objects.filter(
            issue__in=issue_ids, scope=self.scope.key, since__lte=last
        ).order_by("since")
        made: dict[int, list[tuple[dt.date, StandingView]]] = {pk: [] for pk in issue_ids}
        columns = rows.values_list("pk", *_PERIOD, *_WORD)
        for since, _until, pk, view in self._views(columns, words=True):
            made[pk].append((since, view))
        return made

    # --- Computed, for a recorded day in the past ------------------------------------------------

    def computed(self, issue_ids: Sequence[int]) -> dict[int, list[Period]]:
        """All periods of these items by what was known; for a recorded day in the past."""
        loaded = load_entries(issue_ids)
        frames = load_frames(self.frame.negotiation, issue_ids)
        self._precisions = {e.value.id: e.precision for found in loaded.values() for e in found}
        return {
            pk: periods(self._in_scope(loaded[pk]), frames[pk], self.clock.known_moment)
            for pk in issue_ids
        }

    def _in_scope(self, loaded: Iterable[LoadedEntry]) -> Any:
        return entries_in(self.scope, loaded)

    def seen(self, value: StandingValue) -> StandingView:
        """A computed standing as pages show it; after `computed`."""
        statuses = self.frame.statuses
        entries = {
            f"{name}_entry": found.id if found else None
            for name, found in (
                ("last", value.last),
                ("waits", value.waits),
                ("next_step", value.next_step),
                ("press", value.press),
                ("own", value.own),
            )
        }
        return StandingView(
            headline=statuses[value.headline.id] if value.headline else None,
            badge=value.badge,
            words=tuple(self._computed_word(word) for word in value.words),
            fell_from=statuses[value.fell_from.id] if value.fell_from else None,
            fell_on=value.fell_on,
            last_said=value.last.said_first if value.last else None,
            last_precision=self._precisions[value.last.id] if value.last else None,
            entry_count=value.count,
            **entries,
        )

    def _computed_word(self, word: Word) -> WordView:
        view = WordView(self.frame.parties[word.party])
        if word.claim and word.claim.status:
            view = replace(
                view,
                status=self.frame.statuses[word.claim.status.id],
                said_first=word.claim.said_first,
                said_precision=self._precisions[word.claim.id],
                status_entry=word.claim.id,
            )
        if word.spoke:
            view = replace(
                view,
                spoke_first=word.spoke.said_first,
                spoke_precision=self._precisions[word.spoke.id],
            )
        return replace(view, position_entry=word.position.id if word.position else None)


def covers(since: dt.date, until: dt.date | None, day: dt.date | None) -> bool:
    """Whether a period holds on `day` (None: now)."""
    if day is None:
        return until is None
    return since <= day and (until is None or day < until)
