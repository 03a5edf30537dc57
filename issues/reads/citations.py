"""One source: the entries that rest on it, item by item, and the rounds that name it."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.core.paginator import Page
from django.db.models import Q
from django.urls import reverse

from negotiations.access import scope_filter
from negotiations.models import Readout, Round, Source

from ..models import Issue
from .entries import EntryLine, EntryReader
from .frame import FrameView
from .moves import ItemName
from .paging import page_at

ITEMS_PER_PAGE = 50
LINES_PER_ITEM = 12


@dataclass
class CitedItem:
    """An item with its entries that rest on the source, oldest first."""

    issue: ItemName
    url: str
    lines: list[EntryLine] = field(default_factory=list)
    more: int = 0


@dataclass
class Citations:
    """Who rests on a source, as far as the viewer may see."""

    items: list[CitedItem]
    page: Page[int]
    entries: int
    rounds: list[Round]
    readouts: list[Readout]


def read_citations(frame: FrameView, source: Source, page: str = "") -> Citations:
    """The entries that count and cite `source`, 50 items a page, and the rounds that do.

    Raises BadRequest for what is no page.
    """
    reader = EntryReader(frame)
    told = reader.counting(Q(source_links__source=source))
    names = _names(frame, told)
    shown = page_at(list(names), page, ITEMS_PER_PAGE)
    kept = {pk: told[pk][-LINES_PER_ITEM:] for pk in shown}
    lines = reader.lines([pk for pks in kept.values() for pk in pks])
    base = reverse("issues:issue_list", args=[frame.negotiation.slug])
    items = [
        CitedItem(
            names[pk], f"{base}{names[pk].address}/", lines[pk], len(told[pk]) - len(kept[pk])
        )
        for pk in shown
    ]
    rounds = frame.negotiation.rounds.filter(sources=source)
    readouts = Readout.objects.filter(scope_filter(frame.viewer.scope), source=source)
    return Citations(
        items,
        shown,
        sum(map(len, told.values())),
        [_at_home(round_, frame) for round_ in rounds],
        [_told_at_home(one, frame) for one in readouts.select_related("round", "party")],
    )


def _names(frame: FrameView, told: dict[int, list[int]]) -> dict[int, ItemName]:
    """The items named there, in the order of the agenda."""
    rows = Issue.objects.visible_to(frame.viewer).filter(pk__in=list(told))
    rows = rows.in_agenda_order(frame.viewer.scope)
    return {row[0]: ItemName(*row) for row in rows.values_list(*ItemName._fields)}


def _at_home(round_: Round, frame: FrameView) -> Round:
    round_.negotiation = frame.negotiation  # saves a query for each address
    return round_


def _told_at_home(readout: Readout, frame: FrameView) -> Readout:
    readout.round = _at_home(readout.round, frame)
    return readout
