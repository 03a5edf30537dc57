"""One source and what rests on it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from negotiations.access import viewer_of

from ..access import source_of
from ..reads.citations import read_citations
from .pages import frame_for, page_context, person


@require_GET
def source_detail(request: HttpRequest, slug: str, source: UUID) -> HttpResponse:
    """A source with the entries, rounds and readouts that cite it, as far as one may see."""
    viewer = viewer_of(person(request), slug)
    found = source_of(viewer, source)
    frame = frame_for(request, viewer)
    cited = read_citations(frame, found, request.GET.get("page", ""))
    return render(
        request,
        "issues/source_detail.html",
        page_context(frame, "sources", source=found, cited=cited),
    )
