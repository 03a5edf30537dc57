"""The list of items."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from negotiations.access import viewer_of
from negotiations.htmx import render_page_or_partial
from negotiations.moments import one_moment

from ..filters import IssueFilter
from ..reads.rows import RowBuilder
from ..reads.standings import StandingReader
from .pages import add_back, frame_for, page_context, page_of, person

SORTS = [
    ("number", "number"),
    ("-number", "number, highest first"),
    ("title", "title"),
    ("-title", "title, from the end"),
    ("status", "status, least advanced first"),
    ("-status", "status, most advanced first"),
    ("-said", "last entry, newest first"),
    ("said", "last entry, oldest first"),
]
COLUMNS = [
    ("No.", "number"),
    ("Item", "title"),
    ("Where it stands, and who says so", "status"),
    ("Last entry", "said"),
    ("Waits for", ""),
]


@dataclass(frozen=True)
class Head:
    """A column's head: what a click sorts by, and how it is sorted now."""

    text: str
    sort: str = ""
    aria: str = ""


def _heads(current: str, item_word: str) -> list[Head]:
    heads = []
    for text, name in COLUMNS:
        text = item_word if text == "Item" else text
        state = {name: "ascending", f"-{name}": "descending"}.get(current, "") if name else ""
        heads.append(Head(text, f"-{name}" if state == "ascending" else name, state))
    return heads


@require_GET
@one_moment()
def issue_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Items with filters, order and pages; an invalid filter shows its error and no rows."""
    viewer = viewer_of(person(request), slug)
    frame = frame_for(request, viewer, clocked=True)
    reader = StandingReader(frame)
    filters = IssueFilter(request.GET, frame=frame)
    page, issues = page_of(request, filters.found(reader))
    sort = filters.form["sort"].value() or "agenda"
    context = page_context(
        frame,
        "items",
        sorts=SORTS,
        heads=_heads(sort, viewer.negotiation.item_word),
        filter=filters,
        page=page,
        rows=RowBuilder(frame, reader).rows(issues),
        sort=sort,
        add_back=add_back(request, frame),
    )
    return render_page_or_partial(
        request, "issues/issue_list.html", "issues/_issue_table.html", context, target="issue-table"
    )
