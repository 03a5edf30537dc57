"""One item."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from negotiations.access import viewer_of
from negotiations.htmx import render_page_or_partial, wants_fragment
from negotiations.moments import one_moment

from ..access import entry_of, issue_of
from ..forms.entry import EntryForm
from ..numbers import Number
from ..reads.detail import read_detail
from ..reads.history import HistoryReader
from ..reads.notes import read_notes
from .pages import frame_for, not_yet, not_yet_known, page_context, person


@require_GET
@one_moment()
def issue_detail(request: HttpRequest, slug: str, number: Number) -> HttpResponse:
    """Where one item stands and its history; with ?as_of= and ?known= as it was, read-only."""
    viewer = viewer_of(person(request), slug)
    issue = issue_of(viewer, number)
    frame = frame_for(request, viewer, clocked=True)
    if not_yet_known(frame, issue):
        return not_yet(request, frame, issue)
    context = page_context(
        frame,
        "items",
        issue=issue,
        detail=read_detail(frame, issue, request.GET.get("after", "")),
        back=issue.get_absolute_url(),
    )
    if frame.clock.is_now and not wants_fragment(request, "item"):
        # Notes are on no clock: a page of the past has none.
        context["notes"] = read_notes(viewer, issue)
    if context["may_record"]:
        context["form"] = EntryForm(frame=frame, members=frame.member_count)
        context["beside_history"] = True
        context["now_words"] = [
            (w.party, w.status, w.dated) for w in context["detail"].stands.words
        ]
    return render_page_or_partial(
        request, "issues/issue_detail.html", "issues/_item.html", context, target="item"
    )


@require_GET
def entry(request: HttpRequest, slug: str, number: Number, uuid: UUID) -> HttpResponse:
    """The address of one entry: leads to its place in the history, on whichever page that is."""
    viewer = viewer_of(person(request), slug)
    issue = issue_of(viewer, number)
    found = entry_of(viewer, issue, uuid)
    after = HistoryReader(frame_for(request, viewer), issue).page_of(found)
    query = f"?after={after}" if after else ""
    return redirect(f"{issue.get_absolute_url()}{query}#history-line-{found.uuid}")
