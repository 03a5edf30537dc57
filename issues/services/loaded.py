"""Entries and the frame as the rules take them: all that a standing is worked out from."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db.models import QuerySet

from negotiations.models import Negotiation, Party
from negotiations.prepared import prepared
from negotiations.scopes import Scope

from ..models import Entry, Issue
from ..models.entries import EntryQuerySet
from ..standing import EntryValue, Frame, Seat, StatusValue
from .counts import waits_key

_COLUMNS = (
    *("id", "issue_id", "voice", "party_id", "said_first", "precision_rank", "counts_from"),
    *("recorded_at", "kind", "corrects_id", "status_id", "status__category", "status__rung"),
    *("position", "waits_for", "waits_party_id", "next_step"),
    *("audience", "audience_party_id", "precision"),
)


class LoadedEntry(NamedTuple):
    """An entry as the rules see it, with what only scopes, counts and dates on screen need."""

    value: EntryValue
    audience: str
    audience_party: int | None
    precision: str
    waits: str


class LoadedItem(NamedTuple):
    """Who may see an item, and whether it was entered in error."""

    pk: int
    negotiation_id: int
    audience: str
    audience_party_id: int | None
    entered_in_error: bool


Items = dict[int, LoadedItem]


def load_entries(issue_ids: Sequence[int]) -> dict[int, list[LoadedEntry]]:
    """All entries of these items, in every audience, by item. Two queries at most."""
    return _by_item(_of_items(list(issue_ids)))


def load_seen(issue_id: int, scope: Scope) -> list[LoadedEntry]:
    """The entries of one item that are in a scope. Two queries at most."""
    return _by_item(_of_item_in(scope, issue_id))[issue_id]


def load(entries: EntryQuerySet) -> dict[int, list[LoadedEntry]]:
    """These entries by item. Two queries at most."""
    return _by_item(list(entries.order_by().values_list(*_COLUMNS)))


@prepared
def _of_items(issues: list[int]) -> QuerySet[Any, Any]:
    return Entry.objects.filter(issue__in=issues).order_by().values_list(*_COLUMNS)


@prepared
def _of_item_in(scope: Scope, issue: int) -> QuerySet[Any, Any]:
    return Entry.objects.in_scope(scope).filter(issue=issue).order_by().values_list(*_COLUMNS)


@prepared
def _joint(entries: list[int]) -> QuerySet[Any, Any]:
    links = Entry.joint_parties.through.objects.filter(entry__in=entries)
    return links.values_list("entry_id", "party_id")


def _by_item(rows: Sequence[tuple[Any, ...]]) -> dict[int, list[LoadedEntry]]:
    joint: dict[int, set[int]] = defaultdict(set)
    for entry_id, party_id in _joint(
        [pk for pk, _issue, voice, *_rest in rows if voice == "joint"]
    ):
        joint[entry_id].add(party_id)
    found: dict[int, list[LoadedEntry]] = defaultdict(list)
    for pk, issue, voice, party, *rest in rows:
        parties = (party,) if party else joint[pk]
        found[issue].append(_loaded(pk, voice, frozenset(parties), *rest))
    return found


def _loaded(
    pk: int,
    voice: str,
    parties: frozenset[int],
    said_first: dt.date,
    precision_rank: int,
    counts_from: dt.date,
    recorded_at: dt.datetime,
    kind: str,
    corrects: int | None,
    status: int | None,
    category: str,
    rung: int | None,
    position: str,
    waits_for: str,
    waits_party: int | None,
    next_step: str,
    audience: str,
    audience_party: int | None,
    precision: str,
) -> LoadedEntry:
    """In the order of the columns: names for each of a hundred rows took a third of their time."""
    value = EntryValue(
        pk,
        voice,
        parties,
        said_first,
        precision_rank,
        counts_from,
        recorded_at,
        kind,
        corrects,
        StatusValue(status, category, rung) if status else None,
        bool(position),
        bool(waits_for),
        bool(next_step),
    )
    return LoadedEntry(
        value, audience, audience_party, precision, waits_key(waits_for, waits_party)
    )


def load_frames(negotiation: Negotiation, issue_ids: Sequence[int]) -> dict[int, Frame]:
    """Who is at the table, who raised each item and which rule makes the headline. Two queries."""
    # With the parties comes the present rule: `negotiation` may be older than the items' lock.
    parties = _parties(negotiation.pk)
    present = parties[0].negotiation if parties else negotiation
    return frames_of(present, parties, load_raised_by(issue_ids), issue_ids)


@prepared
def _parties(negotiation: int) -> QuerySet[Party]:
    return Party.objects.filter(negotiation=negotiation).select_related("negotiation")


def load_raised_by(issue_ids: Sequence[int]) -> dict[int, set[int]]:
    """The parties that raised each item."""
    raised: dict[int, set[int]] = defaultdict(set)
    for issue_id, party_id in _raised(list(issue_ids)):
        raised[issue_id].add(party_id)
    return raised


@prepared
def _raised(issues: list[int]) -> QuerySet[Any, Any]:
    links = Issue.raised_by.through.objects.filter(issue__in=issues)
    return links.values_list("issue_id", "party_id")


def frames_of(
    negotiation: Negotiation,
    parties: Iterable[Party],
    raised: Mapping[int, set[int]],
    issue_ids: Iterable[int],
) -> dict[int, Frame]:
    """The same from parties that were read before, for pages of many negotiations."""
    seats = tuple(Seat(party.pk, party.since, party.until) for party in parties)
    assessor = negotiation.rule == Negotiation.Rule.ASSESSOR
    return {pk: Frame(seats, frozenset(raised.get(pk, ())), assessor) for pk in issue_ids}


def entries_in(scope: Scope, loaded: Iterable[LoadedEntry]) -> list[EntryValue]:
    """What of these entries is in the scope."""
    return [e.value for e in loaded if scope.sees(e.audience, e.audience_party)]
