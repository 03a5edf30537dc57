"""One item: where it stands in words, each party's word and position, sub-items, agenda."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import QuerySet

from negotiations.models import Party
from negotiations.prepared import prepared
from negotiations.scopes import Scope

from ..models import AgendaLine, Entry, Issue
from ..services.standings import load_raised_by
from .frame import FrameView, StatusView
from .history import History, HistoryReader
from .rows import ItemRow, RowBuilder
from .standings import StandingReader, StandingView
from .wording import badge_text, fell_text

MOST_SUB_ITEMS = 100


@dataclass(frozen=True)
class PartyWord:
    """One party at the table: its own status with its date, and its position."""

    party: Party
    status: StatusView | None
    dated: str
    position: Entry | None


@dataclass
class ItemDetail:
    issue: Issue
    row: ItemRow
    words: list[PartyWord]
    badge: str
    fell: str
    history: History
    next_step: Entry | None = None
    aside: list[Entry] = field(default_factory=list)
    sub_items: list[ItemRow] = field(default_factory=list)
    agenda: list[AgendaLine] = field(default_factory=list)
    raised_by: list[Party] = field(default_factory=list)

    @property
    def view(self) -> StandingView:
        return self.row.view


def read_detail(frame: FrameView, issue: Issue, after: str = "") -> ItemDetail:
    """All that the item page shows, in the viewer's scope and at the page's clock."""
    reader = StandingReader(frame)
    builder = RowBuilder(frame, reader)
    row, *sub_items = builder.rows([issue, *_children(frame, issue)])
    entries = _named_entries(row.view)
    return ItemDetail(
        issue=issue,
        row=row,
        words=[
            PartyWord(
                word.party,
                word.status,
                word.date_text(frame.fresh_from),
                entries.get(word.position_entry or 0),
            )
            for word in row.view.words
        ],
        badge=badge_text(row.view, short=False),
        fell=fell_text(row.view),
        history=HistoryReader(frame, issue).read(after),
        next_step=_still_to_do(entries.get(row.view.next_step_entry or 0)),
        aside=[entries[pk] for pk in (row.view.press_entry, row.view.own_entry) if pk in entries],
        sub_items=sub_items,
        agenda=_agenda(frame, issue),
        raised_by=_raised_by(frame, issue),
    )


def _still_to_do(step: Entry | None) -> Entry | None:
    """The current next step, unless its latest entry says that it is done or not needed."""
    return None if step is None or step.next_step_state else step


def _children(frame: FrameView, issue: Issue) -> list[Issue]:
    if issue.parent_id:
        return []
    where = (frame.negotiation.pk, frame.viewer.scope)
    return _sub_items(*where, issue.pk, frame.clock.known_moment)


@prepared
def _sub_items(
    negotiation: int, scope: Scope, parent: int, known: dt.datetime | None
) -> QuerySet[Issue]:
    children = Issue.objects.shown_in(negotiation, scope).filter(parent=parent)
    if known:
        children = children.filter(recorded_at__lte=known)
    return children.in_agenda_order()[:MOST_SUB_ITEMS]


def _agenda(frame: FrameView, issue: Issue) -> list[AgendaLine]:
    lines = _agenda_lines(frame.viewer.scope, issue.pk)
    for line in lines:
        line.round = frame.rounds_by_id[line.round_id]
        line.audience_party = frame.parties.get(line.audience_party_id or 0)
    return sorted(lines, key=lambda line: line.round.place)


@prepared
def _agenda_lines(scope: Scope, issue: int) -> QuerySet[AgendaLine]:
    return AgendaLine.objects.in_scope(scope).filter(issue=issue).order_by("pk")


def _raised_by(frame: FrameView, issue: Issue) -> list[Party]:
    raised = load_raised_by([issue.pk])[issue.pk]
    return [party for pk, party in frame.parties.items() if pk in raised]


def _named_entries(view: StandingView) -> dict[int, Entry]:
    """The entries that give positions, the next step, and what press or we ourselves say."""
    named: Iterable[int | None] = (
        view.next_step_entry,
        view.press_entry,
        view.own_entry,
        *(word.position_entry for word in view.words),
    )
    return {entry.pk: entry for entry in _entries([pk for pk in named if pk])}


@prepared
def _entries(pks: list[int]) -> QuerySet[Entry]:
    rows: QuerySet[Entry] = Entry.objects.filter(pk__in=pks).order_by()
    return rows.select_related("next_step_party", "status")
