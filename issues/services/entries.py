"""The only door through which history is written (design §2, Correction and Two clocks)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from negotiations.access import Viewer
from negotiations.dates import PRECISION_RANK, VagueDate
from negotiations.models import Source, User
from negotiations.prepared import prepared
from negotiations.services import add_sources as write_sources
from negotiations.writes import insert

from ..models import Entry, EntrySource, Issue
from ..standing.counts import Counts
from .chains import Event, append, entry_event, lock_heads, source_event
from .counts import add_counts
from .entry_data import EntryData, NewSource
from .loaded import Items
from .refusals import (
    check_entry,
    check_recorder,
    check_reply,
    check_undo,
    not_replaced,
    shown_audience,
)
from .search import index_added, index_sources
from .standings import follow_added, in_chunks, lock_entries, lock_items, rebuild

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Recorded:
    """What a call wrote. `again` is true when the same form had been recorded before."""

    entries: list[Entry]
    again: bool = False


def record(issue: Issue, *data: EntryData, viewer: Viewer, batch: UUID | None = None) -> Recorded:
    """Adds one entry, or several said together, to an item; standings follow at once.

    `batch` is the form's one-time token: sent twice, it is recorded once.
    Raises ValidationError by field for what the rules refuse.
    """
    return record_many([(issue, one) for one in data], viewer=viewer, batch=batch)


def record_many(
    pairs: Sequence[tuple[Issue, EntryData]],
    *,
    viewer: Viewer,
    batch: UUID | None = None,
    progress: Progress = lambda _items: None,
) -> Recorded:
    """The same for many items: one transaction, one batch, undone as one.

    `progress` is told how many items stand anew, for whoever waits for thousands of entries.
    """
    check_recorder(viewer)
    batch = batch or uuid4()
    with transaction.atomic():
        items = lock_items(issue.pk for issue, _data in pairs)
        before = _already(batch, viewer.user)
        if before:
            return Recorded(before, again=True)
        now = timezone.now()
        for issue, data in pairs:
            check_entry(issue, data, viewer, timezone.localdate(now))
        writing = _Writing(viewer, batch, now)
        made = writing.insert(
            [_Line(issue, data, place) for place, (issue, data) in enumerate(pairs)]
        )
        if made:
            writing.settle_added(made, items, progress)
    return Recorded(made)


def correct(
    target: Entry, data: EntryData, *, viewer: Viewer, reason: str, batch: UUID | None = None
) -> Recorded:
    """Replaces `target` by a new entry on the same item.

    Raises ValidationError (no right, no reason, wider audience) or Conflict when somebody
    replaced it first; the conflict carries the entry that did.
    """
    return _reply(target, Entry.Kind.CORRECTION, data, viewer, reason, batch)


def retract(target: Entry, *, viewer: Viewer, reason: str, batch: UUID | None = None) -> Recorded:
    """Takes back `target` and all it did. A retraction can be retracted. Errors as `correct`."""
    return _reply(target, Entry.Kind.RETRACTION, None, viewer, reason, batch)


def undo(entries: Sequence[Entry], *, viewer: Viewer) -> list[Entry]:
    """Takes back one batch of the viewer's own, within ten minutes; shown to nobody else after.

    Raises ValidationError when it is too late, and Conflict when an entry was replaced meanwhile.
    """
    check_recorder(viewer)
    with transaction.atomic():
        lock_entries(entries)
        for target in entries:
            check_undo(target, viewer)
        return _take_back(entries, Entry.Kind.UNDO, "Undone by its author.", viewer)


def retract_many(
    entries: Sequence[Entry],
    *,
    viewer: Viewer,
    reason: str,
    progress: Progress = lambda _items: None,
) -> list[Entry]:
    """Retracts many entries, all or none; those that somebody replaced meanwhile are left.

    Returns the retractions. Raises ValidationError as `retract`.
    """
    with transaction.atomic():
        lock_entries(entries)
        free = not_replaced(entries, viewer, reason)
        return _take_back(free, Entry.Kind.RETRACTION, reason.strip(), viewer, progress)


def add_source(entry: Entry, source: Source | NewSource, *, viewer: Viewer) -> EntrySource:
    """Adds a source to an entry; needs no correction. The same source twice is one link.

    Raises ValidationError for a viewer who only reads and for a source of another negotiation.
    """
    check_recorder(viewer)
    if isinstance(source, Source) and source.negotiation_id != viewer.negotiation.pk:
        raise ValidationError({"source": "This belongs to another negotiation."})
    with transaction.atomic():
        lock_entries([entry])
        kept = source if isinstance(source, Source) else _new_source(source, entry, viewer)
        link, made = EntrySource.objects.get_or_create(
            entry=entry, source=kept, defaults={"recorded_by": viewer.user}
        )
        index_sources([kept.pk])
        if made:
            append(viewer.negotiation, [source_event(link)])
    return link


# --- Helpers ------------------------------------------------------------------------------------


def _new_source(source: NewSource, entry: Entry, viewer: Viewer) -> Source:
    told = vars(source) | shown_audience(entry) | {"recorded_party": viewer.party}
    return write_sources(viewer.negotiation, [told], by=viewer.user)[0]


def _already(batch: UUID, user: User) -> list[Entry]:
    found = _of_batch(batch)
    if any(entry.recorded_by_id != user.pk for entry in found):
        raise ValidationError("This form was sent by somebody else; open it anew.")
    return found


@prepared
def _of_batch(batch: UUID) -> QuerySet[Entry]:
    rows: QuerySet[Entry] = Entry.objects.filter(batch=batch).order_by("batch_place")
    return rows


@dataclass(frozen=True)
class _Line:
    """One entry about to be written."""

    issue: Issue
    data: EntryData
    place: int = 0
    kind: str = Entry.Kind.ENTRY
    corrects: Entry | None = None
    reason: str = ""


class _Writing:
    """Writes lines that were checked: few statements, however many lines there are."""

    def __init__(self, viewer: Viewer, batch: UUID, now: dt.datetime) -> None:
        self.viewer, self.batch, self.now = viewer, batch, now
        self.events: list[Event] = []
        self.cited: set[int] = set()

    def insert(self, lines: Sequence[_Line]) -> list[Entry]:
        made = [self._row(line) for line in lines]
        insert(made)
        joint = Entry.joint_parties.through
        together = [_together(line) for line in lines]
        insert(
            [
                joint(entry_id=entry.pk, party_id=party)
                for entry, parties in zip(made, together, strict=True)
                for party in parties
            ]
        )
        self.events += map(entry_event, made, together)
        self._link(made, lines)
        return made

    def settle(self, made: Sequence[Entry], progress: Progress = lambda _items: None) -> None:
        """Standings of what was written, then its chains, whose heads are locked to the end."""
        done = 0
        for chunk in in_chunks(sorted({entry.issue_id for entry in made}), 50):
            rebuild(self.viewer.negotiation, chunk)
            done += len(chunk)
            progress(done)
        append(self.viewer.negotiation, self.events)

    def settle_added(self, made: Sequence[Entry], items: Items, progress: Progress) -> None:
        """The same for entries that replace none, on items that are locked: with less to read."""
        negotiation, done = self.viewer.negotiation, 0
        start = min(entry.counts_from for entry in made)
        counts: Counts = Counter()
        for chunk in in_chunks(sorted(items), 50):
            counts.update(follow_added(negotiation, {pk: items[pk] for pk in chunk}, start))
            done += len(chunk)
            progress(done)
        index_added(made, items, self.cited)
        heads = lock_heads(negotiation.pk, self.events)
        add_counts(negotiation.pk, counts, locked=True)
        append(negotiation, self.events, heads)

    def _row(self, line: _Line) -> Entry:
        data, today = line.data, timezone.localdate(self.now)
        return Entry(
            issue=line.issue,
            kind=line.kind,
            corrects=line.corrects,
            reason=line.reason,
            said_first=data.said.first,
            said_last=data.said.last,
            precision=data.said.precision,
            precision_rank=PRECISION_RANK[data.said.precision],
            counts_from=min(data.said.last, today),
            recorded_at=self.now,
            recorded_by=self.viewer.user,
            recorded_party=self.viewer.party,
            batch=self.batch,
            batch_place=line.place,
            **{name: getattr(data, name) for name in EntryData.PLAIN},
        )

    def _shown(self, data: EntryData) -> dict[str, Any]:
        """A source that comes with an entry is for whom the entry is."""
        shown = {name: getattr(data, name) for name in ("audience", "audience_party")}
        return shown | {"recorded_party": self.viewer.party}

    def _link(self, made: Sequence[Entry], lines: Sequence[_Line]) -> None:
        """New sources are written down once each, even when entries of one form share them."""
        new = {
            source: line.data
            for line in lines
            for source in line.data.sources
            if isinstance(source, NewSource)
        }
        written = [vars(source) | self._shown(data) for source, data in new.items()]
        kept = {}
        if written:
            rows = write_sources(self.viewer.negotiation, written, by=self.viewer.user)
            kept = dict(zip(new, rows, strict=True))
        links = [
            EntrySource(
                entry=entry, source=source, recorded_at=self.now, recorded_by=self.viewer.user
            )
            for entry, line in zip(made, lines, strict=True)
            for source in dict.fromkeys(
                kept[one] if isinstance(one, NewSource) else one for one in line.data.sources
            )
        ]
        insert(links)
        self.events += map(source_event, links)
        self.cited |= {link.source_id for link in links}


def _together(line: _Line) -> list[int]:
    """Whose common text it is, each party once."""
    if line.data.voice != Entry.Voice.JOINT:
        return []
    return list(dict.fromkeys(party.pk for party in line.data.joint_parties))


def _take_back(
    targets: Sequence[Entry],
    kind: str,
    reason: str,
    viewer: Viewer,
    progress: Progress = lambda _items: None,
) -> list[Entry]:
    """Entries that take back `targets` and carry nothing; the caller has checked that they may."""
    lines = [
        _Line(target.issue, _nothing(target), place, kind, target, reason)
        for place, target in enumerate(targets)
    ]
    writing = _Writing(viewer, uuid4(), timezone.now())
    made = writing.insert(lines)
    writing.settle(made, progress)
    return made


def _reply(
    target: Entry,
    kind: str,
    data: EntryData | None,
    viewer: Viewer,
    reason: str,
    batch: UUID | None,
) -> Recorded:
    batch = batch or uuid4()
    with transaction.atomic():
        lock_entries([target])
        before = _already(batch, viewer.user)
        if before:
            return Recorded(before, again=True)
        data = data or _nothing(target)
        check_reply(target, kind, (data.audience, data.audience_party), viewer, reason)
        now = timezone.now()
        if kind == Entry.Kind.CORRECTION:
            check_entry(target.issue, data, viewer, timezone.localdate(now), target)
        line = _Line(target.issue, data, 0, kind, target, reason.strip())
        writing = _Writing(viewer, batch, now)
        made = writing.insert([line])
        writing.settle(made)
    return Recorded(made)


def _nothing(target: Entry) -> EntryData:
    """A retraction's content: whose word it takes back, and no more."""
    return EntryData(
        voice=target.voice,
        party=target.party,
        said=VagueDate.of_day(timezone.localdate()),
        audience=target.audience,
        audience_party=target.audience_party,
    )
