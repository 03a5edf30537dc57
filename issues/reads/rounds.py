"""All rounds in order, and one round: who met, what each side said of it, what moved at it."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.core.paginator import Page
from django.db.models import F, QuerySet
from django.urls import reverse

from negotiations.access import scope_filter
from negotiations.models import Delegate, Party, Readout, Round, Source
from negotiations.prepared import prepared
from negotiations.scopes import Scope

from ..models import AgendaLine, Standing
from ..models.items import agenda_order
from ..models.standings import StandingQuerySet
from ..spans import Span
from .agenda import count_items
from .counts import moved_between
from .entries import EntryReader, SourceView, all_entered, source_view
from .frame import FrameView
from .moves import (
    ItemName,
    MovedItem,
    Place,
    Totals,
    item_names,
    item_order,
    looks_between,
    moved_item,
    with_freshness_of,
)
from .paging import page_at
from .round_steps import steps_at, totals_of
from .standings import NOTHING, StandingReader, StandingView

ITEMS_PER_PAGE = 20
# With more entries than this on one item at one round, the oldest are left to the item's page.
LINES_PER_ITEM = 12


def span_of(frame: FrameView, round_: Round) -> Span | None:
    """Before and after a round (design §1); None for one that has no standing of its own.

    A page as of an earlier day sees no further than that day.
    """
    before = frame.before_round(round_)
    if before is None or round_.state not in (Round.State.HELD, Round.State.UNDER_WAY):
        return None
    day = frame.clock.as_of
    after = round_.last_day if round_.is_held else None
    if day:
        return Span(min(before, day), min(after or day, day))
    return Span(before, after)


# --- All rounds ---------------------------------------------------------------------------------


@dataclass
class RoundRow:
    """One round in the list: its heads, what moved at it, how many entries tell of it."""

    round: Round
    state: str
    host: Party | None
    heads: list[Delegate]
    totals: Totals | None
    entries: int


def read_rounds(frame: FrameView) -> list[RoundRow]:
    """Every round in its order, with a fixed number of queries."""
    day = frame.clock.day
    spans = {r.pk: None if is_later(r, day) else span_of(frame, r) for r in frame.rounds}
    held = {pk: span for pk, span in spans.items() if span}
    kept = moved_between(frame, held.values())
    steps = steps_at(frame, {pk: span for pk, span in held.items() if span not in kept})
    totals = {pk: totals_of(found) for pk, found in steps.items()}
    counts = Counter(pk for pk, *_rest in EntryReader(frame).naming_from_outside(spans))
    for pk, within in steps.items():
        counts[pk] += sum(step.entries for step in within)
    for pk, span in held.items():
        if span in kept:
            totals[pk] = kept[span].totals
            counts[pk] += kept[span]["entries"]
    heads = defaultdict(list)
    for delegate in _heads(frame.negotiation.pk):
        heads[delegate.round_id].append(delegate)
    return [
        RoundRow(
            r,
            state_on(r, frame.clock.day),
            frame.parties.get(r.host_id or 0),
            heads[r.pk],
            totals.get(r.pk),
            counts[r.pk],
        )
        for r in frame.rounds
    ]


def is_later(round_: Round, day: dt.date) -> bool:
    """Whether it was held, but only after that day."""
    return round_.is_held and bool(round_.last_day and round_.last_day > day)


def state_on(round_: Round, day: dt.date) -> str:
    """Its state in words; "later" for one that was held only after that day."""
    return "later" if is_later(round_, day) else round_.state_text(day)


@prepared
def _heads(negotiation: int) -> QuerySet[Delegate]:
    rows = Delegate.objects.filter(round__negotiation=negotiation, is_head=True)
    return rows.select_related("party")


# --- One round ----------------------------------------------------------------------------------


class Told(NamedTuple):
    """What a party said of the round, and on what source."""

    readout: Readout
    source: SourceView | None


@dataclass
class Delegation:
    """One party at the round: its people, heads first, and what it said of the round."""

    party: Party
    people: list[Delegate] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)


@dataclass
class RoundItem:
    """An item touched at the round or on its agenda."""

    moved: MovedItem
    lines: list[AgendaLine] = field(default_factory=list)

    @property
    def line(self) -> AgendaLine | None:
        """The one that a mark changes: the delegation's own, else the common one."""
        return self.lines[-1] if self.lines else None

    @property
    def issue(self) -> ItemName:
        return self.moved.issue


@dataclass
class RoundPage:
    round: Round
    state: str
    span: Span | None
    previous: Round | None
    next: Round | None
    delegations: list[Delegation]
    sources: list[SourceView]
    items: list[RoundItem]
    page: Page[int]
    totals: Totals
    touched: int
    entries: int
    agenda: Counter[str]
    others: int
    # "What moved" over the days of the round: the items that the figures count.
    moves_url: str = ""
    # The page shows a day on which the round had not begun.
    is_ahead: bool = False

    @cached_property
    def all_entered(self) -> str:
        """The one day on which all that is shown was entered, if late."""
        return all_entered(line for item in self.items for line in item.moved.lines)

    @property
    def is_under_way(self) -> bool:
        return self.round.state == Round.State.UNDER_WAY

    @property
    def took_place(self) -> bool:
        return self.round.is_held or self.is_under_way


class _Happened(NamedTuple):
    """At a round: the items touched, how many entries tell of it, what moved; the entries.

    `places`: where those are on the agenda that are known to be shown.
    """

    touched: set[int]
    entries: int
    totals: Totals
    told_on: Callable[[list[int]], Mapping[int, list[int]]]
    places: Sequence[Place] = ()


class RoundReader:
    """Reads one round, in the viewer's scope and at the page's clock."""

    def __init__(self, frame: FrameView, round_: Round) -> None:
        self.frame = frame
        self.round = round_
        self.span = span_of(frame, round_)
        self.entries = EntryReader(frame)
        self.standings = StandingReader(frame)

    def read(self, page: str = "") -> RoundPage:
        """One page of the items: those touched, then the rest of the agenda."""
        agenda, what = self._agenda(), self._what_happened()
        order = self._order(what, agenda)
        shown = page_at(order, page, ITEMS_PER_PAGE)
        names = item_names(self.frame, list(shown))
        told = what.told_on(list(names))
        places = [r.pk for r in self.frame.rounds]
        at = places.index(self.round.pk)
        return RoundPage(
            round=self.round,
            state=self.round.state_text(self.frame.today),
            span=self.span,
            previous=self.frame.rounds[at - 1] if at else None,
            next=self.frame.rounds[at + 1] if at + 1 < len(places) else None,
            delegations=self._delegations(),
            sources=[
                source_view(source, self.frame)
                for source in _sources(self.frame.viewer.scope, self.round.pk)
            ],
            items=self._items([names[pk] for pk in shown], told, agenda),
            page=shown,
            totals=what.totals,
            touched=len(what.touched),
            entries=what.entries,
            agenda=_facts(agenda),
            others=count_items(self.frame) - len(order),
            moves_url=self._moves_url(),
            is_ahead=bool(self.span and self._first_day > self.frame.clock.day),
        )

    def _what_happened(self) -> _Happened:
        round_pk, span = self.round.pk, self.span
        kept = moved_between(self.frame, [span]) if span else {}
        if span is None or span not in kept:
            told = self.entries.told_at(round_pk, span)
            looks = looks_between(self.frame, self.entries, span) if span else {}
            entries = sum(map(len, told.values()))
            totals = Totals.of(looks.values())
            return _Happened({*told, *looks}, entries, totals, lambda _pks: told)
        # Whatever began to count while it met began a period.
        places = _begun(self.frame.negotiation.pk, self.frame.viewer.scope, *span.days)
        outside: dict[int, list[int]] = defaultdict(list)
        for _round, issue, entry in self.entries.naming_from_outside({round_pk: span}):
            outside[issue].append(entry)

        def told_on(pks: list[int]) -> dict[int, list[int]]:
            within = self.entries.told_on(pks, span)
            return {pk: sorted(within.get(pk, []) + outside.get(pk, [])) for pk in pks}

        entries = kept[span]["entries"] + sum(map(len, outside.values()))
        touched = {*(pk for *_place, pk in places), *outside}
        return _Happened(touched, entries, kept[span].totals, told_on, places)

    def _order(self, what: _Happened, agenda: Collection[int]) -> list[int]:
        """The items touched, then the rest of the agenda, each in its order."""
        order = item_order(self.frame, what.touched.union(agenda), what.places)
        return sorted(order, key=lambda pk: pk not in what.touched)

    def _moves_url(self) -> str:
        if not self.span:
            return ""
        ends = {"from": self.span.before, "to": self.span.after or "now"}
        page = reverse("issues:changes", args=[self.frame.negotiation.slug])
        return f"{page}?{urlencode(ends)}{self.frame.clock.query.replace('?', '&')}"

    def _sources(self) -> list[Source]:
        return _sources(self.frame.viewer.scope, self.round.pk)

    @property
    def _first_day(self) -> dt.date:
        return self.round.first_day or dt.date.min

    def _agenda(self) -> dict[int, list[AgendaLine]]:
        """By item its lines, the common one first."""
        found = defaultdict(list)
        for line in _agenda(self.frame.viewer.scope, self.round.pk):
            line.audience_party = self.frame.parties.get(line.audience_party_id or 0)
            found[line.issue_id].append(line)
        return found

    def _items(
        self,
        names: Sequence[ItemName],
        told: Mapping[int, list[int]],
        agenda: Mapping[int, list[AgendaLine]],
    ) -> list[RoundItem]:
        views = self._views([name.pk for name in names])
        kept = {name.pk: told.get(name.pk, [])[-LINES_PER_ITEM:] for name in names}
        lines = self.entries.lines([pk for pks in kept.values() for pk in pks])
        base = reverse("issues:issue_list", args=[self.frame.negotiation.slug])
        frames = self._frames()
        found = []
        for name in names:
            url = f"{base}{name.address}/{self.frame.clock.query}"
            item = moved_item(name, url, views[name.pk], frames)
            item.lines = lines[name.pk]
            item.more = len(told.get(name.pk, [])) - len(kept[name.pk])
            found.append(RoundItem(item, agenda.get(name.pk, [])))
        return found

    def _frames(self) -> tuple[FrameView, FrameView]:
        if not self.span:
            return self.frame, self.frame
        ends = (self.span.before, self.span.after)
        return with_freshness_of(self.frame, ends[0]), with_freshness_of(self.frame, ends[1])

    def _views(self, pks: Sequence[int]) -> dict[int, tuple[StandingView, StandingView]]:
        if not self.span:
            return dict.fromkeys(pks, (NOTHING, NOTHING))
        return self.standings.at_both(pks, self.span.before, self.span.after)

    def _delegations(self) -> list[Delegation]:
        found = {pk: Delegation(party) for pk, party in self.frame.parties.items()}
        day = self.round.first_day
        for delegate in _delegates(self.round.pk):
            found[delegate.party_id].people.append(delegate)
        scope = self.frame.viewer.scope
        for readout in _readouts(scope, self.round.pk):
            readout.audience_party = self.frame.parties.get(readout.audience_party_id or 0)
            source = readout.source
            seen = source and scope.sees(source.audience, source.audience_party_id)
            view = source_view(source, self.frame) if source and seen else None
            found[readout.party_id].told.append(Told(readout, view))
        return [
            side
            for side in found.values()
            if side.people or side.told or day is None or _at_the_table(side.party, day)
        ]


@prepared
def _begun(negotiation: int, scope: Scope, before: dt.date, last: dt.date) -> QuerySet[Any, Any]:
    """The items whose standing became another within, with their places.

    A third of the time of asking for the places afterwards: here none is asked whether it is shown.
    """
    rows = Standing.objects.filter(scope=scope.key, since__gt=before, since__lte=last)
    shown: StandingQuerySet = rows.shown_in(negotiation)
    *place, _pk = (f"issue__{name}" for name in agenda_order(scope))
    return shown.order_by().values_list(*place, "issue_id").distinct()


@prepared
def _agenda(scope: Scope, round_pk: int) -> QuerySet[AgendaLine]:
    lines = AgendaLine.objects.in_scope(scope)
    lines = lines.filter(round=round_pk, issue__entered_in_error=False)
    return lines.order_by(F("audience_party").asc(nulls_first=True))


@prepared
def _delegates(round_pk: int) -> QuerySet[Delegate]:
    return Delegate.objects.filter(round=round_pk)


@prepared
def _readouts(scope: Scope, round_pk: int) -> QuerySet[Readout]:
    rows = Readout.objects.filter(scope_filter(scope), round=round_pk)
    return rows.select_related("source").order_by(F("audience_party").asc(nulls_first=True))


@prepared
def _sources(scope: Scope, round_pk: int) -> QuerySet[Source]:
    return Source.objects.filter(scope_filter(scope), rounds=round_pk)


def _at_the_table(party: Party, day: dt.date) -> bool:
    return (party.since or day) <= day <= (party.until or day)


def _facts(agenda: dict[int, list[AgendaLine]]) -> Counter[str]:
    """How many items were planned, discussed, not reached: three separate facts."""
    counts: Counter[str] = Counter()
    for lines in agenda.values():
        counts.update({line.outcome for line in lines if line.outcome})
        counts["planned"] += any(line.planned for line in lines)
    counts["lines"] = len(agenda)
    return counts
