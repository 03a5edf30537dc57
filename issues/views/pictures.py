"""Pictures, drawn on the server: progress over rounds, the timeline, one item's lines."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from negotiations.access import viewer_of
from negotiations.htmx import render_page_or_partial
from negotiations.moments import one_moment

from ..access import issue_of
from ..numbers import Number
from ..reads.pictures.histories import read_histories
from ..reads.pictures.item import ItemPictureReader
from ..reads.pictures.progress import read_progress
from ..reads.pictures.timeline import TimelineReader
from ..reads.pictures.turns import MOST_SHOWN, latest_turns, turns
from .pages import frame_for, not_yet, not_yet_known, page_context, person

# "All" turning points: as many as a page can bear.
MOST_TURNS = 400


@require_GET
@one_moment()
def pictures(request: HttpRequest, slug: str) -> HttpResponse:
    """Progress over rounds and the timeline, each with its numbers in a table."""
    frame = frame_for(request, viewer_of(person(request), slug), clocked=True)
    histories = read_histories(frame)
    found = turns(histories)
    wants_all = request.GET.get("turns") == "all"
    context = page_context(frame, "pictures", wants_all=wants_all)
    if histories:
        context["progress"] = read_progress(frame, histories)
        context["timeline"] = TimelineReader(frame, found).read()
        context["turns"] = latest_turns(frame, found, MOST_TURNS if wants_all else MOST_SHOWN)
    return render_page_or_partial(
        request, "issues/pictures.html", "issues/_pictures.html", context, target="pictures"
    )


@require_GET
@one_moment()
def issue_chart(request: HttpRequest, slug: str, number: Number) -> HttpResponse:
    """Each party's status over time; alone, or opened within the page of the item."""
    viewer = viewer_of(person(request), slug)
    issue = issue_of(viewer, number)
    frame = frame_for(request, viewer, clocked=True)
    if not_yet_known(frame, issue):
        return not_yet(request, frame, issue)
    picture = ItemPictureReader(frame, issue).read()
    context = page_context(frame, "items", issue=issue, picture=picture)
    return render_page_or_partial(
        request,
        "issues/issue_chart.html",
        "issues/_issue_chart.html",
        context,
        target="issue-chart",
    )
