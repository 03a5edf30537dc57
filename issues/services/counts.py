"""Keeps the counts over all items equal to what their stored periods come to."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q, QuerySet

from negotiations.models import Negotiation, Round, Status
from negotiations.prepared import prepared

from ..models import Entry, Standing, StandingCount
from ..spans import kept_spans
from ..standing.counts import (
    SPAN,
    Counts,
    Days,
    Key,
    Look,
    Stood,
    add_blocks,
    count_days,
    count_spans,
)
from ..standing.values import StatusValue
from .chains import lock_heads

# Seven values each: SQLite takes some thousand in one statement.
ROWS = 100
_COLUMNS = (
    *("scope", "issue_id", "since", "until", "headline_id", "badge", "fell_from_id"),
    *("entry_count", "waits_entry__waits_for", "waits_entry__waits_party"),
)


class _RoundDays(NamedTuple):
    state: str
    number: int | None
    place: int
    first_day: dt.date | None
    last_day: dt.date | None


@prepared
def _rounds(negotiation: int) -> QuerySet[Any, Any]:
    rows = Round.objects.filter(negotiation=negotiation).order_by()
    return rows.values_list(*_RoundDays._fields)


def spans_of(negotiation: int) -> Set[Days]:
    """The pairs of days of which counts are kept. One query."""
    return _spans_of(tuple(_rounds(negotiation)))


@lru_cache(maxsize=64)
def _spans_of(rounds: Sequence[Any]) -> frozenset[Days]:
    return frozenset(kept_spans(_RoundDays(*row) for row in rounds))


def waits_key(kind: str | None, party: int | None) -> str:
    """Whom an entry says that it waits for: "both", "outside", "party-3"; "" for nobody."""
    if kind in (None, "", Entry.WaitsFor.NOBODY):
        return ""
    return f"party-{party}" if party else str(kind)


def add_counts(negotiation: int, counts: Counts, *, locked: bool = False) -> None:
    """Adds to what is stored. Inside the caller's transaction, after whatever it locks.

    `locked`: the heads of the chains are locked already.
    """
    rows = sorted((key, n) for key, n in counts.items() if n)
    if not rows:
        return
    # Two that write the same counts wait for each other here, and not in the midst of them.
    if not locked:
        lock_heads(negotiation)
    with connection.cursor() as cursor:
        for start in range(0, len(rows), ROWS):
            some = rows[start : start + ROWS]
            values = [value for key, n in some for value in (negotiation, *_adapted(key), n)]
            cursor.execute(_adding(len(some)), values)


def _adapted(key: Key) -> Iterator[Any]:
    for value in key:
        if isinstance(value, dt.date):
            yield connection.ops.adapt_datefield_value(value)
        else:
            yield value


@lru_cache(maxsize=ROWS)
def _adding(rows: int) -> str:
    """Django adds rows or sets them, and knows no way to add to them: this is one statement."""
    table = StandingCount._meta.db_table
    columns = ("negotiation_id", *Key._fields)
    names = ", ".join(columns)
    values = ", ".join([f"({', '.join(['%s'] * (len(columns) + 1))})"] * rows)
    return (
        f"INSERT INTO {table} ({names}, n) VALUES {values} "  # noqa: S608 - names of columns
        f"ON CONFLICT ({names}) DO UPDATE SET n = {table}.n + excluded.n"
    )


# --- From the stored periods --------------------------------------------------------------------


def _counted(which: Q, negotiation: int, spans: Iterable[Days] | None = None) -> Counts:
    """In all counts, or in those of some spans alone."""
    counts: Counts = Counter()
    kept = spans_of(negotiation) if spans is None else spans
    for scope, periods in _histories(which, negotiation):
        if spans is None:
            count_days(counts, scope, periods)
        count_spans(counts, scope, periods, kept)
    add_blocks(counts)
    return counts


def _histories(which: Q, negotiation: int) -> Iterator[tuple[str, list[Stood]]]:
    """The periods of each item in each scope, oldest first."""
    look = _Looks(negotiation)
    standings = Standing.objects.filter(which, issue__entered_in_error=False)
    rows: Iterator[Any] = (
        standings.order_by("issue", "scope", "since").values_list(*_COLUMNS).iterator()
    )
    for (scope, _issue), found in groupby(rows, key=itemgetter(0, 1)):
        yield (
            scope,
            [
                Stood(since, until, look(headline, badge, fell), entries, waits_key(*waits))
                for _s, _i, since, until, headline, badge, fell, entries, *waits in found
            ],
        )


class _Looks:
    """One object for each look: few differ."""

    def __init__(self, negotiation: int) -> None:
        rows = Status.objects.filter(scheme__negotiation=negotiation)
        values = rows.values_list("pk", "category", "rung")
        self._statuses = {row[0]: StatusValue(*row) for row in values}
        self._made: dict[Any, Look] = {}

    def __call__(self, headline: int | None, badge: str, fell_from: int | None) -> Look:
        key = (headline, badge, fell_from)
        if key not in self._made:
            status = self._statuses.get
            self._made[key] = Look(status(headline or 0), badge, status(fell_from or 0))
        return self._made[key]


# --- Doors --------------------------------------------------------------------------------------


def count_items(negotiation: int, items: Sequence[int], times: int = 1) -> None:
    """Adds what is stored of these items to all counts; `times` -1 takes it out.

    For changes that count though no period does: out before, in again after. The caller has
    locked them.
    """
    counts = _counted(Q(negotiation=negotiation, issue__in=items), negotiation)
    add_counts(negotiation, Counter({key: times * n for key, n in counts.items()}))


def recount(negotiation: Negotiation) -> None:
    """Makes all counts right. The caller has locked all items."""
    wanted, stored = _wanted(negotiation), _stored(negotiation)
    wanted.subtract(stored)
    add_counts(negotiation.pk, wanted)


def recount_spans(negotiation: Negotiation) -> None:
    """Counts between the days that rounds have now. The caller has locked all items."""
    here = StandingCount.objects.filter(negotiation=negotiation, kind=SPAN)
    stored, wanted = set(here.values_list("first", "last").distinct()), spans_of(negotiation.pk)
    for first, last in stored - wanted:
        here.filter(first=first, last=last).delete()
    if new := wanted - stored:
        first, last = min(days[0] for days in new), max(days[1] for days in new)
        within = Q(Q(until=None) | Q(until__gt=first), negotiation=negotiation, since__lte=last)
        add_counts(negotiation.pk, _counted(within, negotiation.pk, new))


def count_differences(negotiation: Negotiation) -> list[str]:
    """Where stored counts differ from what the stored periods come to, in words."""
    wanted, stored = _wanted(negotiation), _stored(negotiation)
    wanted.subtract(stored)
    wrong = sorted({(key.scope, key.kind, key.first, key.last) for key, n in wanted.items() if n})
    return [
        f"{negotiation.slug}: count of {scope}, {kind} {first} to {last}"
        for scope, kind, first, last in wrong
    ]


def _wanted(negotiation: Negotiation) -> Counts:
    return _counted(Q(negotiation=negotiation), negotiation.pk)


def _stored(negotiation: Negotiation) -> Counts:
    rows = StandingCount.objects.filter(negotiation=negotiation)
    return Counter({Key(*key): n for *key, n in rows.values_list(*Key._fields, "n")})
