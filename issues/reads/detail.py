"""One item: where it stands in words, each party's word and position, sub-items, agenda."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.db.models import QuerySet

from negotiations.models import Party
from negotiations.prepared import prepared
from negotiations.scopes import Scope

from ..models import AgendaLine, Issue
from ..services.loaded import load_raised_by
from .frame import FrameView
from .history import History, HistoryReader
from .rows import ItemRow, RowBuilder
from .standings import StandingReader, StandingView
from .stands import Stands, read_stands

MOST_SUB_ITEMS = 100


@dataclass
class ItemDetail:
    issue: Issue
    row: ItemRow
    stands: Stands
    history: History
    sub_items: list[ItemRow] = field(default_factory=list)
    agenda: list[AgendaLine] = field(default_factory=list)
    raised_by: list[Party] = field(default_factory=list)

    @property
    def view(self) -> StandingView:
        return self.row.view


def read_detail(
    frame: FrameView, issue: Issue, after: str = "", *, waits: bool = False
) -> ItemDetail:
    """All that the item page shows, in the viewer's scope and at the page's clock.

    `waits`: its sub-items say what they wait for.
    """
    reader = StandingReader(frame)
    builder = RowBuilder(frame, reader)
    children = _children(frame, issue)
    row, *sub_items = builder.family(issue, children, waits=waits)
    if len(children) == MOST_SUB_ITEMS:  # perhaps not all
        row.sub_items = builder.sub_items([issue.pk]).get(issue.pk, "")
    return ItemDetail(
        issue=issue,
        row=row,
        stands=read_stands(frame, row.view),
        history=HistoryReader(frame, issue).read(after),
        sub_items=sub_items,
        agenda=_agenda(frame, issue),
        raised_by=_raised_by(frame, issue),
    )


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
