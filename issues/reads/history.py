"""An item's history as its page shows it: newest first, runs folded, rounds as dividers."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from django.core.exceptions import BadRequest
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from negotiations.access import Role, can, scope_filter
from negotiations.addresses import path_to
from negotiations.dates import DAY
from negotiations.models import Party, Round, Source
from negotiations.prepared import prepared
from negotiations.scopes import Scope

from ..models import Entry, EntrySource, Issue, Redaction
from ..services import may_correct, may_undo
from ..services.loaded import load_seen
from ..standing import EntryValue, replaced
from .entries import entered_late
from .frame import FrameView, StatusView
from .standings import StandingView

PAGE = 60
FOLD_FROM = 3
# What stands before the parties; nothing before a party's own words.
VOICES = {"joint": "Jointly", "third": "Press", "own": "Our assessment"}


class Cited(NamedTuple):
    """A source and its page here."""

    source: Source
    page: str


@dataclass(slots=True)
class HistoryLine:
    """One entry: who said what, when, on what source, and what it changed."""

    entry: Entry
    parties: list[Party]
    status: StatusView | None = None
    old_status: StatusView | None = None
    is_still: bool = False
    is_struck: bool = False
    reply: Entry | None = None
    may_correct: bool = False
    may_undo: bool = False
    url: str = ""  # what can be done with it lies below
    voice: str = ""
    round: Round | None = None
    redaction: Redaction | None = None
    only_for: Party | None = None
    waits_party: Party | None = None
    next_step_party: Party | None = None
    sources: list[Cited] = field(default_factory=list)
    is_public: bool = False  # names of people here, and what they tell each other, stay within

    @property
    def changes(self) -> bool:
        return bool(self.status) and not self.is_still

    @property
    def is_quiet(self) -> bool:
        """Nothing changed and nothing was taken back: it may be folded away."""
        return not (self.changes or self.is_struck or self.entry.corrects_id or self.may_undo)

    @property
    def is_late(self) -> bool:
        """Recorded more than a week after it was said: both dates are shown."""
        return entered_late(self.entry.recorded_at, self.entry.said_last)


@dataclass
class Block:
    """A line, a folded run of lines, or the divider of a round."""

    line: HistoryLine | None = None
    fold: list[HistoryLine] = field(default_factory=list)
    rounds: list[Round] = field(default_factory=list)

    @property
    def first_when(self) -> str:
        return self.fold[0].entry.when

    @property
    def last_when(self) -> str:
        return self.fold[-1].entry.when


@dataclass
class History:
    blocks: list[Block]
    count: int
    older: str = ""  # the entry to start after on the next page


class HistoryReader:
    """Reads one item's history with a fixed number of queries."""

    def __init__(self, frame: FrameView, issue: Issue) -> None:
        self.frame = frame
        self.issue = issue
        self.now = timezone.now()
        self.base = path_to("issues:entries", frame.negotiation.slug, issue.address)
        # To any entry at all: what is false for the page need not be asked for each line.
        self.may_reply = frame.clock.is_now and can(frame.viewer, Role.RECORDER)[0]

    def read(self, after: str = "") -> History:
        """A page of the newest entries, or of those older than the entry with UUID `after`."""
        values = self._values()
        shown = self._newest_first(values)
        start = self._start(shown, after)
        page = shown[start : start + PAGE]
        entries = self._entries([value.id for value in page])
        lines = self._lines(values, [entries[value.id] for value in page])
        rounds = self._rounds(shown[start - 1] if start else None)
        more = len(shown) > start + PAGE
        older = str(entries[page[-1].id].uuid) if more else ""
        return History(self._blocks(lines, rounds, with_newest=not start), len(shown), older)

    def page_of(self, entry: Entry) -> str:
        """What to pass as `after` for the page on which this entry stands; "" for the first."""
        pks = [value.id for value in self._newest_first(self._values())]
        start = pks.index(entry.pk) // PAGE * PAGE if entry.pk in pks else 0
        if not start:
            return ""
        return str(Entry.objects.values_list("uuid", flat=True).get(pk=pks[start - 1]))

    def line(self, entry: Entry) -> HistoryLine:
        """One entry as its line, for the pages that correct it or take it back."""
        values = self._values()
        (line,) = self._lines(values, list(self._entries([entry.pk]).values()))
        return line

    def added(
        self,
        entry: Entry,
        parties: Collection[int],
        before: StandingView,
        shown: int,
        *,
        has_sources: bool,
    ) -> HistoryLine | None:
        """The line of an entry just recorded by `parties`, where it stands above all others.

        `before`: where the item stood, `shown`: how many entries its page shows. None where more
        than this line is new there: read it anew then. Two queries at most.
        """
        speaks = {word.party.pk: word.status for word in before.words}
        old = {speaks.get(party) for party in parties}
        known = parties and speaks.keys() >= set(parties) and len(old) == 1
        if not known or entry.precision != DAY:
            return None
        (there,) = _counted(self.frame.viewer.scope, self.issue.pk, entry.said_first)
        last_days = [r.last_day for r in self._rounds(None) if r.last_day]
        if there != (shown + 1, 0) or any(day >= entry.said_first for day in last_days):
            return None
        status = old.pop()
        line = self._line(entry, parties, status.pk if status else None)
        if has_sources:
            self._cite([line])
        return line

    def _values(self) -> list[EntryValue]:
        """All entries of the item that the viewer sees, as recorded by the page's clock."""
        viewer, clock = self.frame.viewer, self.frame.clock
        values = [entry.value for entry in load_seen(self.issue.pk, viewer.scope)]
        if any(value.kind == Entry.Kind.UNDO for value in values):
            # Rare, and a dear question: asked only where something was undone, whenever that was.
            visible = Entry.objects.visible_to(viewer.user, viewer.scope).filter(issue=self.issue)
            pks = set(visible.order_by().values_list("pk", flat=True))
            values = [value for value in values if value.id in pks]
        known = clock.known_moment
        return [value for value in values if known is None or value.recorded_at <= known]

    def _newest_first(self, values: Iterable[EntryValue]) -> list[EntryValue]:
        """Those that belong to the day of the page, as it lists them."""
        seen = [value for value in values if self._is_due(value)]
        return sorted(seen, key=lambda value: value.rank, reverse=True)

    def _is_due(self, value: EntryValue) -> bool:
        """Whether it belongs to the day of the page. What replaces another may come after it."""
        return self.frame.clock.as_of is None or value.counts_from <= self.frame.clock.as_of

    def _start(self, shown: Sequence[EntryValue], after: str) -> int:
        """The place after the entry with this UUID. Raises BadRequest where there is none."""
        if not after:
            return 0
        try:
            entry = Entry.objects.filter(uuid=UUID(after)).values_list("pk", flat=True).first()
        except ValueError:
            entry = None
        places = [place for place, value in enumerate(shown, start=1) if value.id == entry]
        if not places:
            raise BadRequest("There is no entry here from which to go on. Open the item again.")
        return places[0]

    def _rounds(self, newer: EntryValue | None) -> list[Round]:
        """The rounds that divide a page, in order: over by then, and not before `newer` already."""
        day = self.frame.clock.day
        held = [r for r in self.frame.held_rounds if not r.is_side_meeting]
        over = [r for r in held if r.last_day and r.last_day <= day]
        return [r for r in over if not newer or (r.last_day or day) < newer.said_first]

    def _entries(self, pks: Sequence[int]) -> dict[int, Entry]:
        found: dict[int, Entry] = {entry.pk: entry for entry in _entries(list(pks))}
        targets = {entry.corrects_id for entry in found.values() if entry.corrects_id}
        if missing := targets - found.keys():
            found |= {entry.pk: entry for entry in _entries(list(missing))}
        for entry in found.values():
            if entry.corrects_id in found:
                entry.corrects = found[entry.corrects_id]
        return found

    def _lines(self, values: Sequence[EntryValue], entries: list[Entry]) -> list[HistoryLine]:
        out = replaced(values)
        by_id = {value.id: value for value in values}
        before = statuses_before(v for v in values if v.id not in out and self._is_due(v))
        replies = {entry.corrects_id: entry for entry in entries}
        replies |= {entry.corrects_id: entry for entry in entries if entry.pk not in out}
        lines = [
            self._line(
                entry,
                by_id[entry.pk].parties,
                before.get(entry.pk),
                is_struck=entry.pk in out,
                reply=replies.get(entry.pk),
            )
            for entry in entries
        ]
        for line in lines:
            line.redaction = getattr(line.entry, "redaction", None)
        self._cite(lines)
        return lines

    def _cite(self, lines: list[HistoryLine]) -> None:
        by_entry = {line.entry.pk: line for line in lines}
        where = (self.frame.viewer.scope, list(by_entry), self.frame.clock.known_moment)
        for link in _links(*where):
            page = self.frame.source_url(link.source.uuid)
            if self.frame.viewer.is_public:
                link.source.file_size = 0  # a file is for members
            by_entry[link.entry_id].sources.append(Cited(link.source, page))

    def _line(
        self,
        entry: Entry,
        parties: Collection[int],
        old_status: int | None,
        *,
        is_struck: bool = False,
        reply: Entry | None = None,
    ) -> HistoryLine:
        statuses, viewer = self.frame.statuses, self.frame.viewer
        line = HistoryLine(entry, [p for pk, p in self.frame.parties.items() if pk in parties])
        line.is_struck, line.reply = is_struck, reply
        line.is_public = viewer.is_public
        line.url = f"{self.base}{entry.uuid}/"
        self._name(line)
        if entry.status_id:
            line.status = statuses[entry.status_id]
            line.old_status = statuses.get(old_status or 0)
            line.is_still = not line.is_struck and line.old_status == line.status
        if self.may_reply and not line.is_struck and entry.kind != Entry.Kind.UNDO:
            line.may_correct = may_correct(entry, viewer)[0]
            line.may_undo = viewer.may_record and may_undo(entry, viewer, self.now)
        return line

    def _name(self, line: HistoryLine) -> None:
        """Takes from the frame what the entry refers to."""
        entry, party = line.entry, self.frame.parties.get
        line.voice = VOICES.get(entry.voice, "")
        line.round = self.frame.rounds_by_id.get(entry.round_id or 0)
        line.only_for = party(entry.audience_party_id or 0)
        line.waits_party = party(entry.waits_party_id or 0)
        line.next_step_party = party(entry.next_step_party_id or 0)

    # --- Blocks ----------------------------------------------------------------------------------

    def _blocks(
        self, lines: list[HistoryLine], rounds: list[Round], with_newest: bool
    ) -> list[Block]:
        blocks: list[Block] = []
        run: list[HistoryLine] = []
        for place, line in enumerate(lines):
            if passed := self._passed(rounds, line):
                blocks += _folded(run) + [Block(rounds=passed)]
                run = []
            if line.is_quiet and (place or not with_newest):
                run.append(line)
            else:
                blocks += [*_folded(run), Block(line=line)]
                run = []
        return blocks + _folded(run)

    def _passed(self, rounds: list[Round], line: HistoryLine) -> list[Round]:
        """Takes from `rounds` those that ended on or after the day of this line, latest first."""
        passed = []
        while rounds and (rounds[-1].last_day or dt.date.min) >= line.entry.said_first:
            passed.append(rounds.pop())
        return passed


@prepared
def _entries(pks: list[int]) -> QuerySet[Entry]:
    rows: QuerySet[Entry] = Entry.objects.filter(pk__in=pks).order_by()
    return rows.select_related("recorded_by", "redaction").defer(*_UNSEEN)


# What no line shows: of an entry and its author, half of the time that sixty of them take.
_UNSEEN = (
    *("batch", "batch_place", "precision_rank", "counts_from"),
    *(f"recorded_by__{name}" for name in ("password", "email", "uuid", "date_joined")),
    *(f"recorded_by__{name}" for name in ("last_login", "last_seen", "is_superuser")),
)
# What a line shows of a source.
_CITED = (
    *("entry_id", "source__uuid", "source__title", "source__publisher", "source__date_first"),
    *("source__date_precision", "source__url", "source__archive_url", "source__file_size"),
)


@prepared
def _counted(scope: Scope, issue: int, day: dt.date) -> QuerySet[Any, Any]:
    """How many entries of an item are in scope, and how many of them were said after this day."""
    rows = Entry.objects.in_scope(scope).filter(issue=issue).order_by().values("issue")
    counts = rows.annotate(n=Count("pk"), later=Count("pk", filter=Q(said_first__gt=day)))
    return counts.values_list("n", "later")


@prepared
def _links(scope: Scope, entries: list[int], known: dt.datetime | None) -> QuerySet[EntrySource]:
    rows: QuerySet[EntrySource] = EntrySource.objects.filter(
        scope_filter(scope, "source__"), entry__in=entries
    )
    rows = rows.filter(recorded_at__lte=known) if known else rows
    return rows.select_related("source").only(*_CITED)


def _folded(run: list[HistoryLine]) -> list[Block]:
    if len(run) < FOLD_FROM:
        return [Block(line=line) for line in run]
    return [Block(fold=run)]


def statuses_before(values: Iterable[EntryValue]) -> dict[int, int | None]:
    """For each entry with a status, what its speakers' status was before it (an id or None)."""
    last: dict[object, int] = defaultdict(int)
    found: dict[int, int | None] = {}
    for value in sorted(values, key=lambda v: v.rank):
        if not value.status:
            continue
        speakers = value.parties or {value.voice}
        old = {last[speaker] for speaker in speakers}
        found[value.id] = old.pop() if len(old) == 1 else None
        for speaker in speakers:
            last[speaker] = value.status.id
    return found
