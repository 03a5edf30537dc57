"""The state of play, and the control that moves it through time."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from negotiations.access import viewer_of
from negotiations.htmx import render_page_or_partial, wants_fragment
from negotiations.moments import one_moment
from negotiations.views.common import safe_path

from ..filters import IssueFilter
from ..forms.clock import AsOfForm
from ..reads.rows import RowBuilder
from ..reads.standings import StandingReader
from ..reads.state import StateReader, choose_rounds, choose_since, fill_cells
from .pages import (
    add_back,
    frame_for,
    page_context,
    page_of,
    person,
)


@require_GET
@one_moment()
def state_of_play(request: HttpRequest, slug: str) -> HttpResponse:
    """Where every item stands, who says so, what moved, what it waits for, round by round."""
    viewer = viewer_of(person(request), slug)
    frame = frame_for(request, viewer, clocked=True)
    reader = StandingReader(frame)
    columns, all_rounds = choose_rounds(frame, request.GET)
    since = choose_since(frame, request.GET)
    since_day = since.last_day if since else None
    state = StateReader(frame, reader)

    def moved_ids(way: str) -> list[int]:
        moved = state.moved(since_day) if since_day else {}
        return [pk for pk, found in moved.items() if found == way]

    filters = IssueFilter(request.GET, frame=frame, moved_ids=moved_ids)
    figures = state.figures(since_day)
    folds = figures.folds and not filters.is_active and not request.GET.get("empty")
    page, issues = page_of(request, filters.found(reader, fold=folds))
    rows = RowBuilder(frame, reader).rows(issues, since_day)
    fill_cells(rows, columns, frame, reader)
    context = page_context(
        frame,
        "state",
        columns=columns,
        all_rounds=all_rounds,
        chosen_rounds=_chosen_rounds(request),
        span=3 + bool(since) + len(columns),
        next_round_text=frame.next_round_text,
        since=since,
        figures=figures,
        filter=filters,
        page=page,
        rows=rows,
        folded=figures.total - page.paginator.count if folds else 0,
        oob=wants_fragment(request, "state"),
        add_back=add_back(request, frame),
    )
    return render_page_or_partial(
        request, "issues/state_of_play.html", "issues/_state.html", context, target="state"
    )


def _chosen_rounds(request: HttpRequest) -> str:
    chosen = request.GET.get("rounds", "")
    return "" if chosen == "all" else chosen


@require_GET
def show_as_of(request: HttpRequest, slug: str) -> HttpResponse:
    """Turns a typed day or a chosen round into ?as_of= and ?known= of the page one came from."""
    viewer = viewer_of(person(request), slug)
    frame = frame_for(request, viewer)
    form = AsOfForm(request.GET, frame=frame)
    if not form.is_valid():
        context = page_context(frame, "", form=form)
        return render(request, "issues/as_of.html", context, status=422)
    path = safe_path(
        request, form.cleaned_data["path"], viewer.negotiation.get_absolute_url()
    ).partition("?")[0]
    return redirect(f"{path}?{form.query}")
