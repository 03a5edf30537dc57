"""What moved between two rounds or days, or since the viewer last marked as read."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from django.core.paginator import Page
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from negotiations.models import Party
from negotiations.prepared import prepared
from negotiations.scopes import Scope
from negotiations.templatetags.parley import plural

from ..models import Entry, Standing
from ..models.standings import holds_on
from ..standing import movement
from .clock import MomentClock
from .comparison import Comparison
from .entries import EntryReader, all_entered
from .frame import FrameView
from .marking import marking_text
from .moves import (
    ItemName,
    MovedItem,
    Pair,
    Totals,
    item_names,
    looks_between,
    moved_item,
    with_freshness_of,
)
from .paging import page_at
from .rows import WHY
from .standings import NOTHING, StandingReader, StandingView

ITEMS_PER_PAGE = 24  # two printed pages
LINES_PER_ITEM = 3
# Of what did not move, and of what waits for one party, so many are named and the rest counted.
MOST_NAMED = 100


class Waiting(NamedTuple):
    """Items that wait for the same party, for all or for somebody outside."""

    title: str
    items: list[tuple[ItemName, str]]

    @property
    def first(self) -> list[tuple[ItemName, str]]:
        return self.items[:MOST_NAMED]


class Unmoved(NamedTuple):
    """An item whose standing has not moved for so many held rounds."""

    issue: ItemName
    rounds: int


@dataclass
class Changes:
    """`still`: how many items have a status and did not move; `unmoved` names some of them."""

    page: Page[int]
    rows: list[MovedItem]
    totals: Totals
    quiet: list[tuple[ItemName, int]]
    still: int
    unmoved: list[Unmoved]
    waiting: list[Waiting]
    audience: str
    base: str

    @property
    def moved(self) -> int:
        return self.page.paginator.count

    @property
    def quiet_words(self) -> list[tuple[ItemName, str]]:
        """The first of the quiet ones, each with how many entries it has."""
        return [(item, plural(n, "entry,entries")) for item, n in self.quiet[:MOST_NAMED]]

    @property
    def unmoved_words(self) -> list[tuple[ItemName, str]]:
        """Each with for how long: "unchanged for 3 held rounds"."""
        return [
            (item, f"unchanged for {plural(rounds, 'held round')}" if rounds else "unchanged")
            for item, rounds in self.unmoved
        ]

    @cached_property
    def all_entered(self) -> str:
        """The one day on which all that is shown was entered, if late."""
        return all_entered(line for row in self.rows for line in row.lines)


class _AtEnd(NamedTuple):
    """Which items have a status at the end, and the entry that says what each waits for.

    `behind`: the entries that any standing rests on, where the database does not keep them.
    """

    with_status: set[int]
    waits: dict[int, int]
    behind: set[int | None]


class ChangeReader:
    """Compares the standings of all items at the two ends, in the viewer's scope."""

    def __init__(self, frame: FrameView, compared: Comparison) -> None:
        self.frame = frame
        self.compared = compared
        self.entries = EntryReader(frame)
        self.standings = StandingReader(frame)
        self.base = reverse("issues:issue_list", args=[frame.negotiation.slug])

    def read(self, page: str = "", size: int = ITEMS_PER_PAGE) -> Changes:
        """One page of the items that moved; totals, waits and the rest are of all items."""
        names, told, pairs = item_names(self.frame), self._told(), self._pairs()
        moved = {pk for pk, (before, after) in pairs.items() if movement(before, after).moved}
        shown = page_at([pk for pk in names if pk in moved], page, size)
        rows = self._rows([names[pk] for pk in shown], pairs, told)
        at_end = self._at_end(names)
        still = [pk for pk in names if pk in at_end.with_status and pk not in moved]
        return Changes(
            page=shown,
            rows=rows,
            totals=Totals.of(pairs[pk] for pk in moved),
            quiet=[(names[pk], len(told[pk])) for pk in names if pk in told and pk not in moved],
            still=len(still),
            unmoved=self._unmoved(names, still[:MOST_NAMED]),
            waiting=self._waiting(names, at_end.waits),
            audience=self._audience(rows, told, at_end.behind),
            base=self.base,
        )

    def _told(self) -> dict[int, list[int]]:
        """The entries behind the comparison, by item: said in that time, or recorded since."""
        if self.compared.since:
            return self.entries.counting(Q(recorded_at__gt=self.compared.since))
        return self.entries.told_in(self.compared.span)

    def _pairs(self) -> dict[int, Pair]:
        """Before and after of every item that may have moved."""
        if not self.compared.since:
            return looks_between(self.frame, self.entries, self.compared.span)
        # Retractions too: they move an item though they say nothing themselves.
        new = self.entries.seen().filter(recorded_at__gt=self.compared.since)
        pks = list(new.order_by().values_list("issue_id", flat=True).distinct())
        then, now = self._as_read(self.compared.since).on(pks), self.standings.on(pks)
        return {pk: (then.get(pk, NOTHING), now.get(pk, NOTHING)) for pk in pks}

    def _as_read(self, since: dt.datetime) -> StandingReader:
        """Standings by what was recorded when the viewer marked as read."""
        then = copy.copy(self.frame)
        then.parties, then.statuses = self.frame.parties, self.frame.statuses
        then.clock = MomentClock(known=timezone.localdate(since), moment=since)
        return StandingReader(then)

    # --- Rows ------------------------------------------------------------------------------------

    def _rows(
        self, issues: Sequence[ItemName], pairs: Mapping[int, Pair], told: Mapping[int, list[int]]
    ) -> list[MovedItem]:
        if not self.compared.since:
            span, pks = self.compared.span, [issue.pk for issue in issues]
            pairs = self.standings.at_both(pks, span.before, span.after)
        behind = {issue.pk: _behind(*pairs[issue.pk]) for issue in issues}
        lines = self.entries.lines([pk for pks in behind.values() for pk in pks])
        frames = [
            with_freshness_of(self.frame, end.day)
            for end in (self.compared.start, self.compared.end)
        ]
        rows = []
        for issue in issues:
            row = moved_item(
                issue,
                f"{self.base}{issue.number}/{self.frame.clock.query}",
                pairs[issue.pk],
                frames,
            )
            row.lines = lines[issue.pk]
            row.more = len(set(told.get(issue.pk, ())) - set(behind[issue.pk]))
            rows.append(row)
        return rows

    # --- What did not move -----------------------------------------------------------------------

    def _unmoved(self, names: Mapping[int, ItemName], pks: Sequence[int]) -> list[Unmoved]:
        """Those that have not moved for the most held rounds come first."""
        end = self.compared.end.day or dt.date.max
        held = [r for r in self.frame.held_rounds if r.last_day and r.last_day <= end]
        days = [r.last_day or end for r in held]
        if first := next(map(self.frame.before_round, held), None):
            days.insert(0, first)
        views = self.standings.at_days(pks, days)
        found = [Unmoved(names[pk], _unchanged_rounds(views[pk])) for pk in pks]
        return sorted(found, key=lambda one: -one.rounds)

    # --- Who is waited for -----------------------------------------------------------------------

    def _waiting(self, names: Mapping[int, ItemName], waits: Mapping[int, int]) -> list[Waiting]:
        """`waits`: by item, the entry that says so."""
        own = self.frame.viewer.party
        parties = sorted(self.frame.parties.values(), key=lambda party: party != own)
        groups: dict[int | str, Waiting] = {
            **{party.pk: Waiting(_waits_for(party, own), []) for party in parties},
            Entry.WaitsFor.BOTH.value: Waiting("Waits for all parties", []),
            Entry.WaitsFor.OUTSIDE.value: Waiting("Waits for somebody outside", []),
        }
        by_entry = {row[0]: row[1:] for row in _waits(list(waits.values()))}
        for pk in names:
            if pk in waits:
                kind, party, why, text = by_entry[waits[pk]]
                if group := groups.get(party or kind):  # nobody any more: no group
                    group.items.append((names[pk], text or WHY.get(why, "")))
        return [group for group in groups.values() if group.items]

    def _at_end(self, names: Collection[int]) -> _AtEnd:
        if self.frame.clock.known:
            return self._computed_at_end(names)
        found = _AtEnd(set(), {}, set())
        where = (self.frame.negotiation.pk, self.standings.scope, self.compared.end.day)
        for pk, headline, waits in _stand(*where):
            if headline:
                found.with_status.add(pk)
            if waits:
                found.waits[pk] = waits
        return found

    def _computed_at_end(self, names: Collection[int]) -> _AtEnd:
        """By what was known on an earlier day, of which no standing is stored."""
        views = self.standings.on(list(names), self.compared.end.day)
        found = _AtEnd(set(), {}, set())
        for pk, view in views.items():
            if view.headline:
                found.with_status.add(pk)
            if view.waits_entry:
                found.waits[pk] = view.waits_entry
                found.behind.add(view.waits_entry)
            found.behind.update(word.status_entry for word in view.words)
            found.behind.update((view.press_entry, view.own_entry))
        return found

    @property
    def _held_at_end(self) -> Q:
        """Stored periods of the viewer's scope that hold at the end of the comparison."""
        return Q(scope=self.standings.scope.key) & holds_on(self.compared.end.day)

    # --- Who may see the page --------------------------------------------------------------------

    def _audience(
        self,
        rows: Sequence[MovedItem],
        told: Mapping[int, list[int]],
        behind: Collection[int | None],
    ) -> str:
        """The narrowest audience of what the page was made from, in words (web-rules C20)."""
        used = {pk for pks in told.values() for pk in pks} | {pk for pk in behind if pk}
        used |= {pk for row in rows for pk in _resting_on(row.before)}
        return marking_text(
            self.frame.viewer.party, lambda audience: self._rests_on(audience, used)
        )

    def _rests_on(self, audience: str, used: Collection[int]) -> bool:
        """Whether these entries, or what any item stands at or waits for, has this audience."""
        if _of_audience(audience, list(used)):
            return True  # mostly so, and much sooner found
        if self.frame.clock.known:
            return False
        entry = OuterRef("pk")
        periods = Standing.objects.filter(self._held_at_end).order_by()
        aside = Q(press_entry=entry) | Q(own_entry=entry) | Q(waits_entry=entry)
        words = periods.filter(party_rows__status_entry=entry)
        entries = self.entries.seen().filter(audience=audience).order_by()
        return entries.filter(Exists(words) | Exists(periods.filter(aside))).exists()


@prepared
def _waits(entries: list[int]) -> QuerySet[Any, Any]:
    columns = ("pk", "waits_for", "waits_party", "waits_why", "waits_text")
    return Entry.objects.filter(pk__in=entries).order_by().values_list(*columns)


@prepared
def _stand(negotiation: int, scope: Scope, day: dt.date | None) -> QuerySet[Any, Any]:
    rows = Standing.objects.as_of(scope, day).filter(issue__negotiation=negotiation)
    return rows.order_by().values_list("issue", "headline", "waits_entry")


@prepared
def _of_audience(audience: str, entries: list[int]) -> QuerySet[Any, Any]:
    rows = Entry.objects.filter(audience=audience, pk__in=entries).order_by()
    return rows.values_list("pk")[:1]


def _waits_for(party: Party, own: Party | None) -> str:
    if own is None:
        return f"Waits for {party}"
    return f"Waits for {'us' if party == own else 'them'} ({party})"


def _resting_on(view: StandingView) -> set[int]:
    """The entries that make this headline and its badge."""
    own = {word.status_entry for word in view.words}
    aside = {view.press_entry, view.own_entry} if view.badge in ("press", "ours") else set()
    return {pk for pk in own | aside if pk}


def _behind(before: StandingView, after: StandingView) -> list[int]:
    """The entries that did it: those the later standing rests on and the earlier did not."""
    return sorted(_resting_on(after) - _resting_on(before))[-LINES_PER_ITEM:]


def _unchanged_rounds(views: Sequence[StandingView]) -> int:
    """At how many of the last rounds the item stood as after the round before.

    `views` begins with the day before the first round.
    """
    rounds = 0
    for before, after in zip(views[-2::-1], views[:0:-1], strict=True):
        if after.headline is None or (before is not after and movement(before, after).moved):
            break
        rounds += 1
    return rounds
