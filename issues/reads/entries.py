"""Entries as pages about rounds and changes show them: only those that count."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from negotiations.access import scope_filter
from negotiations.dates import date_text
from negotiations.files import file_text
from negotiations.models import Party, Source
from negotiations.prepared import prepared
from negotiations.scopes import Scope

from ..models import Entry, EntrySource, Issue
from ..models.entries import EntryQuerySet
from ..spans import Span
from ..standing import replaced
from .frame import FrameView, StatusView

LATE_DAYS = 7
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


# An entry, its item, and whether something replies to it.
Fitting = tuple[int, int, bool]


class SourceView(NamedTuple):
    """What a page says of a source in passing: its name, where it lies, its page here, its file."""

    text: str
    url: str
    page: str
    file_text: str = ""


def entered_late(recorded_at: dt.datetime, said_last: dt.date) -> bool:
    """Recorded more than a week after it was said: pages show both dates."""
    days = (recorded_at.date() - said_last).days
    # The day here is at most one away from that: few entries need it.
    if abs(days - LATE_DAYS) <= 1:
        days = (timezone.localtime(recorded_at).date() - said_last).days
    return days > LATE_DAYS


def _entered(recorded_at: dt.datetime, said_last: dt.date) -> str:
    """The day it was recorded in words, where that was long after it was said."""
    if not entered_late(recorded_at, said_last):
        return ""
    return date_text(timezone.localtime(recorded_at).date())


@dataclass(slots=True)
class EntryLine:
    """Who said what and when, on what source."""

    row: dict[str, Any]
    parties: list[Party]
    status: StatusView | None
    sources: list[SourceView]
    only_for: Party | None = None
    # The day it was recorded, where that was long after it was said.
    entered: str = ""

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
        clock, scope = frame.clock, frame.viewer.scope
        # What the queries below begin with.
        self._known = (scope, clock.known_moment)
        self._where = (frame.negotiation.pk, scope, clock.known_moment, clock.as_of)

    def seen(self) -> EntryQuerySet:
        """Every entry of the negotiation in the viewer's scope, by what the page knows."""
        return seen_entries(self.frame.negotiation.pk, *self._known)

    def counting(self, *conditions: Q) -> dict[int, list[int]]:
        """Ids of the entries that count and meet one of these, by item, in the order recorded.

        One query for each: together the database would read every entry of the negotiation.
        """
        return self._by_item(row for one in conditions for row in self._meeting(one))

    def _meeting(self, condition: Q) -> Iterable[Fitting]:
        return _fitting(self.seen(), *self._known, self.frame.clock.as_of, condition)

    def told_at(self, round_pk: int, span: Span | None) -> dict[int, list[int]]:
        """As `counting`: entries that name the round, and those that began to count while it met.

        Two queries as there: together the database would read every entry.
        """
        rows = _naming(*self._where, round_pk)
        if span:
            rows = rows + _beginning(*self._where, span.before, span.after)
        return self._by_item(rows)

    def told_on(self, issues: list[int], span: Span) -> dict[int, list[int]]:
        """As `told_in`, on these items, which are shown: nobody has to ask which there are."""
        where = (*self._known, self.frame.clock.as_of)
        return self._by_item(_beginning_on(*where, span.before, span.after, issues))

    def naming_from_outside(self, spans: Mapping[int, Span | None]) -> list[tuple[int, int, int]]:
        """Round, item and id of every entry that names a round and counts from another day."""
        if not spans:
            return []
        ends = [(pk, *_outside_of(span)) for pk, span in spans.items()]
        rows = _naming_outside(*self._known, self.frame.clock.as_of, *chain.from_iterable(ends))
        named = {row[0]: row[3] for row in rows}
        told = self._by_item(row[:3] for row in rows)
        return [(named[pk], issue, pk) for issue, pks in told.items() for pk in pks]

    def told_in(self, span: Span) -> dict[int, list[int]]:
        """As `counting`: entries that began to count within."""
        return self._by_item(_beginning(*self._where, span.before, span.after))

    def told_to(self, span: Span, audience: str, party: int | None) -> list[int]:
        """Of these, the ids of those for one audience; with its party, if it has one."""
        rows = _beginning_for(*self._where, span.before, span.after, audience, party)
        return list(chain.from_iterable(self._by_item(rows).values()))

    def _by_item(self, rows: Iterable[Fitting]) -> dict[int, list[int]]:
        fitting = sorted(set(rows))
        out = self.out({issue_id for _pk, issue_id, answered in fitting if answered})
        found: dict[int, list[int]] = defaultdict(list)
        for pk, issue_id, _answered in fitting:
            if pk not in out:
                found[issue_id].append(pk)
        return found

    def out(self, issue_ids: Collection[int]) -> set[int | None]:
        """Ids of what was corrected or taken back on these items."""
        return replaced(_Reply(*row) for row in _replies(*self._known, list(issue_ids)))

    def out_anywhere(self) -> set[int | None]:
        """The same on all items."""
        rows = self.seen().filter(corrects__isnull=False).order_by()
        return replaced(_Reply(*row) for row in rows.values_list("pk", "kind", "corrects"))

    def lines(self, pks: Sequence[int]) -> dict[int, list[EntryLine]]:
        """These entries by item, oldest first."""
        rows = _rows(*self._known, list(pks))
        parties, sources = self._parties(rows), self._sources(pks)
        found: dict[int, list[EntryLine]] = defaultdict(list)
        for row in rows:
            line = EntryLine(
                row,
                parties[row["pk"]],
                self.frame.statuses.get(row["status_id"]),
                sources[row["pk"]],
                self.frame.parties.get(row["audience_party_id"]),
                _entered(row["recorded_at"], row["said_last"]),
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
        seen = scope_filter(self.frame.viewer.scope, "source__")
        links = EntrySource.objects.filter(seen, entry__in=pks).select_related("source")
        moment = self.frame.clock.known_moment
        found: dict[int, list[Source]] = defaultdict(list)
        for link in links.filter(recorded_at__lte=moment) if moment else links:
            found[link.entry_id].append(link.source)
        return found

    def _sources(self, pks: Sequence[int]) -> dict[int, list[SourceView]]:
        found: dict[int, list[SourceView]] = defaultdict(list)
        for entry, *source in _links(*self._known, list(pks)):
            found[entry].append(_source_view(self.frame, *source))
        return found


def all_entered(lines: Iterable[EntryLine]) -> str:
    """The one day on which all of these were recorded, long after they were said; else "".

    A page that was written from old papers says so once, and not beside each entry.
    """
    days = {line.entered for line in lines}
    return days.pop() if len(days) == 1 else ""


Moment = dt.datetime | None
Day = dt.date | None


def _recorded(scope: Scope, known: Moment) -> EntryQuerySet:
    """What is in scope and was recorded by then, of whatever negotiation."""
    rows: EntryQuerySet = Entry.objects.in_scope(scope)
    return rows.filter(recorded_at__lte=known) if known else rows


def seen_entries(negotiation: int, scope: Scope, known: Moment) -> EntryQuerySet:
    """Every entry in scope on the items shown, by what was known."""
    here = Issue.objects.shown_in(negotiation, scope)
    here = here.filter(recorded_at__lte=known) if known else here
    return _recorded(scope, known).filter(issue__in=here.order_by())


def _fitting(
    rows: EntryQuerySet, scope: Scope, known: Moment, as_of: Day, condition: Q
) -> QuerySet[Any, Any]:
    """Those that say something and meet the condition; each with whether something replies."""
    rows = rows.filter(condition, kind__in=SAYS)
    rows = rows.filter(counts_from__lte=as_of) if as_of else rows
    return _answered(rows, scope, known)


def _answered(rows: EntryQuerySet, scope: Scope, known: Moment, *more: str) -> QuerySet[Any, Any]:
    """As `Fitting`, with more columns."""
    replies = _recorded(scope, known).filter(corrects=OuterRef("pk")).order_by()
    rows = rows.order_by().annotate(answered=Exists(replies))
    return rows.values_list("pk", "issue_id", "answered", *more)


def _outside_of(span: Span | None) -> tuple[dt.date, dt.date]:
    """On or before the first and after the second of these days no round met."""
    return (span.before, span.last) if span else (dt.date.max, dt.date.max)


@prepared
def _naming(
    negotiation: int, scope: Scope, known: Moment, as_of: Day, round_pk: int
) -> QuerySet[Any, Any]:
    rows = seen_entries(negotiation, scope, known)
    return _fitting(rows, scope, known, as_of, Q(round=round_pk))


@prepared
def _beginning(
    negotiation: int, scope: Scope, known: Moment, as_of: Day, before: dt.date, after: Day
) -> QuerySet[Any, Any]:
    rows = seen_entries(negotiation, scope, known)
    return _fitting(rows, scope, known, as_of, _within(before, after))


def only_for(audience: str, party: int | None) -> Q:
    """For exactly this audience. By its party the few that are a delegation's own are found."""
    return Q(audience=audience, audience_party=party) if party else Q(audience=audience)


@prepared
def _beginning_for(
    negotiation: int,
    scope: Scope,
    known: Moment,
    as_of: Day,
    before: dt.date,
    after: Day,
    audience: str,
    party: int | None,
) -> QuerySet[Any, Any]:
    rows = seen_entries(negotiation, scope, known).filter(only_for(audience, party))
    return _fitting(rows, scope, known, as_of, _within(before, after))


def _within(before: dt.date, after: Day) -> Q:
    return Q(Q(counts_from__lte=after) if after else Q(), counts_from__gt=before)


@prepared
def _beginning_on(
    scope: Scope, known: Moment, as_of: Day, before: dt.date, after: Day, issues: list[int]
) -> QuerySet[Any, Any]:
    rows = _recorded(scope, known).filter(issue__in=issues)
    return _fitting(rows, scope, known, as_of, _within(before, after))


@prepared
def _naming_outside(
    scope: Scope, known: Moment, as_of: Day, *ends: int | dt.date
) -> QuerySet[Any, Any]:
    """As `_fitting`, with the round; `ends`: each round, and the days that it lies between.

    Rounds are of one negotiation, and asked for alone: the database finds their entries by them.
    """
    found = Q()
    for round_pk, before, last in zip(ends[::3], ends[1::3], ends[2::3], strict=True):
        # Two ranges of the index of each round.
        found |= Q(round=round_pk, counts_from__lte=before)
        found |= Q(round=round_pk, counts_from__gt=last)
    rows = _recorded(scope, known).filter(found, kind__in=SAYS, issue__entered_in_error=False)
    rows = rows.filter(issue__recorded_at__lte=known) if known else rows
    rows = rows.filter(counts_from__lte=as_of) if as_of else rows
    return _answered(rows, scope, known, "round_id")


@prepared
def _replies(scope: Scope, known: Moment, issues: list[int]) -> QuerySet[Any, Any]:
    rows = _recorded(scope, known).filter(issue__in=issues, corrects__isnull=False).order_by()
    return rows.values_list("pk", "kind", "corrects")


@prepared
def _rows(scope: Scope, known: Moment, pks: list[int]) -> QuerySet[Any, Any]:
    return _recorded(scope, known).filter(pk__in=pks).ranked().values(*_COLUMNS)


@prepared
def _joint(entries: list[int]) -> QuerySet[Any, Any]:
    links = Entry.joint_parties.through.objects.filter(entry__in=entries)
    return links.order_by("party__order", "party").values_list("entry_id", "party_id")


@prepared
def _links(scope: Scope, known: Moment, entries: list[int]) -> QuerySet[Any, Any]:
    links = EntrySource.objects.filter(scope_filter(scope, "source__"), entry__in=entries)
    links = links.filter(recorded_at__lte=known) if known else links
    return links.values_list("entry_id", *(f"source__{name}" for name in _SOURCE))


def source_view(source: Source, frame: FrameView) -> SourceView:
    """A source by its publisher, or by its title where nobody published it."""
    return _source_view(frame, *(getattr(source, name) for name in _SOURCE))


def _source_view(
    frame: FrameView, publisher: str, title: str, url: str, uuid: UUID, size: int
) -> SourceView:
    # A file is for members: the public gets the address of a source, never what was uploaded.
    size = 0 if frame.viewer.is_public else size
    return SourceView(publisher or title, url, frame.source_url(uuid), file_text(size))
