"""A sheet as its page shows it: the items with their rows, the keys, and what a release moved."""

from __future__ import annotations

import copy
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.core.paginator import Page
from django.db.models import Count, Q, QuerySet, Sum
from django.urls import reverse
from django.utils import timezone

from negotiations.models import Party, Round, Source

from ..models import AgendaLine, Entry, Issue, Sheet, SheetRow
from ..numbers import Number, numbers_in
from .clock import MomentClock
from .entries import EntryReader
from .frame import FrameView
from .moves import ItemName, MovedItem, item_names, moved_item
from .paging import page_at
from .standings import NOTHING, StandingReader, StandingView
from .wording import badge_text

ITEMS_PER_PAGE = 100
FILLED = ~Q(who="", status="", text="", waits="")
VOICES = {"joint": "jointly", "third": "press", "own": "ours"}
# What stands beside a row whose item cannot be read.
NOWHERE = Number("", 0)
_A_MOMENT = dt.timedelta(microseconds=1)


class Choice(NamedTuple):
    """One option with what one types for it: any of `keys`, as far as it is told apart."""

    value: str
    label: str
    keys: str
    key: str


@dataclass(slots=True)
class Outcome:
    """What became of a row that was just sent."""

    state: str
    typed: Mapping[str, str] = field(default_factory=dict)
    problems: Sequence[str] = ()
    theirs: SheetRow | None = None


@dataclass(slots=True)
class SheetLine:
    """One line of the table: a draft, or a blank one; beside it what became of it."""

    uuid: str
    number: Number
    version: int = 0
    who: str = ""
    status: str = ""
    text: str = ""
    waits: str = ""
    time: str = ""
    by: str = ""
    outcome: Outcome | None = None

    @property
    def state(self) -> str:
        if self.outcome:
            return self.outcome.state
        return "saved" if self.version else ""

    @property
    def speaker(self) -> str:
        """Who says so, in the words of the list."""
        return VOICES.get(self.who, self.who.removeprefix("party:"))


@dataclass(slots=True)
class SheetItem:
    """An item with where it stands now, its drafts and a blank line."""

    issue: ItemName
    url: str
    view: StandingView
    lines: list[SheetLine]

    @property
    def claim(self) -> str:
        return badge_text(self.view) if self.view.headline else ""


class OtherSheet(NamedTuple):
    """A sheet of the same place that the viewer may see."""

    sheet: Sheet
    url: str
    rows: int


@dataclass
class SheetPage:
    """`groups`: titles with their items; one without title where there is no agenda."""

    page: Page[int]
    groups: list[tuple[str, list[SheetItem]]]
    whos: list[Choice]
    statuses: list[Choice]
    waits: list[Choice]
    count: int
    refused: list[SheetLine]


class SheetReader:
    """Reads one person's sheet; what its table shows of standings is in the viewer's scope."""

    def __init__(self, frame: FrameView, sheet: Sheet) -> None:
        self.frame = frame
        self.sheet = sheet

    @cached_property
    def rows(self) -> list[SheetRow]:
        """The drafts in the order they were typed."""
        if self.sheet.pk is None:
            return []
        seen = Issue.objects.in_scope(self.frame.viewer.scope).order_by()
        rows = self.sheet.rows.filter(FILLED, issue__in=seen)
        return list(rows.select_related("issue", "changed_by"))

    @property
    def stamp(self) -> str:
        """Differs whenever the sheet does: versions only grow. One query."""
        total = SheetRow.objects.filter(sheet=self.sheet.pk).aggregate(total=Sum("version"))
        return f"{self.sheet.uuid}.{self.sheet.version}.{total['total'] or 0}"

    def rows_of(self, uuids: Iterable[UUID]) -> list[SheetRow]:
        """Those with these ids, emptied ones included."""
        rows = SheetRow.objects.filter(sheet=self.sheet.pk, uuid__in=list(uuids))
        return list(rows.select_related("changed_by"))

    def read(
        self, page: str = "", find: str = "", outcomes: Mapping[UUID, Outcome] | None = None
    ) -> SheetPage:
        """One page of the items: `page`, or the one with the item whose number is `find`.

        `outcomes`: of rows just sent, whose words stay as typed.
        """
        names, planned = item_names(self.frame), self._planned()
        order = sorted(names, key=lambda pk: pk not in planned)
        places = {str(names[pk].address): place for place, pk in enumerate(order)}
        if find in places:
            page = str(places[find] // ITEMS_PER_PAGE + 1)
        shown = page_at(order, page, ITEMS_PER_PAGE)
        lines, rows = self._lines(outcomes or {}), self.rows
        items = self._items([names[pk] for pk in shown], lines)
        on_agenda = [item for item in items if item.issue.pk in planned]
        others = [item for item in items if item.issue.pk not in planned]
        groups = [("On the agenda", on_agenda), ("Not on the agenda" if on_agenda else "", others)]
        return SheetPage(
            page=shown,
            groups=[group for group in groups if group[1]],
            whos=who_keys(self.frame),
            statuses=status_keys(self.frame),
            waits=waits_keys(self.frame),
            count=len(rows),
            refused=[line for some in lines.values() for line in some if _went_wrong(line)],
        )

    def _planned(self) -> set[int]:
        if self.sheet.round is None or self.sheet.from_source:
            return set()
        lines = AgendaLine.objects.in_scope(self.frame.viewer.scope)
        lines = lines.filter(round=self.sheet.round)
        return set(lines.order_by().values_list("issue", flat=True))

    def _lines(self, outcomes: Mapping[UUID, Outcome]) -> dict[Number, list[SheetLine]]:
        """By the number of the item: drafts, and what was sent and not kept."""
        left, found = dict(outcomes), defaultdict(list)
        for row in self.rows:
            line = line_of(row)
            if outcome := left.pop(row.uuid, None):
                line = _overlaid(line, outcome)
            found[line.number].append(line)
        for uuid, outcome in left.items():
            if outcome.typed:
                named = numbers_in([outcome.typed["item"]])
                line = SheetLine(str(uuid), named[0] if named else NOWHERE)
                found[line.number].append(_overlaid(line, outcome))
        return found

    def _items(
        self, names: Sequence[ItemName], lines: Mapping[Number, list[SheetLine]]
    ) -> list[SheetItem]:
        base = reverse("issues:issue_list", args=[self.frame.negotiation.slug])
        views = StandingReader(self.frame).on([name.pk for name in names])
        return [
            SheetItem(
                name,
                f"{base}{name.address}/",
                views.get(name.pk, NOTHING),
                [*lines.get(name.address, ()), SheetLine(str(uuid4()), name.address)],
            )
            for name in names
        ]

    # --- Beside it -------------------------------------------------------------------------------

    def others(self) -> list[OtherSheet]:
        """Open sheets of others and released ones of the same place, newest first."""
        here = sheets_at(self.frame, self.sheet.round, self.sheet.from_source)
        here = here.exclude(pk=self.sheet.pk).filter(count__gt=0)[:20]
        base = self.frame.negotiation.slug
        return [
            OtherSheet(sheet, reverse("issues:sheet", args=[base, sheet.uuid]), sheet.count)
            for sheet in here
        ]


def sheets_at(frame: FrameView, round_: Round | None, source: Source | None) -> QuerySet[Any]:
    """Sheets at a round or from a source, with the `count` of their rows."""
    place = {"from_source": source} if source else {"from_source": None, "round": round_}
    sheets = Sheet.objects.visible_to(frame.viewer).filter(**place)
    filled = Q(rows__in=SheetRow.objects.filter(FILLED))
    return sheets.annotate(count=Count("rows", filled)).select_related("author", "released_by")


def line_of(row: SheetRow) -> SheetLine:
    """A draft as it is kept, with who changed it last where that is not who types the sheet."""
    by = "" if row.changed_by_id == row.sheet.author_id else str(row.changed_by)
    return SheetLine(
        str(row.uuid),
        row.issue.address,
        row.version,
        row.who,
        row.status,
        row.text,
        row.waits,
        f"{row.time:%H:%M}" if row.time else "",
        by,
    )


def _overlaid(line: SheetLine, outcome: Outcome) -> SheetLine:
    """The words that were sent in place of those kept; sending again means: these."""
    line.outcome = outcome
    if outcome.typed:
        for name in SheetRow.WORDS:
            setattr(line, name, outcome.typed[name])
    return line


def _went_wrong(line: SheetLine) -> bool:
    return line.state not in ("", "saved")


# --- Keys ---------------------------------------------------------------------------------------


def who_keys(frame: FrameView) -> list[Choice]:
    """A party by its code or its place at the table; j, p and o for the others."""
    parties = [(f"party:{p.code}", p.code, words) for p, words in _party_words(frame)]
    others = [(value, label, [label[0]]) for value, label in VOICES.items()]
    return _choices([*parties, *others])


def status_keys(frame: FrameView) -> list[Choice]:
    """A status by its number, or by its first letters."""
    offered = enumerate(frame.offered_statuses, start=1)
    return _choices([(s.label, s.label, [str(n), s.label.lower()]) for n, s in offered])


def waits_keys(frame: FrameView) -> list[Choice]:
    parties = [(p.code, p.code, words) for p, words in _party_words(frame)]
    others = [
        ("both", "all parties", ["a"]),
        ("outside", "outside", ["o"]),
        ("nobody", "nobody", ["n"]),
    ]
    return _choices([*parties, *others])


def _party_words(frame: FrameView) -> Iterable[tuple[Party, list[str]]]:
    for place, party in enumerate(frame.parties.values(), start=1):
        yield party, [party.code.lower(), str(place)]


def _choices(options: Sequence[tuple[str, str, list[str]]]) -> list[Choice]:
    words = [word for _value, _label, keys in options for word in keys]
    return [
        Choice(value, label, "|".join(keys), min((_short(k, words) for k in keys), key=len))
        for value, label, keys in options
    ]


def _short(word: str, words: Sequence[str]) -> str:
    """As few of its letters as no other word begins with; all of them where there are none."""
    for length in range(1, len(word)):
        if sum(other.startswith(word[:length]) for other in words) == 1:
            return word[:length]
    return word


# --- Released -----------------------------------------------------------------------------------


@dataclass
class Released:
    """What a release did: its entries, and each item before and after."""

    entries: int
    rows: list[MovedItem]

    @property
    def moved(self) -> int:
        return sum(row.moved.moved for row in self.rows)


def read_release(frame: FrameView, sheet: Sheet) -> Released:
    """Where the items stood just before the release and just after, by what was recorded."""
    visible = Entry.objects.visible_to(frame.viewer.user, frame.viewer.scope)
    batch = list(visible.filter(batch=sheet.batch).values_list("pk", "issue", "recorded_at"))
    pks = {issue for _pk, issue, _at in batch}
    if not batch:
        return Released(0, [])
    recorded = batch[0][2]
    then, now = (
        _at_moment(frame, moment).on(sorted(pks)) for moment in (recorded - _A_MOMENT, recorded)
    )
    lines = EntryReader(frame).lines([pk for pk, _issue, _at in batch])
    base, rows = reverse("issues:issue_list", args=[frame.negotiation.slug]), []
    for name in item_names(frame).values():
        if name.pk in pks:
            pair = then.get(name.pk, NOTHING), now.get(name.pk, NOTHING)
            row = moved_item(name, f"{base}{name.address}/", pair, (frame, frame))
            row.lines = lines[name.pk]
            rows.append(row)
    return Released(len(batch), rows)


def _at_moment(frame: FrameView, moment: dt.datetime) -> StandingReader:
    then = copy.copy(frame)
    then.parties, then.statuses = frame.parties, frame.statuses
    then.clock = MomentClock(known=timezone.localdate(moment), moment=moment)
    return StandingReader(then)


def items_numbered(frame: FrameView, numbers: Iterable[Number]) -> dict[Number, Issue]:
    """The viewer's items with these numbers."""
    found = Issue.objects.visible_to(frame.viewer).numbered(*dict.fromkeys(numbers))
    return {issue.address: issue for issue in found}
