"""All rounds in order, and one round: who met, what each side said of it, what moved at it."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

from django.core.paginator import Page
from django.db.models import Count, QuerySet
from django.urls import reverse

from negotiations.models import Delegate, Party, Readout, Round, Source
from negotiations.prepared import prepared

from ..models import AgendaLine, Standing
from ..standing import StandingValue
from .entries import SAYS, EntryReader, SourceView, all_entered, source_view
from .frame import FrameView
from .moves import (
    ItemName,
    MovedItem,
    Totals,
    item_names,
    looks_between,
    moved_item,
    with_freshness_of,
)
from .paging import page_at
from .span import Span
from .standings import NOTHING, StandingReader, StandingView

ITEMS_PER_PAGE = 20
# With more entries than this on one item at one round, the oldest are left to the item's page.
LINES_PER_ITEM = 12


# A stored period as the list of rounds reads it: headline, badge, what it fell from.
Stood = tuple[int | None, str, int | None]


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
    totals = _totals_by_round(frame, {pk: span for pk, span in spans.items() if span})
    counts = _entry_counts(frame, spans)
    heads = defaultdict(list)
    delegates = Delegate.objects.filter(round__negotiation=frame.negotiation, is_head=True)
    for delegate in delegates.select_related("party"):
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


def _totals_by_round(frame: FrameView, spans: dict[int, Span]) -> dict[int, Totals]:
    """What moved at each round, from all periods of all items: one query for all rounds."""
    pairs: dict[int, Counter[tuple[Stood, Stood]]] = {pk: Counter() for pk in spans}
    for days, stood in _computed(frame) if frame.clock.known else _stored(frame):
        for pk, span in spans.items():
            ends = bisect_right(days, span.before) - 1, bisect_right(days, span.last) - 1
            if ends[0] != ends[1]:
                pairs[pk][stood[ends[0]], stood[ends[1]]] += 1
    return {pk: _totals(frame, counted) for pk, counted in pairs.items()}


Course = tuple[list[dt.date], list[Stood]]


def _stored(frame: FrameView) -> Iterator[Course]:
    """Item by item the days on which its standing became another, and what it became."""
    rows = Standing.objects.filter(
        issue__negotiation=frame.negotiation,
        issue__entered_in_error=False,
        scope=frame.viewer.scope.key,
    ).order_by("issue", "since")
    columns = ("issue_id", "since", "headline_id", "badge", "fell_from_id")
    for _issue, found in groupby(rows.values_list(*columns), key=itemgetter(0)):
        course = [(since, tuple(rest)) for _pk, since, *rest in found]
        yield [day for day, _stood in course], [stood for _day, stood in course]


def _computed(frame: FrameView) -> Iterator[Course]:
    """The same by what was known then."""
    for periods in StandingReader(frame).computed(list(item_names(frame))).values():
        yield (
            [period.since for period in periods],
            [_stood_of(period.standing) for period in periods],
        )


def _stood_of(value: StandingValue) -> Stood:
    headline, fell_from = value.headline, value.fell_from
    return headline.id if headline else None, value.badge, fell_from.id if fell_from else None


def _totals(frame: FrameView, counted: Counter[tuple[Stood, Stood]]) -> Totals:
    totals = Totals()
    for (before, after), items in counted.items():
        totals.add(_stood(frame, before), _stood(frame, after), items)
    return totals


def _stood(frame: FrameView, row: Stood) -> StandingView:
    headline, badge, fell_from = row
    status = frame.statuses.get
    return StandingView(status(headline or 0), badge, fell_from=status(fell_from or 0))


def _entry_counts(frame: FrameView, spans: dict[int, Span | None]) -> Counter[int]:
    """As many entries as the page of each round shows."""
    entries = EntryReader(frame)
    rows = entries.seen().filter(kind__in=SAYS).exclude(pk__in=entries.out_anywhere()).order_by()
    if frame.clock.as_of:
        rows = rows.filter(counts_from__lte=frame.clock.as_of)
    found: Counter[int] = Counter()
    for named, day, n in rows.values_list("round", "counts_from").annotate(n=Count("pk")):
        for pk, span in spans.items():
            if named == pk or (span and span.before < day <= span.last):
                found[pk] += n
    return found


# --- One round ----------------------------------------------------------------------------------


@dataclass
class Delegation:
    """One party at the round: its people, heads first, and what it said of the round."""

    party: Party
    people: list[Delegate] = field(default_factory=list)
    readout: Readout | None = None
    source: SourceView | None = None


@dataclass
class RoundItem:
    """An item touched at the round or on its agenda."""

    moved: MovedItem
    line: AgendaLine | None = None

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
    # The page shows a day on which the round had not begun.
    is_ahead: bool = False

    @property
    def all_entered(self) -> str:
        """The one day on which all that is shown was entered, if late."""
        return all_entered(line for item in self.items for line in item.moved.lines)

    @property
    def is_under_way(self) -> bool:
        return self.round.state == Round.State.UNDER_WAY

    @property
    def took_place(self) -> bool:
        return self.round.is_held or self.is_under_way


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
        told = self.entries.told_at(self.round.pk, self.span)
        agenda = self._agenda()
        looks = looks_between(self.frame, self.entries, self.span) if self.span else {}
        touched = {*told, *looks}
        names = item_names(self.frame)
        order = [pk for pk in names if pk in touched]
        order += [pk for pk in names if pk in agenda and pk not in touched]
        shown = page_at(order, page, ITEMS_PER_PAGE)
        places = [r.pk for r in self.frame.rounds]
        at = places.index(self.round.pk)
        return RoundPage(
            round=self.round,
            state=self.round.state_text(self.frame.today),
            span=self.span,
            previous=self.frame.rounds[at - 1] if at else None,
            next=self.frame.rounds[at + 1] if at + 1 < len(places) else None,
            delegations=self._delegations(),
            sources=[source_view(source, self.frame) for source in _sources(self.round.pk)],
            items=self._items([names[pk] for pk in shown], told, agenda),
            page=shown,
            totals=Totals.of(looks.values()),
            touched=len(touched),
            entries=sum(map(len, told.values())),
            agenda=_facts(agenda),
            others=len(names) - len(order),
            is_ahead=bool(self.span and self._first_day > self.frame.clock.day),
        )

    @property
    def _first_day(self) -> dt.date:
        return self.round.first_day or dt.date.min

    def _agenda(self) -> dict[int, AgendaLine]:
        return {line.issue_id: line for line in _agenda(self.round.pk)}

    def _items(
        self,
        names: Sequence[ItemName],
        told: Mapping[int, list[int]],
        agenda: Mapping[int, AgendaLine],
    ) -> list[RoundItem]:
        views = self._views([name.pk for name in names])
        kept = {name.pk: told.get(name.pk, [])[-LINES_PER_ITEM:] for name in names}
        lines = self.entries.lines([pk for pks in kept.values() for pk in pks])
        base = reverse("issues:issue_list", args=[self.frame.negotiation.slug])
        frames = self._frames()
        found = []
        for name in names:
            url = f"{base}{name.number}/{self.frame.clock.query}"
            item = moved_item(name, url, views[name.pk], frames)
            item.lines = lines[name.pk]
            item.more = len(told.get(name.pk, [])) - len(kept[name.pk])
            found.append(RoundItem(item, agenda.get(name.pk)))
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
        for readout in _readouts(self.round.pk):
            side = found[readout.party_id]
            side.readout = readout
            side.source = source_view(readout.source, self.frame) if readout.source else None
        return [
            side
            for side in found.values()
            if side.people or side.readout or day is None or _at_the_table(side.party, day)
        ]


@prepared
def _agenda(round_pk: int) -> QuerySet[AgendaLine]:
    return AgendaLine.objects.filter(round=round_pk, issue__entered_in_error=False).order_by()


@prepared
def _delegates(round_pk: int) -> QuerySet[Delegate]:
    return Delegate.objects.filter(round=round_pk)


@prepared
def _readouts(round_pk: int) -> QuerySet[Readout]:
    return Readout.objects.filter(round=round_pk).select_related("source")


@prepared
def _sources(round_pk: int) -> QuerySet[Source]:
    return Source.objects.filter(rounds=round_pk)


def _at_the_table(party: Party, day: dt.date) -> bool:
    return (party.since or day) <= day <= (party.until or day)


def _facts(agenda: dict[int, AgendaLine]) -> Counter[str]:
    """How many lines were planned, discussed, not reached: three separate facts."""
    counts = Counter(line.outcome for line in agenda.values() if line.outcome)
    counts["planned"] = sum(line.planned for line in agenda.values())
    counts["lines"] = len(agenda)
    return counts
