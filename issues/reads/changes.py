"""What moved between two rounds or days, or since the viewer last marked as read."""

from __future__ import annotations

import copy
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from django.core.paginator import Page
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from negotiations.models import Party
from negotiations.prepared import prepared
from negotiations.scopes import Scope
from negotiations.templatetags.parley import plural

from ..models import Entry, Standing
from ..standing import movement
from .clock import MomentClock
from .comparison import Comparison
from .entries import EntryReader, all_entered
from .frame import FrameView
from .marking import marking_of_all
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
MOST_NAMED = 24
MOST_ON_PAPER = 100


@dataclass
class Waiting:
    """The first items that wait for the same party, for all or for somebody outside.

    `code` is what the filter of the list calls them; `others`: how many more there are.
    """

    title: str
    code: str
    items: list[tuple[ItemName, str]] = field(default_factory=list)
    others: int = 0


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
    named: int = MOST_NAMED

    @property
    def moved(self) -> int:
        return self.page.paginator.count

    @property
    def quiet_words(self) -> list[tuple[ItemName, str]]:
        """The first of the quiet ones, each with how many entries it has."""
        return [(item, plural(n, "entry,entries")) for item, n in self.quiet[: self.named]]

    @property
    def more_quiet(self) -> int:
        return max(0, len(self.quiet) - self.named)

    @property
    def more_still(self) -> int:
        return self.still - len(self.unmoved)

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


class _End(NamedTuple):
    """What an item comes to at the end: whether it has a status, and what says for whom it waits.

    `kind` and `party` are those of that entry; without one, empty.
    """

    issue: int
    has_status: bool
    entry: int | None
    kind: str | None
    party: int | None


class ChangeReader:
    """Compares the standings of all items at the two ends, in the viewer's scope."""

    def __init__(self, frame: FrameView, compared: Comparison) -> None:
        self.frame = frame
        self.compared = compared
        self.entries = EntryReader(frame)
        self.standings = StandingReader(frame)
        self.base = reverse("issues:issue_list", args=[frame.negotiation.slug])

    def read(self, page: str = "", size: int = ITEMS_PER_PAGE, *, in_full: bool = False) -> Changes:
        """One page of the items that moved; totals, waits and the rest are of all items.

        Of those that only wait or rest, the first are named and all are counted; `in_full` more.
        """
        told, pairs = self._told(), self._pairs()
        moved = {pk for pk, (before, after) in pairs.items() if movement(before, after).moved}
        ends, named = self._ends(), MOST_ON_PAPER if in_full else MOST_NAMED
        still = [end.issue for end in ends if end.has_status and end.issue not in moved]
        waits = self._waits(ends)
        first = {end.issue for found in waits.values() for end in found[:named]}
        names = item_names(self.frame, moved | told.keys() | first | set(still[:named]))
        shown = page_at([pk for pk in names if pk in moved], page, size)
        return Changes(
            page=shown,
            rows=self._rows([names[pk] for pk in shown], pairs, told),
            totals=Totals.of(pairs[pk] for pk in moved),
            quiet=[(names[pk], len(told[pk])) for pk in names if pk in told and pk not in moved],
            still=len(still),
            unmoved=self._unmoved([names[pk] for pk in still[:named]]),
            waiting=self._waiting(names, waits, named),
            audience=marking_of_all(self.frame, {pk for pks in told.values() for pk in pks}),
            base=self.base,
            named=named,
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
                f"{self.base}{issue.address}/{self.frame.clock.query}",
                pairs[issue.pk],
                frames,
            )
            row.lines = lines[issue.pk]
            row.more = len(set(told.get(issue.pk, ())) - set(behind[issue.pk]))
            rows.append(row)
        return rows

    # --- What did not move -----------------------------------------------------------------------

    def _unmoved(self, items: Sequence[ItemName]) -> list[Unmoved]:
        """Those that have not moved for the most held rounds come first."""
        end = self.compared.end.day or dt.date.max
        held = [r for r in self.frame.held_rounds if r.last_day and r.last_day <= end]
        days = [r.last_day or end for r in held]
        if first := next(map(self.frame.before_round, held), None):
            days.insert(0, first)
        views = self.standings.at_days([item.pk for item in items], days)
        found = [Unmoved(item, _unchanged_rounds(views[item.pk])) for item in items]
        return sorted(found, key=lambda one: -one.rounds)

    # --- Who is waited for -----------------------------------------------------------------------

    def _waits(self, ends: Iterable[_End]) -> dict[int | str | None, list[_End]]:
        found: dict[int | str | None, list[_End]] = defaultdict(list)
        for end in ends:
            found[end.party or end.kind].append(end)
        return {key: found[key] for key in self._groups() if key in found}

    def _waiting(
        self,
        names: Mapping[int, ItemName],
        waits: Mapping[int | str | None, list[_End]],
        named: int,
    ) -> list[Waiting]:
        groups = self._groups()
        first = [end.entry for found in waits.values() for end in found[:named]]
        words = {pk: text or WHY.get(why, "") for pk, why, text in _what_for(first)}
        return [
            Waiting(
                *groups[key],
                [(names[end.issue], words[end.entry]) for end in found[:named]],
                max(0, len(found) - named),
            )
            for key, found in waits.items()
        ]

    def _groups(self) -> dict[int | str | None, tuple[str, str]]:
        """Title and code of each, ours first; nobody any more: no group."""
        own = self.frame.viewer.ours
        parties = sorted(self.frame.parties.values(), key=lambda party: party != own)
        return {
            **{party.pk: (_waits_for(party, own), party.code) for party in parties},
            Entry.WaitsFor.BOTH.value: ("Waits for all parties", "both"),
            Entry.WaitsFor.OUTSIDE.value: ("Waits for somebody outside", "outside"),
        }

    # --- How it all stands at the end ------------------------------------------------------------

    def _ends(self) -> list[_End]:
        """How all items stand at the end, in the order of the agenda."""
        day = self.compared.end.day
        if not self.frame.clock.known:
            where = (self.frame.negotiation.pk, self.standings.scope, day)
            return [_End(pk, bool(status), *rest) for pk, status, *rest in _stand(*where)]
        # Of what was known on an earlier day no standing is stored.
        pks = list(item_names(self.frame))
        views = self.standings.on(pks, day)
        entries = [view.waits_entry for view in views.values() if view.waits_entry]
        kinds = {row[0]: row for row in _kinds(entries)}
        nobody = (None, "", None)
        return [
            _End(pk, bool(views[pk].headline), *kinds.get(views[pk].waits_entry, nobody))
            for pk in pks
        ]


@prepared
def _what_for(entries: list[int]) -> QuerySet[Any, Any]:
    rows = Entry.objects.filter(pk__in=entries).order_by()
    return rows.values_list("pk", "waits_why", "waits_text")


@prepared
def _kinds(entries: list[int]) -> QuerySet[Any, Any]:
    rows = Entry.objects.filter(pk__in=entries).order_by()
    return rows.values_list("pk", "waits_for", "waits_party")


@prepared
def _stand(negotiation: int, scope: Scope, day: dt.date | None) -> QuerySet[Any, Any]:
    """One short row for each item; what is named of it is read for the few that are."""
    rows = Standing.objects.as_of(scope, day)
    rows = rows.filter(issue__negotiation=negotiation, issue__entered_in_error=False)
    return rows.order_by("issue__place", "issue__sub_place", "issue_id").values_list(
        "issue_id", "headline", "waits_entry", "waits_entry__waits_for", "waits_entry__waits_party"
    )


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
