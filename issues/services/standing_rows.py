"""Periods as they are stored, and as what the rules find ought to be: to compare the two."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from negotiations.prepared import prepared

from ..models import Standing
from ..standing import EntryValue, Period, StandingValue, StatusValue, Word


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


_STORED = tuple(_standing_columns(StandingValue()))
_STORED_WORD = tuple(_word_columns(Word(0), {}))
_PLACE = ("pk", "issue_id", "scope", "since", "until")


@dataclass
class Row:
    """One period as it is, or ought to be, stored, with the words of each party in it."""

    since: dt.date
    until: dt.date | None
    columns: dict[str, Any]
    words: dict[int, dict[str, Any]]
    pk: int | None = None

    def same_as(self, other: Row) -> bool:
        """But for its id and its end."""
        return (self.since, self.columns, self.words) == (other.since, other.columns, other.words)


def wanted(found: Iterable[Period], precisions: dict[int, str]) -> list[Row]:
    """Periods as they are stored; `precisions`: of the day of each entry, by its id."""
    return [
        Row(
            period.since,
            period.until,
            _standing_columns(period.standing),
            {word.party: _word_columns(word, precisions) for word in period.standing.words},
        )
        for period in found
    ]


def stored(
    issue_ids: Sequence[int], start: dt.date | None = None
) -> dict[tuple[int, str], list[Row]]:
    """The periods of these items in each scope, oldest first, by item and scope. One query.

    With `start`: those that held on the day before it, and all since.
    """
    made: dict[int, Row] = {}
    found: dict[tuple[int, str], list[Row]] = defaultdict(list)
    rows = _periods(list(issue_ids), start)
    for (pk, issue, scope, since, until), columns, word in map(_parted, rows):
        if pk not in made:
            made[pk] = Row(since, until, dict(zip(_STORED, columns, strict=True)), {}, pk)
            found[issue, scope].append(made[pk])
        if word[0]:
            made[pk].words[word[0]] = dict(zip(_STORED_WORD, word, strict=True))
    return found


def _parted(row: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any]]:
    words = len(_PLACE) + len(_STORED)
    return row[: len(_PLACE)], row[len(_PLACE) : words], row[words:]


@prepared
def _periods(issues: list[int], start: dt.date | None) -> QuerySet[Any, Any]:
    """A row for each party's word in each period."""
    rows = Standing.objects.filter(issue__in=issues)
    if start:
        rows = rows.filter(Q(until=None) | Q(until__gte=start))
    words = (f"party_rows__{name}" for name in _STORED_WORD)
    return rows.order_by("since").values_list(*_PLACE, *_STORED, *words)
