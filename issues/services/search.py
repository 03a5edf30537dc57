"""Keeps the search index equal to what is on record (issues.models.search).

`rebuild` of the standings, through which every writer of entries and items passes, calls
`index_items`; edits of what has no standing arrive as Django's own signals (issues.apps).

A row's keys say who may find it: everybody in the negotiation, one delegation, or one person.
Those of an entry say as well whether it still counts there, for a correction that only one
delegation sees strikes its target for that delegation alone.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from negotiations.models import Negotiation, Readout, Round, Source
from negotiations.prepared import prepared
from negotiations.scopes import DELEGATION, MEMBERS_SCOPE, Scope
from negotiations.writes import insert

from .. import fulltext
from ..models import Entry, EntrySource, Issue, SearchRow
from ..spelling import tokens
from ..standing import replaced
from .loaded import Items, LoadedItem
from .search_texts import ENTRY_COLUMNS, entry_texts, item_texts, round_texts, source_texts

Kind = SearchRow.Kind
# Beside the kinds of rows: an entry that no longer counts, and one whose words were blanked.
STRUCK, BLANKED = "x", "z"
# Before a key: nobody asks for it. So stand the entries of an item that was entered in error.
NOBODY = "§§"
CHUNK = 500


def key(kind: str, negotiation: int, party: int | None = None, user: int | None = None) -> str:
    """The mark of rows that everybody in a negotiation, its delegation or a person may find.

    The sign before it is in no word, so that nothing typed can ask for a mark.
    """
    whose = f"p{party}" if party else f"n{negotiation}"
    return f"§{kind}u{user}{whose}" if user else f"§{kind}{whose}"


# --- Doors ----------------------------------------------------------------------------------------


def index_items(issue_ids: Sequence[int]) -> None:
    """Makes these items and their entries findable, or unfindable when entered in error."""
    issues = {issue.pk: issue for issue in _issues(list(issue_ids))}
    _index_entries(issues)
    items = {pk: issue for pk, issue in issues.items() if not issue.entered_in_error}
    wanted = {
        pk: _Wanted(
            issue.negotiation_id,
            {key(Kind.ITEM, issue.negotiation_id, issue.audience_party_id)},
            item=pk,
        )
        for pk, issue in items.items()
    }
    stored = _rows_of_items(list(issue_ids))
    _store(Kind.ITEM, stored, wanted, {pk: item_texts(issue) for pk, issue in items.items()})


def index_added(entries: Sequence[Entry], items: Items, source_ids: Collection[int]) -> None:
    """The same for entries just added that replace none, and the sources they cite.

    All that was there before keeps its rows, so nothing of it is read: a tenth of what it takes to
    record an entry. `items`: theirs, as they are locked.
    """
    rows = []
    for entry in entries:
        issue = items[entry.issue_id]
        for said, keys in _keys_of_entries([_Said.of(entry)], issue):
            wanted = _Wanted(issue.negotiation_id, keys, said.day, issue.pk)
            rows.append(_row(Kind.ENTRY, entry.pk, wanted, tokens(entry_texts(vars(entry)))))
    insert(rows)
    if source_ids:
        index_sources(source_ids)


@prepared
def _issues(pks: list[int]) -> QuerySet[Issue]:
    return Issue.objects.filter(pk__in=pks).order_by()


@prepared
def _rows_of_items(issues: list[int]) -> QuerySet[SearchRow]:
    return SearchRow.objects.filter(kind=Kind.ITEM, object_id__in=issues)


@prepared
def _said(issues: list[int]) -> QuerySet[Any, Any]:
    return Entry.objects.filter(issue__in=issues).order_by().values_list(*_COLUMNS)


@prepared
def _rows_of_entries(issues: list[int]) -> QuerySet[SearchRow]:
    return SearchRow.objects.filter(kind=Kind.ENTRY, item_id__in=issues).defer("words")


def index_rounds(round_ids: Collection[int]) -> None:
    """The same for rounds, with their delegations and readouts."""
    rounds = Round.objects.filter(pk__in=round_ids).prefetch_related("delegates", "readouts")
    found = {round_.pk: round_ for round_ in rounds}
    wanted = {
        pk: _Wanted(r.negotiation_id, {key(Kind.ROUND, r.negotiation_id)}, r.first_day)
        for pk, r in found.items()
    }
    stored = SearchRow.objects.filter(kind=Kind.ROUND, object_id__in=round_ids)
    _store(Kind.ROUND, stored, wanted, {pk: round_texts(r) for pk, r in found.items()})


@transaction.atomic(savepoint=False)
def index_sources(source_ids: Collection[int]) -> None:
    """The same for sources, for whoever may see them (issues.reads.sources)."""
    # Two entries recorded at once may rest on one source; their links do not wait for this.
    sources = Source.objects.select_for_update(no_key=True).filter(pk__in=source_ids)
    found = {source.pk: source for source in sources.order_by("pk")}
    keys = _keys_of_sources(found)
    wanted = {
        pk: _Wanted(source.negotiation_id, keys[pk], source.date_first)
        for pk, source in found.items()
        if keys[pk]
    }
    stored = SearchRow.objects.filter(kind=Kind.SOURCE, object_id__in=source_ids)
    _store(Kind.SOURCE, stored, wanted, {pk: source_texts(found[pk]) for pk in wanted})


def rebuild_search(negotiation: Negotiation) -> None:
    """Makes the whole index of a negotiation anew."""
    with transaction.atomic():
        SearchRow.objects.filter(negotiation=negotiation).delete()
        for pks in _chunks(negotiation.issues.order_by("pk").values_list("pk", flat=True)):
            index_items(pks)
        for pks in _chunks(negotiation.rounds.order_by("pk").values_list("pk", flat=True)):
            index_rounds(pks)
        for pks in _chunks(negotiation.sources.order_by("pk").values_list("pk", flat=True)):
            index_sources(pks)


def rebuild_searches() -> None:
    """The same for every negotiation, and the full text from nothing."""
    for negotiation in Negotiation.objects.order_by("pk"):
        rebuild_search(negotiation)
    fulltext.renew()


def search_differences(negotiation: Negotiation) -> list[str]:
    """Rows that a rebuild would make otherwise, in words; [] is as it must be."""
    with transaction.atomic():
        before = _snapshot(negotiation)
        rebuild_search(negotiation)
        after = _snapshot(negotiation)
        transaction.set_rollback(True)
    return sorted({f"{negotiation.slug}: {kind} {pk}" for kind, pk, *_rest in before ^ after})


def _snapshot(negotiation: Negotiation) -> set[tuple[Any, ...]]:
    rows = SearchRow.objects.filter(negotiation=negotiation)
    return set(rows.values_list("kind", "object_id", "id", "item_id", "keys", "words"))


# --- Entries --------------------------------------------------------------------------------------


class _Said(NamedTuple):
    """An entry as far as it matters who may find it and whether it counts."""

    id: int
    issue: int
    kind: str
    corrects: int | None
    audience: str
    party: int | None
    by: int | None
    day: dt.date
    redaction: int | None

    @classmethod
    def of(cls, entry: Entry) -> _Said:
        """Of one that was just made, and so is not redacted."""
        audience = (entry.audience, entry.audience_party_id)
        replies = (entry.kind, entry.corrects_id)
        by, day = entry.recorded_by_id, entry.said_first
        return cls(entry.pk, entry.issue_id, *replies, *audience, by, day, None)

    def is_in(self, scope: Scope) -> bool:
        return scope.sees(self.audience, self.party)

    def kept_to(self, party: int | None) -> _Said:
        """As it shows on an item that only this delegation sees."""
        return self._replace(audience=DELEGATION, party=party) if party else self


_COLUMNS = (
    *("pk", "issue_id", "kind", "corrects_id", "audience", "audience_party_id"),
    *("recorded_by_id", "said_first", "redaction__pk"),
)


def _index_entries(issues: Mapping[int, Issue]) -> None:
    by_issue: dict[int, list[_Said]] = defaultdict(list)
    for said in map(_Said._make, _said(list(issues))):
        by_issue[said.issue].append(said)
    wanted = {
        said.id: _Wanted(issues[pk].negotiation_id, keys, said.day, pk)
        for pk, history in by_issue.items()
        for said, keys in _keys_of_entries(history, issues[pk])
    }
    stored = _rows_of_entries(list(issues))
    changed = _store(Kind.ENTRY, stored, wanted)
    for pks in _chunks(changed):
        if sources := set(_cited(pks)):
            index_sources(sources)


@prepared
def _cited(entries: list[int]) -> QuerySet[Any, Any]:
    links = EntrySource.objects.filter(entry__in=entries).order_by()
    return links.values_list("source", flat=True)


def _keys_of_entries(
    history: Sequence[_Said], issue: Issue | LoadedItem
) -> Iterator[tuple[_Said, set[str]]]:
    """The keys of each entry of one item that may be found at all."""
    here, kept = issue.negotiation_id, issue.audience_party_id
    # What was another delegation's own before is on nobody's screen now.
    seen = [said for said in history if not kept or said.party in (None, kept)]
    history = [said.kept_to(kept) for said in seen]
    undone = {said.corrects for said in history if said.kind == Entry.Kind.UNDO}
    scopes: dict[int | None, Scope] = {None: MEMBERS_SCOPE}
    scopes |= {said.party: Scope.of_party(said.party) for said in history if said.party}
    out = {
        party: replaced(said for said in history if said.is_in(scope))
        for party, scope in scopes.items()
    }
    for said in history:
        if said.kind == Entry.Kind.UNDO:
            continue
        if said.id in undone:
            keys = {key(Kind.ENTRY, here, said.party, said.by)} if said.by else set()
        else:
            keys = set(_keys_by_scope(said, out, here))
        if issue.entered_in_error:
            keys = {NOBODY + one for one in keys}
        if said.redaction:
            keys |= {f"§{BLANKED}"}
        if keys:
            yield said, keys


def _keys_by_scope(
    said: _Said, out: Mapping[int | None, Collection[int | None]], here: int
) -> Iterator[str]:
    """One key for everybody who may see it, and one for each delegation that knows better."""

    def state(party: int | None) -> str:
        return STRUCK if said.id in out[party] else Kind.ENTRY.value

    yield key(state(said.party), here, said.party)
    if said.audience != DELEGATION:
        for party in out:
            if party and state(party) != state(None):
                yield key(state(party), here, party)


# --- Sources --------------------------------------------------------------------------------------


def _keys_of_sources(found: Mapping[int, Source]) -> dict[int, set[str]]:
    """Who may find each source: the rule of `visible_sources`, the other way round."""
    keys: dict[int, set[str]] = defaultdict(set)

    def add(source: int, *parties: int | None, user: int | None = None) -> None:
        """For those of every party that the source, and what cites it, is kept to."""
        whose = {found[source].audience_party_id, *parties} - {None}
        if len(whose) < 2:
            party = next(iter(whose), None)
            keys[source].add(key(Kind.SOURCE, found[source].negotiation_id, party, user))

    for pk, source in found.items():
        if source.created_by_id:
            add(pk, user=source.created_by_id)
    named = Round.sources.through.objects.filter(source__in=found).values_list("source", flat=True)
    told = Readout.objects.filter(source__in=found).order_by()
    for pk in set(named):
        add(pk)
    for pk, party in set(told.values_list("source", "audience_party")):
        add(pk, party)
    for pk, party, item_party, by, is_undone in _links(found):
        if not is_undone:
            add(pk, party, item_party)
        elif by:
            add(pk, party, item_party, user=by)
    return keys


def _links(source_ids: Iterable[int]) -> Iterable[Sequence[Any]]:
    """The kinds of entries that rest on each source: for whom, by whom, undone or not."""
    undo = Entry.objects.filter(corrects=OuterRef("entry"), kind=Entry.Kind.UNDO).order_by()
    links = EntrySource.objects.filter(source__in=source_ids)
    columns = (
        *("source", "entry__audience_party", "entry__issue__audience_party"),
        *("entry__recorded_by", "is_undone"),
    )
    return links.annotate(is_undone=Exists(undo)).order_by().values_list(*columns).distinct()


# --- Rows -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Wanted:
    """What the row of one object must say about it."""

    negotiation: int
    keys: set[str]
    day: dt.date | None = None
    item: int | None = None

    @property
    def text(self) -> str:
        return " ".join(sorted(self.keys))


def _store(
    kind: str,
    stored: Iterable[SearchRow],
    wanted: Mapping[int, _Wanted],
    texts: Mapping[int, Iterable[str]] | None = None,
) -> list[int]:
    """Writes the rows that are new or differ and removes those not wanted; the objects changed.

    Without `texts` (entries: their words change with their keys alone) they are read when needed.
    """
    there = {row.object_id: row for row in stored}
    gone = [pk for pk in there if pk not in wanted]
    if texts is None:
        differ = [pk for pk, row in wanted.items() if pk not in there or there[pk].keys != row.text]
        words = {pk: tokens(text) for pk, text in _read_texts(differ)}
    else:
        words = {pk: tokens(text) for pk, text in texts.items()}
    rows = [_row(kind, pk, wanted[pk], words[pk]) for pk in words]
    rows = [row for row in rows if not _is_there(row, there.get(row.object_id))]
    moved = [row.object_id for row in rows if row.object_id in there]
    _remove(kind, [*gone, *moved])
    insert(rows)
    return [*gone, *(row.object_id for row in rows)]


def _row(kind: str, pk: int, wanted: _Wanted, words: str) -> SearchRow:
    day = wanted.day.toordinal() if wanted.day else 0
    return SearchRow(
        id=SearchRow.place_of(kind, pk, day),
        negotiation_id=wanted.negotiation,
        kind=kind,
        object_id=pk,
        item_id=wanted.item,
        keys=wanted.text,
        words=words,
    )


def _is_there(row: SearchRow, other: SearchRow | None) -> bool:
    if other is None:
        return False
    return row.pk == other.pk and row.keys == other.keys and row.words == other.words


def _remove(kind: str, object_ids: Sequence[int]) -> None:
    for pks in _chunks(object_ids):
        SearchRow.objects.filter(kind=kind, object_id__in=pks).delete()


def _read_texts(entry_ids: Sequence[int]) -> Iterator[tuple[int, Iterable[str]]]:
    for pks in _chunks(entry_ids):
        yield from ((row.pop("pk"), entry_texts(row)) for row in _texts(pks))


@prepared
def _texts(entries: list[int]) -> QuerySet[Any, Any]:
    return Entry.objects.filter(pk__in=entries).order_by().values("pk", *ENTRY_COLUMNS)


def _chunks(pks: Iterable[int]) -> Iterator[list[int]]:
    every = list(pks)
    for start in range(0, len(every), CHUNK):
        yield every[start : start + CHUNK]
