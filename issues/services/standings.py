"""Keeps the stored standings equal to what the rules make of the entries."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import QuerySet

from negotiations.access import scopes_of
from negotiations.models import Negotiation, Party
from negotiations.prepared import prepared
from negotiations.scopes import Scope

from ..models import Entry, Issue, Standing, StandingParty
from ..models.entries import EntryQuerySet
from ..numbers import Number
from ..standing import EntryValue, Frame, Period, Seat, StandingValue, StatusValue, Word, periods
from .search import index_items

CHUNK = 200
# Of each item, by its id: who may see it.
Audiences = dict[int, tuple[str, int | None]]
_AUDIENCE = ("pk", "audience", "audience_party_id")

_COLUMNS = (
    *("id", "issue_id", "voice", "party_id", "said_first", "precision_rank", "counts_from"),
    *("recorded_at", "kind", "corrects_id", "status_id", "status__category", "status__rung"),
    *("position", "waits_for", "next_step", "audience", "audience_party_id", "precision"),
)


@dataclass(frozen=True)
class LoadedEntry:
    """An entry as the rules see it, with what only scopes and dates on screen need."""

    value: EntryValue
    audience: str
    audience_party: int | None
    precision: str


def load_entries(issue_ids: Sequence[int]) -> dict[int, list[LoadedEntry]]:
    """All entries of these items, in every audience, by item. Two queries at most."""
    return _by_item(_of_items(list(issue_ids)))


def load_seen(issue_id: int, scope: Scope) -> list[LoadedEntry]:
    """The entries of one item that are in a scope. Two queries at most."""
    return _by_item(_of_item_in(scope, issue_id))[issue_id]


def load(entries: EntryQuerySet) -> dict[int, list[LoadedEntry]]:
    """These entries by item. Two queries at most."""
    return _by_item(list(entries.order_by().values(*_COLUMNS)))


@prepared
def _of_items(issues: list[int]) -> QuerySet[Any, Any]:
    return Entry.objects.filter(issue__in=issues).order_by().values(*_COLUMNS)


@prepared
def _of_item_in(scope: Scope, issue: int) -> QuerySet[Any, Any]:
    return Entry.objects.in_scope(scope).filter(issue=issue).order_by().values(*_COLUMNS)


@prepared
def _joint(entries: list[int]) -> QuerySet[Any, Any]:
    links = Entry.joint_parties.through.objects.filter(entry__in=entries)
    return links.values_list("entry_id", "party_id")


def _by_item(rows: Sequence[dict[str, Any]]) -> dict[int, list[LoadedEntry]]:
    joint: dict[int, set[int]] = defaultdict(set)
    for entry_id, party_id in _joint([row["id"] for row in rows if row["voice"] == "joint"]):
        joint[entry_id].add(party_id)
    found: dict[int, list[LoadedEntry]] = defaultdict(list)
    for row in rows:
        parties = {row["party_id"]} if row["party_id"] else joint[row["id"]]
        found[row["issue_id"]].append(_loaded(row, frozenset(parties)))
    return found


def _loaded(row: dict[str, Any], parties: frozenset[int]) -> LoadedEntry:
    status = None
    if row["status_id"]:
        status = StatusValue(row["status_id"], row["status__category"], row["status__rung"])
    value = EntryValue(
        id=row["id"],
        voice=row["voice"],
        parties=parties,
        said_first=row["said_first"],
        precision_rank=row["precision_rank"],
        counts_from=row["counts_from"],
        recorded_at=row["recorded_at"],
        kind=row["kind"],
        corrects=row["corrects_id"],
        status=status,
        has_position=bool(row["position"]),
        has_waits=bool(row["waits_for"]),
        has_next_step=bool(row["next_step"]),
    )
    return LoadedEntry(value, row["audience"], row["audience_party_id"], row["precision"])


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


# --- Rows ---------------------------------------------------------------------------------------


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
    """What it takes to make the stored rows right."""

    negotiation: int
    remove: list[int]
    close: list[tuple[int, dt.date | None]]
    add: list[tuple[int, str, _Row]]
    issues: set[int]

    def compare(self, key: tuple[int, str], old: list[_Row], new: list[_Row]) -> None:
        same = 0
        while same < min(len(old), len(new)) and old[same].same_as(new[same]):
            if old[same].until != new[same].until:
                self.close.append((old[same].pk or 0, new[same].until))
                self.issues.add(key[0])
            same += 1
        self.remove += [row.pk or 0 for row in old[same:]]
        self.add += [(*key, row) for row in new[same:]]
        if old[same:] or new[same:]:
            self.issues.add(key[0])

    def carry_out(self) -> None:
        if self.remove:
            # `delete` would ask for each row and what hangs on it, which costs a tenth of recording
            # an entry. The database still refuses what must not be.
            words = StandingParty.objects.filter(standing__in=self.remove)
            words._raw_delete(DEFAULT_DB_ALIAS)
            Standing.objects.filter(pk__in=self.remove)._raw_delete(DEFAULT_DB_ALIAS)
        by_day: dict[dt.date | None, list[int]] = defaultdict(list)
        for pk, until in self.close:
            by_day[until].append(pk)
        for until, pks in by_day.items():
            Standing.objects.filter(pk__in=pks).update(until=until)
        self._insert()

    def _insert(self) -> None:
        here = {"negotiation_id": self.negotiation}
        made = Standing.objects.bulk_create(
            Standing(
                issue_id=item, scope=scope, since=row.since, until=row.until, **here | row.columns
            )
            for item, scope, row in self.add
        )
        StandingParty.objects.bulk_create(
            StandingParty(standing=standing, **word)
            for standing, (_issue, _scope, row) in zip(made, self.add, strict=True)
            for word in row.words
        )


def _plan(negotiation: Negotiation, shown: Audiences) -> _Plan:
    scopes, issue_ids = scopes_of(negotiation), list(shown)
    loaded, frames = load_entries(issue_ids), load_frames(negotiation, issue_ids)
    stored, plan = _stored(issue_ids), _Plan(negotiation.pk, [], [], [], set())
    for pk, (audience, party) in shown.items():
        precisions = {e.value.id: e.precision for e in loaded[pk]}
        for scope in scopes:
            if not scope.sees(audience, party):
                continue  # it stands nowhere for those who do not see it
            key = (pk, scope.key)
            found = periods(entries_in(scope, loaded[pk]), frames[pk])
            plan.compare(key, stored.pop(key, []), _wanted(found, precisions))
    for key, left in stored.items():  # scopes that no longer exist
        plan.compare(key, left, [])
    return plan


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


def _by_id(rows: Iterable[tuple[int, str, int | None]]) -> Audiences:
    return {pk: (audience, party) for pk, audience, party in rows}


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


def rebuild(negotiation: Negotiation, issue_ids: Sequence[int], *, index: bool = True) -> None:
    """Makes the standings of these items right, in all scopes. Inside the caller's transaction.

    What is found of them as well, unless the caller sees to it: every writer passes here.
    """
    _plan(negotiation, lock_items(issue_ids)).carry_out()
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
            rebuild(negotiation, issue_ids)


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
    return [f"{negotiation.slug}: item {Number(*number)}" for number in sorted(numbers)]
