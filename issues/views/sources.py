"""One source and what rests on it."""

from __future__ import annotations

from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from negotiations.access import viewer_of
from negotiations.files import mime_of
from negotiations.models import SecurityEvent
from negotiations.services import note

from ..access import source_of
from ..reads.citations import read_citations
from .pages import frame_for, page_context, person

# What others wrote is shown, and may do nothing; two of these have no default to fall back to.
OF_A_FILE = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox"


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


@require_GET
def source_file(request: HttpRequest, slug: str, source: UUID) -> FileResponse:
    """The file kept with a source: to be saved, never to be shown by the browser as a page."""
    viewer = viewer_of(person(request), slug)
    found = source_of(viewer, source)
    if not found.file:
        raise Http404("No file is kept with this source.")
    try:
        content = found.file.open("rb")
    except FileNotFoundError as error:
        raise Http404("The file is not where it was kept.") from error
    # Without its title: the source may be seen by a delegation only.
    taken = SecurityEvent.Kind.DOWNLOAD
    note(taken, by=viewer.accountable, negotiation=viewer.negotiation, detail="file of a source")
    response = FileResponse(
        content,
        as_attachment=True,
        filename=found.file_name,
        content_type=mime_of(found.file_name),
    )
    # Should a browser show it all the same: without scripts, and as from nowhere.
    response["Content-Security-Policy"] = OF_A_FILE
    return response
