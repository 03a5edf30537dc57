"""What moved between two rounds or days, or since the viewer last marked as read."""

from __future__ import annotations

import copy
import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from negotiations.models import Party
from negotiations.prepared import prepared
from negotiations.scopes import Scope

from ..models import Entry, Standing
from ..services.counts import waits_key
from ..standing import movement
from .changed import Changes, End, Found, Unmoved, Waiting
from .clock import MomentClock
from .comparison import Comparison
from .counts import moved_between, stands_on
from .entries import EntryReader
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
from .walk import MovedItems, Walk

ITEMS_PER_PAGE = 24  # two printed pages
LINES_PER_ITEM = 3
# Of what did not move, and of what waits for one party, so many are named and the rest counted.
MOST_NAMED = 24
MOST_ON_PAPER = 100


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
        named = MOST_ON_PAPER if in_full else MOST_NAMED
        found = self._walked(named) or self._whole(named)
        shown, names = page_at(found.moved, page, size), found.names
        return Changes(
            page=shown,
            rows=self._rows([names[pk] for pk in shown], found),
            totals=found.totals,
            quiet=[(names[pk], n) for pk, n in found.quiet[:named]],
            quiet_count=found.quiet_count,
            still=found.still_count,
            unmoved=self._unmoved([names[pk] for pk in found.still[:named]]),
            waiting=self._waiting(found, named),
            audience=marking_of_all(self.frame, found.told_to),
            base=self.base,
        )

    def _walked(self, named: int) -> Found | None:
        """From the counts that are kept and no more items than are named; None without them."""
        span = self.compared.span
        kept = {} if self.compared.since else moved_between(self.frame, [span])
        if span not in kept:
            return None
        counts, waits = kept[span], stands_on(self.frame, span.after).waits
        walk = Walk(self.frame, span, counts, waits)
        walk.name(named)
        return Found(
            names=walk.names,
            moved=MovedItems(walk),
            totals=counts.totals,
            quiet=walk.quiet,
            quiet_count=counts["quiet"],
            still=walk.still,
            still_count=counts["still"],
            waits=walk.waits,
            waits_count=waits,
            told_on=lambda pks: self.entries.told_on(pks, span),
            told_to=lambda *whom: self.entries.told_to(span, *whom),
        )

    def _whole(self, named: int) -> Found:
        """From all that was said in that time, and from where all items stand at its end."""
        told, pairs = self._told(), self._pairs()
        moved = {pk for pk, (before, after) in pairs.items() if movement(before, after).moved}
        ends = self._ends()
        still = [end.issue for end in ends if end.has_status and end.issue not in moved]
        waits: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for end in ends:
            if end.waits:
                waits[end.waits].append((end.issue, end.entry or 0))
        first = {pk for found in waits.values() for pk, _entry in found[:named]}
        names = item_names(self.frame, moved | told.keys() | first | set(still[:named]))
        quiet = [(pk, len(told[pk])) for pk in names if pk in told and pk not in moved]
        return Found(
            names=names,
            moved=[pk for pk in names if pk in moved],
            totals=Totals.of(pairs[pk] for pk in moved),
            quiet=quiet,
            quiet_count=len(quiet),
            still=still,
            still_count=len(still),
            waits=waits,
            waits_count={whom: len(found) for whom, found in waits.items()},
            told_on=lambda _pks: told,
            told_to=lambda *_whom: chain.from_iterable(told.values()),
            pairs=pairs,
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

    def _rows(self, issues: Sequence[ItemName], found: Found) -> list[MovedItem]:
        pairs, pks = found.pairs, [issue.pk for issue in issues]
        if not self.compared.since:
            span = self.compared.span
            pairs = self.standings.at_both(pks, span.before, span.after)
        told = found.told_on(pks)
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

    def _waiting(self, found: Found, named: int) -> list[Waiting]:
        groups = {key: group for key, group in self._groups().items() if found.waits_count.get(key)}
        first = [entry for key in groups for _pk, entry in found.waits[key][:named]]
        words = {pk: text or WHY.get(why, "") for pk, why, text in _what_for(first)}
        return [
            Waiting(
                *group,
                [(found.names[pk], words[entry]) for pk, entry in found.waits[key][:named]],
                max(0, found.waits_count[key] - named),
            )
            for key, group in groups.items()
        ]

    def _groups(self) -> dict[str, tuple[str, str]]:
        """Title and code of each, ours first; nobody any more: no group."""
        own = self.frame.viewer.ours
        parties = sorted(self.frame.parties.values(), key=lambda party: party != own)
        whom = Entry.WaitsFor
        return {
            **{
                waits_key(whom.PARTY, party.pk): (_waits_for(party, own), party.code)
                for party in parties
            },
            waits_key(whom.BOTH, None): ("Waits for all parties", "both"),
            waits_key(whom.OUTSIDE, None): ("Waits for somebody outside", "outside"),
        }

    # --- How it all stands at the end ------------------------------------------------------------

    def _ends(self) -> list[End]:
        """How all items stand at the end, in the order of the agenda."""
        day = self.compared.end.day
        if not self.frame.clock.known:
            where = (self.frame.negotiation.pk, self.standings.scope, day)
            return [
                End(pk, bool(status), entry, waits_key(*whom))
                for pk, status, entry, *whom in _stand(*where)
            ]
        # Of what was known on an earlier day no standing is stored.
        pks = list(item_names(self.frame))
        views = self.standings.on(pks, day)
        entries = [view.waits_entry for view in views.values() if view.waits_entry]
        waits = {entry: waits_key(*whom) for entry, *whom in _kinds(entries)}
        return [
            End(pk, bool(view.headline), view.waits_entry, waits.get(view.waits_entry, ""))
            for pk, view in ((pk, views[pk]) for pk in pks)
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
