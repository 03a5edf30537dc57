"""Keeps the stored standings equal to what the rules make of the entries."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from negotiations.access import scopes_of
from negotiations.models import Negotiation, Party
from negotiations.prepared import prepared
from negotiations.scopes import Scope
from negotiations.writes import delete, put, update

from ..models import Entry, Issue, Standing, StandingParty
from ..numbers import Number
from ..standing import FROM_THE_BEGINNING, Begun, StatusValue, periods
from ..standing.counts import Counts, Days, Look, Stood, add_blocks, count_change
from .counts import (
    add_counts,
    count_differences,
    count_items,
    recount,
    recount_spans,
    spans_of,
)
from .loaded import Items, LoadedItem, entries_in, load_entries, load_frames
from .search import index_items
from .standing_rows import Row, stored, wanted

CHUNK = 200
NO_WORDS: Mapping[int, Any] = MappingProxyType({})


@dataclass
class _Plan:
    """What it takes to make the stored rows right.

    `changes`: of each item and scope that changes, its periods before and after, and how many of
    the first ones are the same. With what the entries say of statuses and of who is waited for.
    """

    negotiation: int
    statuses: dict[int | None, StatusValue]
    waits: dict[int | None, str]
    remove: list[int] = field(default_factory=list)
    close: list[tuple[int, dt.date | None]] = field(default_factory=list)
    put: list[_Put] = field(default_factory=list)
    changes: dict[tuple[int, str], tuple[list[Row], list[Row], int]] = field(default_factory=dict)

    def compare(self, key: tuple[int, str], old: list[Row], new: list[Row]) -> None:
        same = closed = 0
        while same < min(len(old), len(new)) and old[same].same_as(new[same]):
            if old[same].until != new[same].until:
                self.close.append((old[same].pk or 0, new[same].until))
                closed += 1
            same += 1
        there = {row.since: row for row in old[same:]}
        for row in new[same:]:
            before = there.get(row.since)
            if before and before.words.keys() == row.words.keys():
                del there[row.since]
                self.put.append(_Put(*key, row, before.words))
            else:
                self.put.append(_Put(*key, row))
        self.remove += [row.pk or 0 for row in there.values()]
        if closed or old[same:] or new[same:]:
            self.changes[key] = old, new, same

    @property
    def issues(self) -> set[int]:
        return {issue for issue, _scope in self.changes}

    def carry_out(self) -> None:
        for pks in in_chunks(self.remove):
            delete(StandingParty, "standing", pks)
            delete(Standing, "id", pks)
        by_day: dict[dt.date | None, list[int]] = defaultdict(list)
        for pk, until in self.close:
            by_day[until].append(pk)
        for until, ended in by_day.items():
            for pks in in_chunks(ended):
                update(Standing, pks, until=until)
        self._put()

    def _put(self) -> None:
        """A period that began on the same day is changed: removing it and adding one costs more."""
        pks = put(
            Standing,
            [one.columns(self.negotiation) for one in self.put],
            ("issue_id", "scope", "since"),
        )
        words = [
            {"standing_id": pk} | word
            for pk, one in zip(pks, self.put, strict=True)
            for party, word in one.row.words.items()
            if one.before.get(party) != word
        ]
        put(StandingParty, words, ("standing_id", "party_id"))


class _Put(NamedTuple):
    """A period to be stored, and the words in the one that stands in its place."""

    issue: int
    scope: str
    row: Row
    before: Mapping[int, Any] = NO_WORDS

    def columns(self, negotiation: int) -> dict[str, Any]:
        place = {"issue_id": self.issue, "negotiation_id": negotiation, "scope": self.scope}
        return place | {"since": self.row.since, "until": self.row.until} | self.row.columns


class _Entries:
    """What is on record of some items, read once: from it follows what ought to be stored."""

    def __init__(self, negotiation: Negotiation, items: Items) -> None:
        self.negotiation, self.items, issue_ids = negotiation.pk, items, list(items)
        self.scopes = scopes_of(negotiation)
        self.loaded = load_entries(issue_ids)
        self.frames = load_frames(negotiation, issue_ids)
        entries = [entry for found in self.loaded.values() for entry in found]
        statuses = (entry.value.status for entry in entries)
        self.statuses: dict[int | None, StatusValue] = {s.id: s for s in statuses if s}
        self.waits: dict[int | None, str] = {e.value.id: e.waits for e in entries if e.waits}

    def plan(self) -> _Plan:
        """What it takes to make all that is stored of them right."""
        plan, kept = self._empty(), stored(list(self.items))
        for pk, scope in self._places():
            key = (pk, scope.key)
            plan.compare(key, kept.pop(key, []), self._wanted(pk, scope))
        for key, left in kept.items():  # scopes that no longer exist
            plan.compare(key, left, [])
        return plan

    def plan_from(self, start: dt.date) -> _Plan | None:
        """The same, where only entries that count from `start` on have come.

        Nothing before is read or computed anew. None where that is not enough: what is stored of
        the day before is not what the entries come to, or a scope is new or gone.
        """
        plan, kept = self._empty(), stored(list(self.items), start)
        for pk, scope in self._places():
            key = (pk, scope.key)
            old = kept.pop(key, [])
            if not old or old[0].since >= start:
                return None
            new = self._wanted(pk, scope, self._begun(old[0], start))
            if not old[0].same_as(new[0]):
                return None
            plan.compare(key, old, new)
        return None if kept else plan

    def _empty(self) -> _Plan:
        self.made: dict[Any, list[Row]] = {}
        return _Plan(self.negotiation, self.statuses, self.waits)

    def _places(self) -> Iterator[tuple[int, Scope]]:
        """Each item in each scope that sees it; it stands nowhere for the others."""
        for pk, item in self.items.items():
            for scope in self.scopes:
                if scope.sees(item.audience, item.audience_party_id):
                    yield pk, scope

    def _begun(self, row: Row, start: dt.date) -> Begun:
        fell_from = self.statuses.get(row.columns["fell_from_id"])
        day_before = start - dt.timedelta(1)
        return Begun(row.since, day_before, fell_from, row.columns["fell_on"])

    def _wanted(self, pk: int, scope: Scope, begun: Begun = FROM_THE_BEGINNING) -> list[Row]:
        """Most scopes see the same entries of an item: they stand there alike, computed once."""
        loaded = self.loaded[pk]
        seen = entries_in(scope, loaded)
        key = (pk, begun, *(value.id for value in seen))
        if key not in self.made:
            precisions = {e.value.id: e.precision for e in loaded}
            self.made[key] = wanted(periods(seen, self.frames[pk], begun=begun), precisions)
        return self.made[key]


def _count(plan: _Plan, items: Items, spans: Set[Days] | None = None) -> Counts:
    """What a plan changes in the counts over all items."""
    counts: Counts = Counter()
    for (issue, scope), (old, new, same) in plan.changes.items():
        if items[issue].entered_in_error:
            continue
        if spans is None:  # where none is kept it is asked no more
            spans = spans_of(plan.negotiation)
        start = max(0, same - 1)
        kept, gone, come = (
            [_stood(row, plan) for row in rows] for rows in (new[:start], old[start:], new[start:])
        )
        count_change(counts, scope, kept, gone, come, spans)
    add_blocks(counts)
    return counts


def _stood(row: Row, plan: _Plan) -> Stood:
    columns, status = row.columns, plan.statuses.get
    look = Look(status(columns["headline_id"]), columns["badge"], status(columns["fell_from_id"]))
    waits = plan.waits.get(columns["waits_entry_id"], "")
    return Stood(row.since, row.until, look, columns["entry_count"], waits)


# --- Doors --------------------------------------------------------------------------------------


def lock_items(issue_ids: Iterable[int]) -> Items:
    """One writer at a time per item, so that standings are computed from all entries.

    Gives who may see each of them by now.
    """
    chunks = in_chunks(sorted(set(issue_ids)))
    return _by_id(row for keys in chunks for row in _locked(list(keys)))


@prepared
def _locked(issues: list[int]) -> QuerySet[Any, Any]:
    rows = Issue.objects.select_for_update().filter(pk__in=issues).order_by("pk")
    return rows.values_list(*LoadedItem._fields)


def _by_id(rows: Iterable[Any]) -> Items:
    return {item.pk: item for item in map(LoadedItem._make, rows)}


def lock_entries(entries: Sequence[Entry]) -> None:
    """The same for the items of these entries; takes over who may see each of them by now.

    An entry was read before the lock: since then somebody may have narrowed its audience.
    """
    lock_items(entry.issue_id for entry in entries)
    present = {
        row["pk"]: row
        for row in Entry.objects.filter(pk__in=[entry.pk for entry in entries])
        .order_by()
        .values("pk", "audience", "audience_party_id")
    }
    for entry in entries:
        row = present[entry.pk]
        if (entry.audience, entry.audience_party_id) != (row["audience"], row["audience_party_id"]):
            entry.refresh_from_db(fields=["audience", "audience_party"])


def rebuild(negotiation: Negotiation, issue_ids: Sequence[int], *, counted: bool = True) -> None:
    """Makes the standings of these items right, in all scopes. Inside the caller's transaction.

    What is found of them as well: every writer passes here, or by `follow_added`. `counted`: they
    are in the counts as they are stored.
    """
    items = lock_items(issue_ids)
    plan = _Entries(negotiation, items).plan()
    plan.carry_out()
    index_items(issue_ids)  # it locks sources: always before the heads, as whoever adds one
    if counted:
        add_counts(negotiation.pk, _count(plan, items))
    else:
        count_items(negotiation.pk, issue_ids)


def follow_added(negotiation: Negotiation, items: Items, start: dt.date) -> Counts:
    """The same where entries that replace none were added, all of which count from `start` on.

    `items`: theirs, as the caller has locked them. Leaves to the caller what is found of
    them, and to add what comes back to the counts.
    """
    spans = spans_of(negotiation.pk)
    # Of a span in which the day lies it is compared with where the item stood before.
    start = min([start, *(first for first, last in spans if last >= start)])
    entries = _Entries(negotiation, items)
    plan = entries.plan_from(start) or entries.plan()
    plan.carry_out()
    return _count(plan, items, spans)


def in_chunks(issue_ids: Sequence[int], size: int = CHUNK) -> Iterator[Sequence[int]]:
    """These items, so many at a time as `rebuild` should get."""
    for start in range(0, len(issue_ids), size):
        yield issue_ids[start : start + size]


def _chunks(negotiation: Negotiation) -> Iterator[Sequence[int]]:
    return in_chunks(list(negotiation.issues.order_by("pk").values_list("pk", flat=True)))


def rebuild_negotiation(negotiation: Negotiation) -> None:
    """The same for every item of a negotiation: after a change of its frame, or a load."""
    with transaction.atomic():
        for issue_ids in _chunks(negotiation):
            _Entries(negotiation, lock_items(issue_ids)).plan().carry_out()
            index_items(issue_ids)
        recount(negotiation)


def follow_rounds(negotiation: Negotiation) -> None:
    """Counts what moved between the days that the rounds have now."""
    with transaction.atomic():
        for issue_ids in _chunks(negotiation):
            lock_items(issue_ids)
        recount_spans(negotiation)


def forget_party(party: Party) -> None:
    """Drop the "nothing on record" rows of a party about to be removed; `rebuild` does the rest.

    A row that rests on an entry stays, and with it the party.
    """
    StandingParty.objects.filter(party=party, spoke_first=None).delete()


def differences(negotiation: Negotiation) -> list[str]:
    """Where the stored standings differ from a fresh computation, in words; [] is as it must be."""
    touched: set[int] = set()
    for issue_ids in _chunks(negotiation):
        items = _by_id(Issue.objects.filter(pk__in=issue_ids).values_list(*LoadedItem._fields))
        touched |= _Entries(negotiation, items).plan().issues
    numbers = Issue.objects.filter(pk__in=touched).values_list("series", "number")
    wrong = [f"{negotiation.slug}: item {Number(*number)}" for number in sorted(numbers)]
    return wrong + count_differences(negotiation)
