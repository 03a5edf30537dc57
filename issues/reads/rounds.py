"""All rounds in order, and one round: who met, what each side said of it, what moved at it."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.core.paginator import Page
from django.db.models import Count, Q
from django.urls import reverse

from negotiations.models import Delegate, Party, Readout, Round

from ..models import AgendaLine, Issue
from .entries import SAYS, EntryReader, SourceView, source_view
from .frame import FrameView
from .moves import MovedItem, Span, Totals, known_issues, moved_ids, moved_item, with_freshness_of
from .paging import page_at
from .standings import NOTHING, StandingReader, StandingView

ITEMS_PER_PAGE = 50
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
    entries = EntryReader(frame)
    spans = {round_.pk: span_of(frame, round_) for round_ in frame.rounds}
    totals = _totals_by_round(frame, {pk: span for pk, span in spans.items() if span})
    counts = _entry_counts(frame, entries, spans)
    heads = defaultdict(list)
    delegates = Delegate.objects.filter(round__negotiation=frame.negotiation, is_head=True)
    for delegate in delegates.select_related("party"):
        heads[delegate.round_id].append(delegate)
    return [
        RoundRow(
            r,
            r.state_text(frame.today),
            frame.parties.get(r.host_id or 0),
            heads[r.pk],
            totals.get(r.pk),
            counts[r.pk],
        )
        for r in frame.rounds
    ]


def _totals_by_round(frame: FrameView, spans: dict[int, Span]) -> dict[int, Totals]:
    days = [day for span in spans.values() for day in (span.before, span.last)]
    issues = Issue.objects.visible_to(frame.viewer).filter(known_issues(frame))
    pks = list(issues.order_by().values_list("pk", flat=True))
    found = StandingReader(frame).at_days(pks, days).values()
    return {
        pk: Totals.of((views[2 * place], views[2 * place + 1]) for views in found)
        for place, pk in enumerate(spans)
    }


def _told_at(round_pk: int, span: Span | None) -> Q:
    """Entries that name the round, and those that began to count while it met."""
    names_it = Q(round=round_pk)
    return names_it | span.began_counting if span else names_it


def _entry_counts(
    frame: FrameView, entries: EntryReader, spans: dict[int, Span | None]
) -> Counter[int]:
    rows = entries.seen().filter(kind__in=SAYS).exclude(pk__in=entries.out)
    counts = {f"r{pk}": Count("pk", filter=_told_at(pk, span)) for pk, span in spans.items()}
    found = rows.aggregate(**counts) if counts else {}
    return Counter({pk: found[f"r{pk}"] for pk in spans})


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
    def issue(self) -> Issue:
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

    @property
    def is_under_way(self) -> bool:
        return self.round.state == Round.State.UNDER_WAY

    @property
    def is_ahead(self) -> bool:
        """The page shows a day on which the round had not begun."""
        first = self.round.first_day
        return bool(self.span and first and self.span.last < first)

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
        told = self.entries.counting(_told_at(self.round.pk, self.span))
        agenda = self._agenda()
        touched = set(told)
        if self.span:
            touched |= self._moved()
        order, others = self._order(touched, set(agenda))
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
            sources=[source_view(source) for source in self.round.sources.all()],
            items=self._items(list(shown), told, agenda),
            page=shown,
            totals=self._totals(touched),
            touched=len(touched),
            entries=sum(map(len, told.values())),
            agenda=_facts(agenda),
            others=others,
        )

    def _moved(self) -> set[int]:
        assert self.span  # noqa: S101 - asked only of a round with standings
        return moved_ids(self.frame, self.entries, self.span)

    def _agenda(self) -> dict[int, AgendaLine]:
        lines = self.round.agenda_lines.filter(issue__entered_in_error=False)
        return {line.issue_id: line for line in lines.order_by()}

    def _order(self, touched: set[int], agenda: set[int]) -> tuple[list[int], int]:
        """Touched items first, each part in agenda order; and how many items are in neither."""
        issues = Issue.objects.visible_to(self.frame.viewer).filter(known_issues(self.frame))
        known = list(issues.in_agenda_order().values_list("pk", flat=True))
        first = [pk for pk in known if pk in touched]
        order = first + [pk for pk in known if pk in agenda and pk not in touched]
        return order, len(known) - len(order)

    def _totals(self, touched: set[int]) -> Totals:
        if not self.span:
            return Totals()
        found = self.standings.at_days(list(touched), [self.span.before, self.span.last])
        return Totals.of((before, after) for before, after in found.values())

    def _items(
        self, pks: list[int], told: dict[int, list[int]], agenda: dict[int, AgendaLine]
    ) -> list[RoundItem]:
        issues = Issue.objects.in_bulk(pks)
        views = self._views(pks)
        lines = self.entries.lines([e for pk in pks for e in told.get(pk, ())[-LINES_PER_ITEM:]])
        base = reverse("issues:issue_list", args=[self.frame.negotiation.slug])
        frames = self._frames()
        found = []
        for pk in pks:
            url = f"{base}{issues[pk].number}/{self.frame.clock.query}"
            item = moved_item(issues[pk], url, views[pk], frames)
            item.lines, item.more = lines[pk], max(len(told.get(pk, ())) - LINES_PER_ITEM, 0)
            found.append(RoundItem(item, agenda.get(pk)))
        return found

    def _frames(self) -> tuple[FrameView, FrameView]:
        if not self.span:
            return self.frame, self.frame
        ends = (self.span.before, self.span.after)
        return with_freshness_of(self.frame, ends[0]), with_freshness_of(self.frame, ends[1])

    def _views(self, pks: Sequence[int]) -> dict[int, tuple[StandingView, StandingView]]:
        if not self.span:
            return dict.fromkeys(pks, (NOTHING, NOTHING))
        before = self.standings.on(pks, self.span.before)
        after = self.standings.on(pks, self.span.after)
        return {pk: (before.get(pk, NOTHING), after.get(pk, NOTHING)) for pk in pks}

    def _delegations(self) -> list[Delegation]:
        found = {pk: Delegation(party) for pk, party in self.frame.parties.items()}
        day = self.round.first_day
        for delegate in self.round.delegates.all():
            found[delegate.party_id].people.append(delegate)
        for readout in self.round.readouts.select_related("source"):
            side = found[readout.party_id]
            side.readout = readout
            side.source = source_view(readout.source) if readout.source else None
        return [
            side
            for side in found.values()
            if side.people or side.readout or day is None or _at_the_table(side.party, day)
        ]


def _at_the_table(party: Party, day: dt.date) -> bool:
    return (party.since or day) <= day <= (party.until or day)


def _facts(agenda: dict[int, AgendaLine]) -> Counter[str]:
    """How many lines were planned, discussed, not reached: three separate facts."""
    counts = Counter(line.outcome for line in agenda.values() if line.outcome)
    counts["planned"] = sum(line.planned for line in agenda.values())
    counts["lines"] = len(agenda)
    return counts
