"""Entries as pages about rounds and changes show them: only those that count."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from negotiations.dates import date_text
from negotiations.files import file_text
from negotiations.models import Party, Source
from negotiations.prepared import prepared
from negotiations.scopes import Scope

from ..models import Entry, EntrySource, Issue
from ..models.entries import EntryQuerySet
from ..standing import replaced
from .frame import FrameView, StatusView

SAYS = (Entry.Kind.ENTRY, Entry.Kind.CORRECTION)
VOICES = {
    Entry.Voice.JOINT.value: "jointly",
    Entry.Voice.THIRD.value: "press or third party",
    Entry.Voice.OWN.value: "our assessment",
}
_COLUMNS = (
    *("pk", "issue_id", "kind", "voice", "party_id", "speaker", "speaker_function"),
    *("said_first", "precision", "status_id", "text", "reason"),
    *("audience", "audience_party_id", "recorded_at", "said_last", "uuid"),
)
_SOURCE = ("publisher", "title", "url", "uuid", "file_size")


def known_items(frame: FrameView) -> Q:
    """Items recorded later than the page's recorded day are absent (design §2)."""
    moment = frame.clock.known_moment
    return Q(recorded_at__lte=moment) if moment else Q()


class SourceView(NamedTuple):
    """What a page says of a source in passing: its name, where it lies, its page here, its file."""

    text: str
    url: str
    page: str
    file_text: str = ""


@dataclass(slots=True)
class EntryLine:
    """Who said what and when, on what source."""

    row: dict[str, Any]
    parties: list[Party]
    status: StatusView | None
    sources: list[SourceView]
    only_for: Party | None = None

    @property
    def when(self) -> str:
        return date_text(self.row["said_first"], self.row["precision"])

    @property
    def voice(self) -> str:
        """Empty for one party's own words: its code says it."""
        return VOICES.get(self.row["voice"], "")

    @property
    def mark(self) -> str:
        """ "correction" or "retraction"; nothing for a plain entry."""
        kind = self.row["kind"]
        return "" if kind == Entry.Kind.ENTRY else Entry.Kind(kind).label.lower()


class _Reply(NamedTuple):
    id: int
    kind: str
    corrects: int | None


class EntryReader:
    """Reads entries in the scope and at the clock of one page, each part with one query."""

    def __init__(self, frame: FrameView) -> None:
        self.frame = frame

    def seen(self) -> EntryQuerySet:
        """Every entry of the negotiation in the viewer's scope, by what the page knows."""
        here = Issue.objects.visible_to(self.frame.viewer).filter(known_items(self.frame))
        return self._known().filter(issue__in=here.order_by())

    def _known(self) -> EntryQuerySet:
        """The same without asking which negotiation: for entries named by their ids."""
        rows: EntryQuerySet = Entry.objects.in_scope(self.frame.viewer.scope)
        moment = self.frame.clock.known_moment
        return rows.filter(recorded_at__lte=moment) if moment else rows

    def counting(self, *conditions: Q) -> dict[int, list[int]]:
        """Ids of the entries that count and meet one of these, by item, in the order recorded.

        One query for each: together the database would read every entry of the negotiation.
        """
        fitting = sorted({row for fits in conditions for row in self._fitting(fits)})
        out = self.out({issue_id for _pk, issue_id, answered in fitting if answered})
        found: dict[int, list[int]] = defaultdict(list)
        for pk, issue_id, _answered in fitting:
            if pk not in out:
                found[issue_id].append(pk)
        return found

    def _fitting(self, condition: Q) -> Iterable[tuple[int, int, bool]]:
        rows = self.seen().filter(condition, kind__in=SAYS).order_by()
        if self.frame.clock.as_of:
            rows = rows.filter(counts_from__lte=self.frame.clock.as_of)
        replies = self._known().filter(corrects=OuterRef("pk")).order_by()
        found = rows.annotate(answered=Exists(replies))
        return found.values_list("pk", "issue_id", "answered")

    def out(self, issue_ids: Collection[int] | None = None) -> set[int | None]:
        """Ids of what was corrected or taken back, on these items or (None) anywhere."""
        if issue_ids is None:
            replies = self.seen()
        elif issue_ids:
            replies = self._known().filter(issue__in=issue_ids)
        else:
            return set()
        rows = replies.filter(corrects__isnull=False).order_by()
        return replaced(_Reply(*row) for row in rows.values_list("pk", "kind", "corrects"))

    def lines(self, pks: Sequence[int]) -> dict[int, list[EntryLine]]:
        """These entries by item, oldest first."""
        scope, known = self.frame.viewer.scope, self.frame.clock.known_moment
        rows = _rows(scope, list(pks), known)
        parties, sources = self._parties(rows), self._sources(pks)
        found: dict[int, list[EntryLine]] = defaultdict(list)
        for row in rows:
            line = EntryLine(
                row,
                parties[row["pk"]],
                self.frame.statuses.get(row["status_id"]),
                sources[row["pk"]],
                self.frame.parties.get(row["audience_party_id"]),
            )
            found[row["issue_id"]].append(line)
        return found

    def _parties(self, rows: list[dict[str, Any]]) -> dict[int, list[Party]]:
        known = self.frame.parties
        found = defaultdict(list, {r["pk"]: [known[r["party_id"]]] for r in rows if r["party_id"]})
        joint = [row["pk"] for row in rows if row["voice"] == Entry.Voice.JOINT]
        for entry_id, party_id in _joint(joint):
            found[entry_id].append(known[party_id])
        return found

    def cited(self, pks: Sequence[int]) -> dict[int, list[Source]]:
        """The sources of these entries in full, as far as they were known. One query."""
        links = EntrySource.objects.filter(entry__in=pks).select_related("source")
        moment = self.frame.clock.known_moment
        found: dict[int, list[Source]] = defaultdict(list)
        for link in links.filter(recorded_at__lte=moment) if moment else links:
            found[link.entry_id].append(link.source)
        return found

    def _sources(self, pks: Sequence[int]) -> dict[int, list[SourceView]]:
        found: dict[int, list[SourceView]] = defaultdict(list)
        for entry, *source in _links(list(pks), self.frame.clock.known_moment):
            found[entry].append(_source_view(self.frame, *source))
        return found


@prepared
def _rows(scope: Scope, pks: list[int], known: dt.datetime | None) -> QuerySet[Any, Any]:
    rows: EntryQuerySet = Entry.objects.in_scope(scope).filter(pk__in=pks)
    return (rows.filter(recorded_at__lte=known) if known else rows).ranked().values(*_COLUMNS)


@prepared
def _joint(entries: list[int]) -> QuerySet[Any, Any]:
    links = Entry.joint_parties.through.objects.filter(entry__in=entries)
    return links.order_by("party__order", "party").values_list("entry_id", "party_id")


@prepared
def _links(entries: list[int], known: dt.datetime | None) -> QuerySet[Any, Any]:
    links = EntrySource.objects.filter(entry__in=entries)
    links = links.filter(recorded_at__lte=known) if known else links
    return links.values_list("entry_id", *(f"source__{name}" for name in _SOURCE))


def source_view(source: Source, frame: FrameView) -> SourceView:
    """A source by its publisher, or by its title where nobody published it."""
    return _source_view(frame, *(getattr(source, name) for name in _SOURCE))


def _source_view(
    frame: FrameView, publisher: str, title: str, url: str, uuid: UUID, size: int
) -> SourceView:
    return SourceView(publisher or title, url, frame.source_url(uuid), file_text(size))
