"""Keeps the stored standings equal to what the rules make of the entries."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from negotiations.access import scopes_of
from negotiations.models import Negotiation, Party
from negotiations.prepared import prepared
from negotiations.writes import delete, insert, update

from ..models import Entry, Issue, Standing, StandingParty
from ..numbers import Number
from ..standing import EntryValue, Period, StandingValue, StatusValue, Word, periods
from ..standing.counts import Counts, Days, Look, Stood, add_blocks, count_change
from .counts import (
    add_counts,
    count_differences,
    count_items,
    recount,
    recount_spans,
    spans_of,
)
from .loaded import entries_in, load_entries, load_frames
from .search import index_items

CHUNK = 200
# Of each item, by its id: who may see it, and whether it was entered in error.
Audiences = dict[int, tuple[str, int | None, bool]]
_AUDIENCE = ("pk", "audience", "audience_party_id", "entered_in_error")


def _entry_id(entry: EntryValue | None) -> int | None:
    return entry.id if entry else None


def _status_id(status: StatusValue | None) -> int | None:
    return status.id if status else None


def _standing_columns(value: StandingValue) -> dict[str, Any]:
    return {
        "headline_id": _status_id(value.headline),
        "category": value.headline.category if value.headline else "",
        "badge": value.badge,
        "fell_from_id": _status_id(value.fell_from),
        "fell_on": value.fell_on,
        "last_said": value.last.said_first if value.last else None,
        "entry_count": value.count,
        "last_entry_id": _entry_id(value.last),
        "waits_entry_id": _entry_id(value.waits),
        "next_step_entry_id": _entry_id(value.next_step),
        "press_entry_id": _entry_id(value.press),
        "own_entry_id": _entry_id(value.own),
    }


def _word_columns(word: Word, precisions: dict[int, str]) -> dict[str, Any]:
    claim, spoke = word.claim, word.spoke
    return {
        "party_id": word.party,
        "status_id": _status_id(claim.status) if claim else None,
        "said_first": claim.said_first if claim else None,
        "said_precision": precisions[claim.id] if claim else "",
        "spoke_first": spoke.said_first if spoke else None,
        "spoke_precision": precisions[spoke.id] if spoke else "",
        "status_entry_id": _entry_id(claim),
        "position_entry_id": _entry_id(word.position),
    }


_STORED = ("since", *_standing_columns(StandingValue()))
_STORED_WORD = tuple(_word_columns(Word(0), {}))


@dataclass
class _Row:
    """One period as it is, or ought to be, stored; comparable but for `pk` and `until`."""

    since: dt.date
    until: dt.date | None
    columns: dict[str, Any]
    words: list[dict[str, Any]]
    pk: int | None = None

    def same_as(self, other: _Row) -> bool:
        return (self.since, self.columns, self.words) == (other.since, other.columns, other.words)


def _wanted(found: Iterable[Period], precisions: dict[int, str]) -> list[_Row]:
    return [
        _Row(
            period.since,
            period.until,
            _standing_columns(period.standing),
            [_word_columns(word, precisions) for word in period.standing.words],
        )
        for period in found
    ]


def _stored(issue_ids: Sequence[int]) -> dict[tuple[int, str], list[_Row]]:
    words: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in _stored_words(list(issue_ids)):
        words[row.pop("standing_id")].append(row)
    found: dict[tuple[int, str], list[_Row]] = defaultdict(list)
    for row in _stored_rows(list(issue_ids)):
        pk, key = row.pop("pk"), (row.pop("issue_id"), row.pop("scope"))
        since, until = row.pop("since"), row.pop("until")
        found[key].append(_Row(since, until, row, words[pk], pk))
    return found


@prepared
def _stored_words(issues: list[int]) -> QuerySet[Any, Any]:
    rows = StandingParty.objects.filter(standing__issue__in=issues)
    return rows.order_by("party__order", "party").values("standing_id", *_STORED_WORD)


@prepared
def _stored_rows(issues: list[int]) -> QuerySet[Any, Any]:
    rows = Standing.objects.filter(issue__in=issues).order_by("since")
    return rows.values("pk", "issue_id", "scope", "until", *_STORED)


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
    add: list[tuple[int, str, _Row]] = field(default_factory=list)
    changes: dict[tuple[int, str], tuple[list[_Row], list[_Row], int]] = field(default_factory=dict)

    def compare(self, key: tuple[int, str], old: list[_Row], new: list[_Row]) -> None:
        same = closed = 0
        while same < min(len(old), len(new)) and old[same].same_as(new[same]):
            if old[same].until != new[same].until:
                self.close.append((old[same].pk or 0, new[same].until))
                closed += 1
            same += 1
        self.remove += [row.pk or 0 for row in old[same:]]
        self.add += [(*key, row) for row in new[same:]]
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
        self._insert()

    def _insert(self) -> None:
        here = {"negotiation_id": self.negotiation}
        made = [
            Standing(
                issue_id=item, scope=scope, since=row.since, until=row.until, **here | row.columns
            )
            for item, scope, row in self.add
        ]
        insert(made)
        insert(
            [
                StandingParty(standing_id=standing.pk, **word)
                for standing, (_issue, _scope, row) in zip(made, self.add, strict=True)
                for word in row.words
            ]
        )


def _plan(negotiation: Negotiation, shown: Audiences) -> _Plan:
    scopes, issue_ids = scopes_of(negotiation), list(shown)
    loaded, frames = load_entries(issue_ids), load_frames(negotiation, issue_ids)
    entries = [entry for found in loaded.values() for entry in found]
    plan = _Plan(
        negotiation.pk,
        {e.value.status.id: e.value.status for e in entries if e.value.status},
        {e.value.id: e.waits for e in entries if e.waits},
    )
    stored = _stored(issue_ids)
    for pk, (audience, party, _in_error) in shown.items():
        precisions = {e.value.id: e.precision for e in loaded[pk]}
        # Most scopes see the same entries of an item: they stand there alike.
        made: dict[tuple[int, ...], list[_Row]] = {}
        for scope in scopes:
            if not scope.sees(audience, party):
                continue  # it stands nowhere for those who do not see it
            key = (pk, scope.key)
            seen = entries_in(scope, loaded[pk])
            told = tuple(value.id for value in seen)
            if told not in made:
                made[told] = _wanted(periods(seen, frames[pk]), precisions)
            plan.compare(key, stored.pop(key, []), made[told])
    for key, left in stored.items():  # scopes that no longer exist
        plan.compare(key, left, [])
    return plan


def _count(plan: _Plan, shown: Audiences) -> None:
    """Adds what a plan changes to the counts over all items."""
    spans: set[Days] | None = None
    counts: Counts = Counter()
    for (issue, scope), (old, new, same) in plan.changes.items():
        if shown[issue][2]:
            continue
        if spans is None:  # where none is kept it is asked no more
            spans = spans_of(plan.negotiation)
        start = max(0, same - 1)
        kept, gone, come = (
            [_stood(row, plan) for row in rows] for rows in (new[:start], old[start:], new[start:])
        )
        count_change(counts, scope, kept, gone, come, spans)
    add_blocks(counts)
    add_counts(plan.negotiation, counts)


def _stood(row: _Row, plan: _Plan) -> Stood:
    columns, status = row.columns, plan.statuses.get
    look = Look(status(columns["headline_id"]), columns["badge"], status(columns["fell_from_id"]))
    waits = plan.waits.get(columns["waits_entry_id"], "")
    return Stood(row.since, row.until, look, columns["entry_count"], waits)


# --- Doors --------------------------------------------------------------------------------------


def lock_items(issue_ids: Iterable[int]) -> Audiences:
    """One writer at a time per item, so that standings are computed from all entries.

    Gives who may see each of them by now.
    """
    chunks = in_chunks(sorted(set(issue_ids)))
    return _by_id(row for keys in chunks for row in _locked(list(keys)))


@prepared
def _locked(issues: list[int]) -> QuerySet[Any, Any]:
    rows = Issue.objects.select_for_update().filter(pk__in=issues).order_by("pk")
    return rows.values_list(*_AUDIENCE)


def _by_id(rows: Iterable[tuple[int, str, int | None, bool]]) -> Audiences:
    return {pk: (audience, party, in_error) for pk, audience, party, in_error in rows}


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


def rebuild(
    negotiation: Negotiation, issue_ids: Sequence[int], *, index: bool = True, counted: bool = True
) -> None:
    """Makes the standings of these items right, in all scopes. Inside the caller's transaction.

    What is found of them as well, unless the caller sees to it: every writer passes here.
    `counted`: they are in the counts as they are stored.
    """
    shown = lock_items(issue_ids)
    plan = _plan(negotiation, shown)
    plan.carry_out()
    if counted:
        _count(plan, shown)
    else:
        count_items(negotiation.pk, issue_ids)
    index_items(issue_ids if index else [])


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
            _plan(negotiation, lock_items(issue_ids)).carry_out()
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
        shown = _by_id(Issue.objects.filter(pk__in=issue_ids).values_list(*_AUDIENCE))
        touched |= _plan(negotiation, shown).issues
    numbers = Issue.objects.filter(pk__in=touched).values_list("series", "number")
    wrong = [f"{negotiation.slug}: item {Number(*number)}" for number in sorted(numbers)]
    return wrong + count_differences(negotiation)
